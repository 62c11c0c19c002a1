/** Like `512 B`, `12.4 kB` or `1.2 MB`; `kB` is 1,024 bytes, as in an app's limits. */
export function bytesText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const [unit, size] = bytes < 1_048_576 ? ["kB", 1_024] : bytes < 1_073_741_824 ? ["MB", 1_048_576] : ["GB", 2 ** 30];
  const count = bytes / Number(size);
  return `${count < 100 ? count.toFixed(1) : Math.round(count)} ${unit}`;
}

/** Like `1,234`. */
export function countText(count: number): string {
  return count.toLocaleString("en");
}

/** A number and its noun: `1 frame`, `12 frames`. */
export function pluralText(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Like `340 ms`, `14 s`, `3 min 20 s`, `5 h 12 min` or `2 d 3 h`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return pair(seconds, 60, "min", "s");
  if (seconds < 86_400) return pair(Math.floor(seconds / 60), 60, "h", "min");
  return pair(Math.floor(seconds / 3_600), 24, "d", "h");
}

function pair(small: number, size: number, large: string, rest: string): string {
  return small % size === 0
    ? `${small / size} ${large}`
    : `${Math.floor(small / size)} ${large} ${small % size} ${rest}`;
}
