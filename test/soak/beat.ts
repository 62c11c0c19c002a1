import { systemClock } from "../../src/app/system.js";

/** Does something again and again, and tells when the process, or the machine, was too busy for it for a while. */
export class Beat {
  readonly #everyMs: number;
  readonly #run: () => void;
  readonly #starved: () => void;
  #next: { cancel(): void } | undefined;

  constructor(everyMs: number, run: () => void, starved: () => void) {
    this.#everyMs = everyMs;
    this.#run = run;
    this.#starved = starved;
  }

  start(): void {
    this.stop();
    const dueMs = systemClock.elapsed() + this.#everyMs;
    this.#next = systemClock.after(this.#everyMs, () => {
      if (systemClock.elapsed() - dueMs > STARVED_MS) this.#starved();
      this.start();
      this.#run();
    });
  }

  stop(): void {
    this.#next?.cancel();
    this.#next = undefined;
  }
}

/** So late nobody is whom the machine has time for. */
const STARVED_MS = 300;
