import { type FormEvent, useState } from "react";
import { Icon } from "./icon.js";

interface SayFormProps {
  readonly onSay: (text: string) => void;
  readonly onType: () => void;
}

export function SayForm({ onSay, onType }: SayFormProps) {
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
