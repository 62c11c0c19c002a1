/** Of the names that are known the one that was meant: at most two letters away, in a long one three; the nearest. */
export function nearestOf(name: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let least = (name.length < LONG ? 2 : 3) + 1;
  for (const each of known) {
    // It has at least as many letters to add or to take away.
    if (Math.abs(each.length - name.length) >= least) continue;
    const far = distance(each.toLowerCase(), name.toLowerCase());
    if (far < least) [nearest, least] = [each, far];
  }
  return nearest;
}

/** Letters. */
const LONG = 16;

/** Letters to change, add or take away to come from one word to the other (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
