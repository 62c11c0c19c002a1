import type { RateLimit } from "../protocol/limits.js";
import { RateShare, type Tokens } from "./rate-share.js";

/**
 * What this process has of one rate of one user, and what it is to say of that to Redis.
 *
 * It says how many tokens it has, and never that there is one more or less: what was lost, or done though nobody heard so, is
 * right again with the next word.
 */
export class SharedRate {
  readonly user: string;
  /** Which of the user's rates: what is counted together, and the limit. */
  readonly counted: string;
  readonly limit: RateLimit;
  /** What was said last has been answered, or will not be. One thing is said after the other. */
  said: Promise<void> | undefined;
  /** So many things wait to be said, or are being said. */
  turns = 0;
  /** More tokens are being asked for. */
  asking: Promise<void> | undefined;
  /** Called when others have given some back. Undefined: nobody waits for that. */
  onGiven: (() => void) | undefined;
  readonly #share: RateShare;
  readonly #gridMs: number;
  /** Parted with, and not usable here: it is not known yet that Redis has them. */
  #returned: Tokens[] = [];
  #untilMs = Number.NEGATIVE_INFINITY;
  #askAgainMs = Number.NEGATIVE_INFINITY;

  constructor(user: string, counted: string, limit: RateLimit) {
    this.user = user;
    this.counted = counted;
    this.limit = limit;
    this.#share = new RateShare(limit.windowMs);
    this.#gridMs = Math.max(1, Math.ceil(limit.windowMs / GRID));
  }

  get size(): number {
    return this.#share.size;
  }

  /** Passes one. 0 where it did, otherwise the milliseconds until it is worth coming again. */
  take(nowMs: number): number {
    this.#expire(nowMs);
    return this.#share.take(nowMs) ?? Math.min(this.limit.windowMs, ASK_AGAIN_MS);
  }

  hasUsable(nowMs: number): boolean {
    this.#expire(nowMs);
    return this.#share.usable(nowMs) > 0;
  }

  /** Would Redis perhaps have more for it? Somebody who floods is not to ask for each message. */
  mayAsk(nowMs: number): boolean {
    if (this.asking !== undefined) return true;
    return this.size < this.limit.count && nowMs >= this.#askAgainMs;
  }

  /** There was nothing to get. */
  pauseAsking(nowMs: number): void {
    this.#askAgainMs = nowMs + ASK_AGAIN_MS;
  }

  /** Others have given some back. */
  resumeAsking(): void {
    this.#askAgainMs = Number.NEGATIVE_INFINITY;
    this.onGiven?.();
  }

  /** Nothing passed for a window, and nobody is waiting. */
  isIdle(nowMs: number): boolean {
    this.#expire(nowMs);
    return this.#share.usable(nowMs) === this.size && this.asking === undefined;
  }

  /** There is nothing of it to remember, and nothing will be said: of another one of this rate it would not be true. */
  isDone(nowMs: number): boolean {
    this.#expire(nowMs);
    if (this.turns > 0 || this.asking !== undefined) return false;
    return this.size + this.#returned.length === 0 && nowMs >= this.#askAgainMs;
  }

  /** Parts with all but so many. */
  keep(count: number, nowMs: number): void {
    this.#returned.push(...this.#share.remove(Math.max(0, this.size - count), this.#gridMs, nowMs));
  }

  /** What is to be said, as `shareRates` takes it. */
  state(nowMs: number, wants: boolean): readonly number[] {
    this.#expire(nowMs);
    const pairs = this.#returned
      .toSorted((a, b) => b.usableMs - a.usableMs)
      .map(({ usableMs, count }) => [Math.max(0, Math.ceil(usableMs - nowMs)), count]);
    const { count, windowMs } = this.limit;
    return [count, windowMs, this.#gridMs, this.size, wants ? 1 : 0, pairs.length, ...pairs.flat()];
  }

  /** What was answered. Gives who is to give something back: the process, and how many it may keep. */
  learn(answer: RateAnswer, saidMs: number, leaseMs: number, nowMs: number): readonly (string | number)[] {
    this.#expire(nowMs);
    const [left = 0, taken = [], keeps = []] = answer;
    this.#returned = [];
    this.#untilMs = saidMs + leaseMs;
    this.#share.shrinkTo(left, nowMs);
    for (let index = 0; index + 1 < taken.length; index += 2) {
      const [inMs = 0, count = 0] = taken.slice(index, index + 2);
      this.#share.add({ usableMs: nowMs + inMs, count }, nowMs);
    }
    return keeps;
  }

  /** Its lease is over: from now on Redis takes its tokens for used at that time, and gives them to others a window later. */
  #expire(nowMs: number): void {
    if (nowMs < this.#untilMs) return;
    this.#share.shrinkTo(0, nowMs);
    this.#returned = [];
  }
}

/** Empty: something newer was said before. */
export type RateAnswer =
  | readonly []
  | readonly [left: number, taken: readonly number[], keeps: readonly (string | number)[]];

/** Tokens change hands at so many times of a window at most; a book has not many more lines. */
const GRID = 100;

const ASK_AGAIN_MS = 1_000;
