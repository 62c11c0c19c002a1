import type { Clock, Timer } from "../base/clock.js";

export interface RoundsOptions {
  readonly clock: Clock;
  /** Gives whether another one is to follow. */
  readonly run: () => Promise<boolean>;
  readonly onError: (error: unknown) => void;
}

/**
 * Runs one round after the other: each second, and sooner where one is wanted. One that took long is followed by a longer rest,
 * so that all of them take a tenth of the time at most.
 */
export class Rounds {
  readonly #options: RoundsOptions;
  #timer: Timer | undefined;
  #isRunning = false;
  #isWanted = false;
  #isStopped = false;
  #restUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  /** One begins now, or when the present one and its rest are over. */
  want(): void {
    if (this.#isStopped) return;
    this.#isWanted = true;
    if (this.#isRunning) return;
    const { clock } = this.#options;
    const restMs = this.#restUntilMs - clock.elapsed();
    if (restMs > 0) this.#beginAfter(restMs);
    else this.#begin();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #beginAfter(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(ms, () => this.#begin());
  }

  #begin(): void {
    const { clock, run, onError } = this.#options;
    this.#timer?.cancel();
    this.#isRunning = true;
    this.#isWanted = false;
    const beganMs = clock.elapsed();
    const ended = (goesOn: boolean) => this.#ended(clock.elapsed() - beganMs, goesOn);
    run().then(ended, (error: unknown) => {
      onError(error);
      // The next one may do better.
      ended(true);
    });
  }

  #ended(tookMs: number, goesOn: boolean): void {
    this.#isRunning = false;
    if (this.#isStopped) return;
    const restMs = Math.min(Math.max(REST_TIMES * tookMs, MIN_REST_MS), MAX_REST_MS);
    this.#restUntilMs = this.#options.clock.elapsed() + restMs;
    if (this.#isWanted) this.want();
    else if (goesOn) this.#beginAfter(Math.max(EVERY_MS - tookMs, restMs));
  }
}

const EVERY_MS = 1_000;
const REST_TIMES = 9;
/** Whoever asks as fast as they can has no more than ten a second. */
const MIN_REST_MS = 100;
/** Who says nothing for 5 s is taken for gone. */
const MAX_REST_MS = 3_000;
