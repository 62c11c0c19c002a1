/** Where something stands in a `UseOrder`, which writes it and nobody else. One thing is in one order at most. */
export interface InUseOrder<Item> {
  older: Item | undefined;
  newer: Item | undefined;
}

/**
 * Things in the order they were last used. Whatever there are and were, each step takes the same time: a Map, whose order
 * would do, walks to its first over the places of all that were deleted in front of it.
 */
export class UseOrder<Item extends InUseOrder<Item>> {
  #oldest: Item | undefined;
  #newest: Item | undefined;

  get oldest(): Item | undefined {
    return this.#oldest;
  }

  /** It is the newest now, wherever it was. */
  use(item: Item): void {
    this.delete(item);
    item.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = item;
    else this.#newest.newer = item;
    this.#newest = item;
  }

  /** Nothing happens for one that is not there. */
  delete(item: Item): void {
    const { older, newer } = item;
    if (older === undefined && item !== this.#oldest) return;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    // Or whoever still has it would keep what came after it in memory.
    item.older = undefined;
    item.newer = undefined;
  }
}
