/** Of any number of things the first so many by an order, in little more room than they take up. */
export class Shortlist<Item> {
  readonly #limit: number;
  readonly #compare: (a: Item, b: Item) => number;
  #items: Item[] = [];
  #count = 0;

  /** @param compare below 0 where `a` comes first */
  constructor(limit: number, compare: (a: Item, b: Item) => number) {
    this.#limit = limit;
    this.#compare = compare;
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** The first of them, in order. */
  get items(): readonly Item[] {
    this.#cut();
    return this.#items;
  }

  add(item: Item): void {
    this.#count += 1;
    this.#items.push(item);
    // To sort them with each one would take too long.
    if (this.#items.length === 4 * this.#limit) this.#cut();
  }

  #cut(): void {
    this.#items.sort(this.#compare);
    if (this.#items.length > this.#limit) this.#items.length = this.#limit;
  }
}
