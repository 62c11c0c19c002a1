/**
 * Why a text is no JSON, and where: by what `JSON.parse` says of it, without the text that it may show, as a secret may stand
 * there.
 */
export function tellJsonMistake(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : "";
  if (message.startsWith(UNEXPECTED)) return `${UNEXPECTED} ${placeOf(findUnexpected(text), text)}`;
  const [, what, position] = /^(.*?)(?: in JSON)? at position (\d+)/.exec(message) ?? [];
  if (what !== undefined) return `${what} ${placeOf(Number(position), text)}`;
  return message === UNFINISHED ? message : "it is not JSON";
}

const UNEXPECTED = "Unexpected token";
const UNFINISHED = "Unexpected end of JSON input";

function placeOf(position: number, text: string): string {
  const before = text.slice(0, position).split("\n");
  return `(line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}

/** Of an unexpected token the position is not told: it is the last of the shortest beginning that has one. */
function findUnexpected(text: string): number {
  let [without, having] = [0, text.length];
  while (having - without > 1) {
    const middle = (without + having) >> 1;
    if (hasUnexpected(text.slice(0, middle))) having = middle;
    else without = middle;
  }
  return without;
}

function hasUnexpected(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return error instanceof Error && error.message.startsWith(UNEXPECTED);
  }
}
