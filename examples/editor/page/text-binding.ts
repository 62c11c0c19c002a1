import * as Y from "yjs";

/** Where somebody's cursor is, as a place in the text that moves along with it. */
export type Cursor = Y.RelativePosition;

/** Keeps a textarea and a shared text the same, and the caret where it is when others write before it. */
export function bindText(area: HTMLTextAreaElement, text: Y.Text, onCaret: (cursor: Cursor) => void): void {
  const placeOf = (index: number) => Y.createRelativePositionFromTypeIndex(text, index, -1); // behind the letter before it
  const indexOf = (place: Y.RelativePosition) => indexIn(text, place) ?? 0;
  let selection = [placeOf(0), placeOf(0)] as const;
  const noteCaret = () => {
    const [, before] = selection;
    selection = [placeOf(area.selectionStart), placeOf(area.selectionEnd)];
    if (!Y.compareRelativePositions(before, selection[1])) onCaret(selection[1]);
  };
  const undo = new Y.UndoManager(text, { trackedOrigins: new Set([area]) });

  area.value = text.toString();
  area.addEventListener("input", () => {
    const { at, removed, added } = changeBetween(text.toString(), area.value);
    text.doc?.transact(() => {
      text.delete(at, removed);
      text.insert(at, added);
    }, area);
    noteCaret();
  });
  document.addEventListener("selectionchange", () => document.activeElement === area && noteCaret());
  area.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    event.preventDefault(); // the browser would undo what others wrote
    if (event.shiftKey) undo.redo();
    else undo.undo();
  });
  text.observe((_, { origin }) => {
    if (origin === area) return;
    const { scrollTop } = area;
    area.value = text.toString();
    area.setSelectionRange(indexOf(selection[0]), indexOf(selection[1]));
    area.scrollTop = scrollTop;
  });
}

/** Where in this text a cursor is; undefined where it is no place in it. Another page says it, and may say anything. */
export function indexIn(text: Y.Text, cursor: unknown): number | undefined {
  if (text.doc === null) return undefined;
  // Of another name Yjs would begin another text.
  const { tname } = Object(cursor);
  if (tname !== undefined && tname !== null && !Object.is(text.doc.share.get(tname), text)) return undefined;
  try {
    const place = Y.createAbsolutePositionFromRelativePosition(cursor as Cursor, text.doc); // what is none throws
    return place?.type === text && Number.isInteger(place.index) ? place.index : undefined;
  } catch {
    return undefined;
  }
}

/** The one piece in which two texts differ. */
export function changeBetween(
  before: string,
  after: string,
): { readonly at: number; readonly removed: number; readonly added: string } {
  const shorter = Math.min(before.length, after.length);
  let at = 0;
  while (at < shorter && before[at] === after[at]) at += 1;
  if (isWithinPair(before, at) || isWithinPair(after, at)) at -= 1;
  let rest = 0;
  while (rest < shorter - at && before.at(-1 - rest) === after.at(-1 - rest)) rest += 1;
  if (isWithinPair(before, before.length - rest) || isWithinPair(after, after.length - rest)) rest -= 1;
  return { at, removed: before.length - rest - at, added: after.slice(at, after.length - rest) };
}

/** Two code units that are one character stay together: half of one is none. */
function isWithinPair(text: string, index: number): boolean {
  return /[\uD800-\uDBFF]/.test(text[index - 1] ?? "") && /[\uDC00-\uDFFF]/.test(text[index] ?? "");
}
