/** Runs it once, so many milliseconds from now, unless it is cancelled before. */
export function after(ms: number, run: () => void): { cancel(): void } {
  const timer = setTimeout(run, ms);
  return { cancel: () => clearTimeout(timer) };
}
