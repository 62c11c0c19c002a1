/** Something that waits for its turn. */
export interface Job {
  /** Must not reject. */
  run(): Promise<void>;
}

/** So many at once; the others wait, in the order they came. */
export class Turns {
  readonly #limit: number;
  readonly #waiting = new Set<Job>();
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(job: Job): void {
    this.#waiting.add(job);
    this.#next();
  }

  /** False where it does not wait. */
  delete(job: Job): boolean {
    return this.#waiting.delete(job);
  }

  #next(): void {
    const [job] = this.#waiting;
    if (job === undefined || this.#running >= this.#limit) return;
    this.#waiting.delete(job);
    this.#running += 1;
    void job.run().then(() => {
      this.#running -= 1;
      this.#next();
    });
  }
}
