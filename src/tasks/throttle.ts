import type { Clock, Timer } from "../base/clock.js";

export interface ThrottleOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  /** Must not reject. */
  readonly run: () => Promise<void>;
}

/** Runs something at most once in a time: the first at once, and what is asked for meanwhile once, when that is over. */
export class Throttle {
  readonly #options: ThrottleOptions;
  /** Until it may run again. */
  #timer: Timer | undefined;
  #isDue = false;

  constructor(options: ThrottleOptions) {
    this.#options = options;
  }

  /** Resolves when it ran, or at once where it runs later. */
  async push(): Promise<void> {
    if (this.#timer === undefined) await this.#run();
    else this.#isDue = true;
  }

  /** Runs what is due still, and nothing more by itself. */
  async flush(): Promise<void> {
    const isDue = this.#isDue;
    this.stop();
    if (isDue) await this.#options.run();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isDue = false;
  }

  #run(): Promise<void> {
    const { clock, everyMs, run } = this.#options;
    this.#timer = clock.after(everyMs, () => {
      this.#timer = undefined;
      if (!this.#isDue) return;
      this.#isDue = false;
      void this.#run();
    });
    return run();
  }
}
