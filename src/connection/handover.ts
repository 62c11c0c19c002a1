/**
 * Hands items to one consumer that iterates. `give` resolves when the consumer asks for the next, so that whoever gives
 * knows that the last one is done with.
 */
export class Handover<Item> implements AsyncIterableIterator<Item> {
  #given: { readonly item: Item; readonly taken: () => void } | undefined;
  #finishLast: (() => void) | undefined;
  #waiting: ((result: IteratorResult<Item>) => void) | undefined;
  #isOver = false;

  /** Must not be called again before the last promise has resolved. */
  give(item: Item): Promise<void> {
    return new Promise((taken) => {
      if (this.#isOver) {
        taken();
      } else if (this.#waiting !== undefined) {
        const answer = this.#waiting;
        this.#waiting = undefined;
        this.#finishLast = taken;
        answer({ done: false, value: item });
      } else {
        this.#given = { item, taken };
      }
    });
  }

  /** No more comes: the consumer's loop ends. */
  end(): void {
    this.#isOver = true;
    this.#given?.taken();
    this.#given = undefined;
    this.#finishLast?.();
    this.#finishLast = undefined;
    this.#waiting?.({ done: true, value: undefined });
    this.#waiting = undefined;
  }

  next(): Promise<IteratorResult<Item>> {
    this.#finishLast?.();
    this.#finishLast = undefined;
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    const given = this.#given;
    if (given === undefined) return new Promise((answer) => (this.#waiting = answer));
    this.#given = undefined;
    this.#finishLast = given.taken;
    return Promise.resolve({ done: false, value: given.item });
  }

  return(): Promise<IteratorResult<Item>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
