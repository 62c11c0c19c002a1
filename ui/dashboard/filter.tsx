import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface FilterProps {
  readonly label: string;
  readonly placeholder: string;
  readonly text: string;
  readonly onText: (text: string) => void;
}

/** Who types is asked for when they pause: each question goes to every process. */
const PAUSE_MS = 250;
/** The server takes no more. */
const LONGEST = 200;

export function Filter({ label, placeholder, text, onText }: FilterProps): JSX.Element {
  const typed = useSignal(text);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  // The way back, or a link, says another one.
  useEffect(() => {
    typed.value = text;
    return () => clearTimeout(timer.current);
  }, [text, typed]);
  return (
    <search class="filter">
      <input
        type="search"
        aria-label={label}
        placeholder={placeholder}
        maxLength={LONGEST}
        value={typed.value}
        onInput={({ currentTarget }) => {
          const { value } = currentTarget;
          typed.value = value;
          clearTimeout(timer.current);
          timer.current = setTimeout(() => onText(value.trim()), PAUSE_MS);
        }}
      />
    </search>
  );
}
