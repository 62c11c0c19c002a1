import type { TargetedKeyboardEvent } from "preact";

/** In a form Ctrl+Enter, or ⌘ and Enter, sends it, wherever in it one is. */
export function sendByKey(event: TargetedKeyboardEvent<HTMLFormElement>): void {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit();
}
