import type { Clock } from "../base/clock.js";

/** Keys, or passwords, that were refused and not told of yet. */
export interface Refused {
  /** Of who showed the last one; empty where it is not known. */
  readonly address: string;
  /** Since the last that was told of. */
  readonly times: number;
}

/** Tells of keys and passwords that are not right: the first at once, of those that follow once a while, so that who guesses fills no log. */
export class Refusals {
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #tell: (what: Refused) => void;
  #quietUntilMs = Number.NEGATIVE_INFINITY;
  #untold = 0;

  constructor(clock: Pick<Clock, "elapsed">, tell: (what: Refused) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  add(address: string): void {
    this.#untold += 1;
    const nowMs = this.#clock.elapsed();
    if (nowMs < this.#quietUntilMs) return;
    const times = this.#untold;
    this.#untold = 0;
    this.#quietUntilMs = nowMs + QUIET_MS;
    this.#tell({ address, times });
  }
}

const QUIET_MS = 10_000;
