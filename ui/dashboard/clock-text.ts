/** A time in the reader's way of writing it, by the second; with the day where that is another one than `nowMs` is on. */
export function clockText(ms: number, nowMs: number = Date.now()): string {
  const [at, now] = [new Date(ms), new Date(nowMs)];
  return at.toDateString() === now.toDateString() ? at.toLocaleTimeString() : at.toLocaleString();
}
