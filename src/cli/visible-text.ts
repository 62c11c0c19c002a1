/**
 * What somebody else has said, fit for one line of a terminal: a control character would move its cursor, or change its
 * title, and one that turns the direction of writing would show another text than is there.
 */
export function visibleText(text: string): string {
  return text.replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The same for a text of several lines, such as JSON that is indented: which then means what it meant. */
export function visibleLines(text: string): string {
  return text.split("\n").map(visibleText).join("\n");
}

/** Controls (C0, C1, DEL), line and paragraph separators, and what turns the direction. */
const UNSEEN = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
