const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
/** Who has lived so long did not die of how it starts. */
const HEALTHY_MS = 60_000;

/** How long to wait before a worker that has died is started anew, and how often it has died in a row by then. */
export function restartDelayMs(
  deathsBefore: number,
  livedMs: number,
): { readonly delayMs: number; readonly deaths: number } {
  const before = livedMs >= HEALTHY_MS ? 0 : deathsBefore;
  return { delayMs: Math.min(FIRST_MS * 2 ** before, LONGEST_MS), deaths: before + 1 };
}
