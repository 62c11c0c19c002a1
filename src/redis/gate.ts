import { Queue } from "../base/queue.js";

/** So many go on at a time; the others wait, in the order they came. */
export class Gate {
  readonly #size: number;
  #inside = 0;
  readonly #waiting = new Queue<() => void>();

  constructor(size: number) {
    this.#size = size;
  }

  async pass<Result>(run: () => Promise<Result>): Promise<Result> {
    if (this.#inside < this.#size) this.#inside += 1;
    // Whoever goes out lets one in.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await run();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside -= 1;
      else next();
    }
  }
}
