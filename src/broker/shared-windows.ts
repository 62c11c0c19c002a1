import { RateWindow } from "../base/rate-window.js";
import type { RateLimit } from "../protocol/limits.js";

/** Sliding windows by key. One that nobody used for its length is empty, and forgotten. */
export class SharedWindows {
  /** Length → key → window, the longest unused first. */
  readonly #byLength = new Map<number, Map<string, Used>>();

  get size(): number {
    return [...this.#byLength.values()].reduce((sum, windows) => sum + windows.size, 0);
  }

  /** Counts one; 0 where it passed, otherwise the milliseconds until one would. */
  take(key: string, limit: RateLimit, nowMs: number): number {
    const { count, windowMs } = limit;
    const windows = this.#byLength.get(windowMs) ?? new Map<string, Used>();
    this.#byLength.set(windowMs, windows);
    forgetUnused(windows, nowMs - windowMs);
    const name = `${count} ${key}`;
    const window = windows.get(name)?.window ?? new RateWindow(limit);
    windows.delete(name);
    windows.set(name, { window, usedAtMs: nowMs });
    return window.take(nowMs);
  }
}

interface Used {
  readonly window: RateWindow;
  readonly usedAtMs: number;
}

function forgetUnused(windows: Map<string, Used>, sinceMs: number): void {
  for (const [name, { usedAtMs }] of windows) {
    if (usedAtMs > sinceMs) return;
    windows.delete(name);
  }
}
