/** Aborted when the time is over, or nobody waits any more. */
export class Deadline {
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal | undefined;
  isLate = false;

  constructor(ms: number, caller: AbortSignal | undefined) {
    this.#caller = caller;
    this.#timer = setTimeout(() => {
      this.isLate = true;
      this.#abort.abort();
    }, ms);
    if (caller?.aborted === true) this.#abort.abort();
    // Not AbortSignal.any(): in Node 20 it is held on to for as long as the caller's signal lives.
    caller?.addEventListener("abort", this.#giveUp, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isGivenUp(): boolean {
    return this.#caller?.aborted === true && !this.isLate;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener("abort", this.#giveUp);
  }

  readonly #giveUp = (): void => this.#abort.abort();
}
