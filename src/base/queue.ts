/** First in, first out. Taking the first copies none of the others, however many they are. */
export class Queue<Item> {
  #items: (Item | undefined)[] = [];
  /** Those in front of it are gone. */
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  /** Undefined where there is none. */
  get first(): Item | undefined {
    return this.#items[this.#first];
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Takes the first out. */
  shift(): Item | undefined {
    const { first } = this;
    if (this.size === 0) return undefined;
    this.#items[this.#first] = undefined;
    this.#first += 1;
    // To cut one off each time would copy all the others.
    if (this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return first;
  }
}
