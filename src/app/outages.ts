import type { Clock } from "../base/clock.js";
import type { Observer } from "../observe/observe.js";
import { TidingsError } from "../protocol/tidings-error.js";

export interface OutagesOptions {
  readonly observer: Pick<Observer, "counters" | "happened">;
  readonly clock: Pick<Clock, "elapsed">;
}

/** When the broker is away. Each time is told once when it begins, and once when it is over. */
export class Outages {
  readonly #observer: OutagesOptions["observer"];
  readonly #clock: OutagesOptions["clock"];
  #beganMs: number | undefined;

  constructor({ observer, clock }: OutagesOptions) {
    this.#observer = observer;
    this.#clock = clock;
  }

  get isAway(): boolean {
    return this.#beganMs !== undefined;
  }

  /** It is away, for this reason. */
  began(reason: unknown): void {
    if (this.isAway) return;
    this.#beganMs = this.#clock.elapsed();
    this.#observer.counters.brokerOutages += 1;
    this.#observer.happened({ event: "broker_away", reason });
  }

  /** It is back. */
  ended(): void {
    if (this.#beganMs === undefined) return;
    const awayMs = this.#clock.elapsed() - this.#beganMs;
    this.#beganMs = undefined;
    this.#observer.happened({ event: "broker_back", awayMs });
  }

  /** Is this what is to be expected while it is away? It was told already, and each connection may have its own of it. */
  explains(error: unknown): boolean {
    return this.isAway && error instanceof TidingsError && error.code === "unavailable";
  }
}
