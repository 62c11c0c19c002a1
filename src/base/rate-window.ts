import type { ParsedRate } from "./rate.js";

/**
 * Counts what passed in the last window (PROTOCOL.md, Limits): a sliding window, exact.
 *
 * In no `windowMs` milliseconds do more than `count` pass. Time does not go back: a clock that does stands still here
 * until it has caught up.
 */
export class RateWindow {
  readonly #limit: ParsedRate;
  /** When the last ones passed, as a ring. It is always full: what never was passed at `NEVER`. */
  #passedMs: number[] = [NEVER];
  /** Where the oldest is. */
  #oldest = 0;
  #newestSeenMs = NEVER;

  constructor(limit: ParsedRate) {
    this.#limit = limit;
  }

  /** Milliseconds until one would pass; 0: now. It counts nothing. */
  waitMs(nowMs: number): number {
    const seenMs = this.#see(nowMs);
    // A ring that could still grow has forgotten only what is older than the window.
    if (this.#passedMs.length < this.#limit.count) return 0;
    const freeAtMs = this.#oldestMs() + this.#limit.windowMs;
    return freeAtMs <= seenMs ? 0 : freeAtMs - nowMs;
  }

  /** One passes now. Must be asked for with `waitMs` first. */
  pass(nowMs: number): void {
    const seenMs = this.#see(nowMs);
    if (this.#passedMs.length > KEPT_LENGTH && !this.#counts(this.#lastMs(), seenMs)) this.#shrink();
    if (this.#passedMs.length < this.#limit.count && this.#counts(this.#oldestMs(), seenMs)) this.#grow();
    this.#passedMs[this.#oldest] = seenMs;
    this.#oldest = (this.#oldest + 1) % this.#passedMs.length;
  }

  /** How many would pass now. */
  left(nowMs: number): number {
    const seenMs = this.#see(nowMs);
    return this.#limit.count - this.#passedMs.filter((passedMs) => this.#counts(passedMs, seenMs)).length;
  }

  /** `waitMs`, and where that is 0 `pass`. */
  take(nowMs: number): number {
    const waitMs = this.waitMs(nowMs);
    if (waitMs === 0) this.pass(nowMs);
    return waitMs;
  }

  #see(nowMs: number): number {
    if (nowMs > this.#newestSeenMs) this.#newestSeenMs = nowMs;
    return this.#newestSeenMs;
  }

  #counts(passedMs: number, nowMs: number): boolean {
    return passedMs + this.#limit.windowMs > nowMs;
  }

  #oldestMs(): number {
    return this.#passedMs[this.#oldest] ?? NEVER;
  }

  #lastMs(): number {
    return this.#passedMs.at(this.#oldest - 1) ?? NEVER;
  }

  #grow(): void {
    const length = Math.min(this.#passedMs.length * 2, this.#limit.count);
    const added = new Array<number>(length - this.#passedMs.length).fill(NEVER);
    this.#passedMs = added.concat(this.#passedMs.slice(this.#oldest), this.#passedMs.slice(0, this.#oldest));
    this.#oldest = 0;
  }

  /** After a burst that is over, a connection does not keep what the burst took. */
  #shrink(): void {
    this.#passedMs = [NEVER];
    this.#oldest = 0;
  }
}

const NEVER = Number.NEGATIVE_INFINITY;

/** A ring of so many is not worth making anew. */
const KEPT_LENGTH = 64;
