import { type FormEvent, useState } from "react";
import { Icon } from "./icon.js";

interface SayFormProps {
  /** When it comes. */
  readonly isFocused: boolean;
  readonly onSay: (text: string) => void;
  readonly onType: () => void;
}

export function SayForm({ isFocused, onSay, onType }: SayFormProps) {
  const [text, setText] = useState("");

  function say(event: FormEvent): void {
    event.preventDefault();
    if (text.trim() === "") return;
    onSay(text.trim());
    setText("");
  }

  return (
    <form className="field" onSubmit={say}>
      <label htmlFor="text" className="unseen">
        Message
      </label>
      <input
        id="text"
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          onType();
        }}
        // biome-ignore lint/a11y/noAutofocus: where the room was chosen, the field that it was chosen in is gone
        autoFocus={isFocused}
        maxLength={500}
        autoComplete="off"
        placeholder="Say something"
      />
      <button type="submit" aria-label="Send">
        <Icon of="send" />
      </button>
    </form>
  );
}
