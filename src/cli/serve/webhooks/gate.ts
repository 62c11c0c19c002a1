/** Lets so many in at once; so many more wait, first come, first served. */
export class Gate {
  readonly #atOnce: number;
  readonly #waiting: number;
  readonly #queue = new Set<() => void>();
  #inside = 0;

  constructor({ atOnce, waiting }: { readonly atOnce: number; readonly waiting: number }) {
    this.#atOnce = atOnce;
    this.#waiting = waiting;
  }

  /** Resolves with whether it is in: then `leave` must follow. Not, where too many wait, or the signal was aborted before. */
  enter(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (this.#inside < this.#atOnce) {
      this.#inside += 1;
      return Promise.resolve(true);
    }
    if (this.#queue.size >= this.#waiting) return Promise.resolve(false);
    return new Promise((resolve) => {
      const comeIn = () => {
        signal.removeEventListener("abort", giveUp);
        resolve(true);
      };
      const giveUp = () => {
        this.#queue.delete(comeIn);
        resolve(false);
      };
      this.#queue.add(comeIn);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** Its place is the next one's. */
  leave(): void {
    const [next] = this.#queue;
    if (next === undefined) {
      this.#inside -= 1;
      return;
    }
    this.#queue.delete(next);
    next();
  }
}
