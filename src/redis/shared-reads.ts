/**
 * Reads of which of each name one goes on at a time. Who comes meanwhile is given the next one: that which has begun may lack
 * what they know of.
 */
export class SharedReads<Answer> {
  readonly #running = new Map<string, Running<Answer>>();

  /** Rejects with what the read rejects with. */
  read(name: string, ask: () => Promise<Answer>): Promise<Answer> {
    const running = this.#running.get(name);
    if (running === undefined) return this.#begin(name, ask);
    running.next ??= running.over.then(() => this.#begin(name, ask));
    return running.next;
  }

  #begin(name: string, ask: () => Promise<Answer>): Promise<Answer> {
    const asked = ask();
    const end = () => {
      if (running.next === undefined) this.#running.delete(name);
    };
    const running: Running<Answer> = { over: asked.then(end, end), next: undefined };
    this.#running.set(name, running);
    return asked;
  }
}

interface Running<Answer> {
  /** Never rejects. */
  readonly over: Promise<void>;
  next: Promise<Answer> | undefined;
}
