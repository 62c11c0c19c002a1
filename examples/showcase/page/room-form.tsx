import type { FormEvent } from "react";
import { roomPattern } from "./visit.js";

export function RoomForm({ onRoom }: { readonly onRoom: (room: string) => void }) {
  function join(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    onRoom(String(new FormData(event.currentTarget).get("room")).trim());
  }
  return (
    <form className="field" onSubmit={join}>
      <label htmlFor="room" className="unseen">
        Room
      </label>
      <input
        id="room"
        name="room"
        placeholder="Another room"
        required
        maxLength={40}
        pattern={roomPattern}
        title="A name without a slash that is more than dots"
        autoComplete="off"
        spellCheck={false}
      />
      <button type="submit" className="quiet">
        Go
      </button>
    </form>
  );
}
