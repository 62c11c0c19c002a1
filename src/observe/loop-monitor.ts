import { isThenable } from "../base/thenable.js";

/** A handler that blocked the event loop, or may have. */
export interface BlockedHandler {
  /** The endpoint's path as it was declared. */
  readonly endpoint: string;
  /** What was being done, such as `open` or `message "say"`. */
  readonly during: string;
  readonly times: number;
  readonly longestMs: number;
}

/** One time that a handler blocked the event loop. Where it is not certain, others may have been it. */
export interface LoopBlock {
  readonly endpoint: string;
  readonly during: string;
  readonly blockedMs: number;
  readonly certain: boolean;
}

export interface LoopMonitorOptions {
  /** Milliseconds of a clock that nobody sets, with fractions: `performance.now`. */
  readonly now: () => number;
  /** Milliseconds from which on a handler blocks. Default 100. */
  readonly thresholdMs?: number | undefined;
  /** Handlers that are listed by name. Default 100. */
  readonly maxNames?: number | undefined;
  /** Must not throw. */
  readonly onBlocked: (what: LoopBlock) => void;
  /** A handler is over, and what it returned is settled. Must not throw. */
  readonly onHandled?: ((endpoint: string, during: string, ms: number) => void) | undefined;
}

const defaults = { thresholdMs: 100, maxNames: 100 };

/**
 * Names the handlers that block the event loop.
 *
 * The synchronous part of a handler is measured. What an `async` one does after its first `await` cannot be: there the
 * loop's timer is late, and a handler is to blame that was in progress while nothing else gave a sign of life.
 */
export class LoopMonitor {
  readonly thresholdMs: number;
  readonly #maxNames: number;
  readonly #now: () => number;
  readonly #onBlocked: (what: LoopBlock) => void;
  readonly #onHandled: LoopMonitorOptions["onHandled"];
  /** Handler → when it began, the oldest first. */
  readonly #inProgress = new Map<Handler, number>();
  readonly #blocked = new Map<string, BlockedTimes>();
  /** Handlers whose synchronous part runs now, one within the other. */
  #depth = 0;
  /** Milliseconds of those within the present one. */
  #nestedMs = 0;
  /** Milliseconds of the one that ended last, those within included. */
  #tookMs = 0;
  /** When the loop was last seen to go on. */
  #lastSignMs = Number.NEGATIVE_INFINITY;
  #silence: Silence | undefined;

  constructor(options: LoopMonitorOptions) {
    this.thresholdMs = options.thresholdMs ?? defaults.thresholdMs;
    this.#maxNames = options.maxNames ?? defaults.maxNames;
    this.#now = options.now;
    this.#onBlocked = options.onBlocked;
    this.#onHandled = options.onHandled;
  }

  /**
   * Runs a handler: measures its synchronous part, without those within, and knows it in progress until what it returned is
   * settled.
   */
  run<Result>(endpoint: string, during: string, call: () => Result): Result {
    let result: Result;
    try {
      result = this.#measure(endpoint, during, call);
    } catch (error) {
      this.#onHandled?.(endpoint, during, this.#tookMs);
      throw error;
    }
    if (isThenable(result)) this.#follow({ endpoint, during }, result, this.#tookMs);
    else this.#onHandled?.(endpoint, during, this.#tookMs);
    return result;
  }

