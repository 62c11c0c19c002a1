/** Something that waits for its turn. */
export interface Job {
  readonly user: string;
  /** Must not reject. */
  run(): Promise<void>;
}

/**
 * So many at once; the others wait. Turns go round by user, so that nobody waits for all that another has asked for, and
 * those of one user are in the order they came.
 */
export class Turns {
  readonly #limit: number;
  /** By user: whose turn comes next is first. None is empty. */
  readonly #waiting = new Map<string, Set<Job>>();
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(job: Job): void {
    const jobs = this.#waiting.get(job.user) ?? new Set();
    this.#waiting.set(job.user, jobs.add(job));
    this.#next();
  }

  /** False where it does not wait. */
  delete(job: Job): boolean {
    const jobs = this.#waiting.get(job.user);
    if (jobs === undefined || !jobs.delete(job)) return false;
    if (jobs.size === 0) this.#waiting.delete(job.user);
    return true;
  }

  #next(): void {
    if (this.#running >= this.#limit) return;
    const job = this.#take();
    if (job === undefined) return;
    this.#running += 1;
    void job.run().then(() => {
      this.#running -= 1;
      this.#next();
    });
  }

  /** The next one. Its user comes behind all others then. */
  #take(): Job | undefined {
    const [next] = this.#waiting;
    if (next === undefined) return undefined;
    const [user, jobs] = next;
    const [job] = jobs;
    if (job !== undefined) jobs.delete(job);
    this.#waiting.delete(user);
    if (jobs.size > 0) this.#waiting.set(user, jobs);
    return job;
  }
}
