import type { LoopDelay } from "../declare/process-view.js";

/** What is kept of what was seen: the newest, which at 50 looks a second are those of the last second. */
const KEPT = 50;

/** How late the event loop was, as the loop's timer sees it. */
export class LoopDelayMeter {
  #lateMs: number[] = [];
  #next = 0;

  /** The timer was late by so many milliseconds; by less than none where it was early. */
  looked(lateMs: number): void {
    this.#lateMs[this.#next] = Math.max(0, lateMs);
    this.#next = (this.#next + 1) % KEPT;
  }

  /** Since it was asked last. */
  read(): LoopDelay {
    const seen = this.#lateMs.sort((a, b) => a - b);
    this.#lateMs = [];
    this.#next = 0;
    return { medianMs: seen[Math.floor(seen.length / 2)] ?? 0, maxMs: seen.at(-1) ?? 0 };
  }
}
