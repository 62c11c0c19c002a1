import type { Clock } from "../base/clock.js";
import type { Headcount } from "./handler.js";

export interface SharedHeadcountOptions {
  readonly clock: Pick<Clock, "elapsed">;
  /** Of all processes: with a broker that others use as well it is work for that, of which it has but one. */
  count(): Promise<Headcount>;
}

/** Counts for whoever asks, as anybody may: so often in a second, and all who ask more often are given the last count. */
export class SharedHeadcount {
  readonly #options: SharedHeadcountOptions;
  #last: Promise<Headcount> | undefined;
  #left = 0;
  #fullAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: SharedHeadcountOptions) {
    this.#options = options;
  }

  /** Rejects with what the count rejects with. */
  read(): Promise<Headcount> {
    const nowMs = this.#options.clock.elapsed();
    if (nowMs >= this.#fullAtMs) {
      this.#left = COUNTS;
      this.#fullAtMs = nowMs + SECOND_MS;
    }
    if (this.#last !== undefined && this.#left === 0) return this.#last;
    this.#left -= 1;
    this.#last = this.#options.count();
    return this.#last;
  }
}

/** More than a page or a probe needs, and little for a broker, of how many processes ever. */
const COUNTS = 5;
const SECOND_MS = 1_000;