  #measure<Result>(endpoint: string, during: string, call: () => Result): Result {
    const beganMs = this.#now();
    this.#giveSign(beganMs);
    const nestedBeforeMs = this.#nestedMs;
    this.#nestedMs = 0;
    this.#depth += 1;
    try {
      return call();
    } finally {
      this.#depth -= 1;
      const endedMs = this.#now();
      const tookMs = endedMs - beganMs;
      const ownMs = tookMs - this.#nestedMs;
      this.#nestedMs = nestedBeforeMs + tookMs;
      this.#tookMs = tookMs;
      this.#lastSignMs = endedMs;
      if (ownMs >= this.thresholdMs) this.#blame({ endpoint, during }, ownMs, true);
    }
  }

  /** A handler goes on, whose synchronous part took so long: what blocks the loop while no other runs may be it. */
  #follow(handler: Handler, result: PromiseLike<unknown>, tookMs: number): void {
    const beganMs = this.#lastSignMs - tookMs;
    // Of those that never settle some are let go again: they are hardly what blocks the loop now.
    const [oldest] = this.#inProgress.size < MAX_IN_PROGRESS ? [] : this.#inProgress.keys();
    if (oldest !== undefined) this.#inProgress.delete(oldest);
    this.#inProgress.set(handler, beganMs);
    const over = () => {
      if (!this.#inProgress.has(handler)) return;
      const nowMs = this.#now();
      this.#settled(handler, nowMs);
      this.#onHandled?.(handler.endpoint, handler.during, nowMs - beganMs);
    };
    result.then(over, over);
  }

  #settled(handler: Handler, nowMs: number): void {
    // It settles right after its last step: where that step was the long one, it must be among those in progress.
    this.#giveSign(nowMs, handler);
    this.#inProgress.delete(handler);
  }

  /**
   * The loop was late by so many milliseconds, says a timer that runs now.
   *
   * Blames the handlers that were in progress while it was silent, unless synchronous ones tell where the time went.
   */
  late(blockedMs: number): void {
    const nowMs = this.#now();
    this.#giveSign(nowMs);
    const silence = this.#silence;
    this.#silence = undefined;
    if (silence === undefined) return;
    // Before that the loop may have been silent because there was nothing to do.
    const silentMs = silence.endedMs - Math.max(silence.beganMs, nowMs - blockedMs);
    if (silentMs < this.thresholdMs) return;
    const { candidates } = silence;
    const likely = candidates.filter((handler) => !this.#hangs(handler, nowMs));
    const certain = likely.length === 1 && candidates.length === 1;
    for (const handler of likely.length > 0 ? likely : candidates) this.#blame(handler, silentMs, certain);
  }

  /**
   * One row per endpoint and `during`, those that may have been it too. Past `maxNames` rows new ones are counted as
   * their endpoint's `other`.
   */
  get blocked(): readonly BlockedHandler[] {
    return Array.from(this.#blocked.values(), (times) => ({ ...times }));
  }

  /** Where the loop gave none for long, those who may have held it are noted: `late` tells whether it was held at all. */
  #giveSign(nowMs: number, likeliest?: Handler): void {
    if (this.#depth > 0) return;
    const beganMs = this.#lastSignMs;
    this.#lastSignMs = nowMs;
    if (nowMs - beganMs < this.thresholdMs) return;
    this.#silence = { beganMs, endedMs: nowMs, candidates: this.#candidates(likeliest) };
  }

  /** The newest first: what hangs since long is likelier to wait for something than to compute. */
  #candidates(likeliest: Handler | undefined): readonly Handler[] {
    const others = [...this.#inProgress.keys()].reverse().filter((handler) => handler !== likeliest);
    return [...(likeliest === undefined ? [] : [likeliest]), ...others].slice(0, MAX_CANDIDATES);
  }

  /** Does it hang, for all that is known? Then something else may have been it, though nothing else was in progress. */
  #hangs(handler: Handler, nowMs: number): boolean {
    return nowMs - (this.#inProgress.get(handler) ?? nowMs) > LONG_MS;
  }

  #blame(handler: Handler, blockedMs: number, certain: boolean): void {
    const { endpoint, during } = handler;
    this.#count(endpoint, during, blockedMs);
    this.#onBlocked({ endpoint, during, blockedMs, certain });
  }

  #count(endpoint: string, during: string, blockedMs: number): void {
    const key = JSON.stringify([endpoint, during]);
    const times = this.#blocked.get(key);
    if (times !== undefined) {
      times.times += 1;
      times.longestMs = Math.max(times.longestMs, blockedMs);
    } else if (during === OTHER || this.#blocked.size < this.#maxNames) {
      this.#blocked.set(key, { endpoint, during, times: 1, longestMs: blockedMs });
    } else {
      this.#count(endpoint, OTHER, blockedMs);
    }
  }
}

const MAX_CANDIDATES = 3;
/** Handlers in progress that are known of. */
const MAX_IN_PROGRESS = 10_000;
/** Who has not settled for so long is not blamed where another may have been it. */
const LONG_MS = 60_000;
const OTHER = "other";

interface Handler {
  readonly endpoint: string;
  readonly during: string;
}

interface BlockedTimes extends Handler {
  times: number;
  longestMs: number;
}

/** A time in which nothing gave a sign of life, and the handlers in progress at its end. */
interface Silence {
  readonly beganMs: number;
  readonly endedMs: number;
  readonly candidates: readonly Handler[];
}
