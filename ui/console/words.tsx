import type { JSX } from "preact";

/** Words that somebody wrote in CommonMark, of which only the code is shown as such: what is `in backticks`. */
export function Words({
  text,
  small = false,
}: {
  readonly text: string | undefined;
  readonly small?: boolean;
}): JSX.Element | null {
  if (text === undefined) return null;
  const parts = text
    .split(/`([^`]+)`/)
    // biome-ignore lint/suspicious/noArrayIndexKey: a part has nothing of its own but its place
    .map((part, index) => (index % 2 === 0 ? part : <code key={index}>{part}</code>));
  return small ? <small>{parts}</small> : <p class="description">{parts}</p>;
}
