/** Something in a heap, which notes there where it is. */
export interface HeapEntry {
  /** Its place, while it is in one. */
  index: number | undefined;
}

/** A binary heap whose entries know their place, so that one in the middle is found and taken out. */
export class Heap<Entry extends HeapEntry> {
  readonly #isBefore: (a: Entry, b: Entry) => boolean;
  #entries: Entry[] = [];

  constructor(isBefore: (a: Entry, b: Entry) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#entries.length;
  }

  get first(): Entry | undefined {
    return this.#entries[0];
  }

  add(entry: Entry): void {
    this.#rise(entry, this.#entries.length);
  }

  /** Takes out those at the front of which this holds, in their order. */
  takeWhile(isTaken: (entry: Entry) => boolean): Entry[] {
    const taken: Entry[] = [];
    for (let first = this.first; first !== undefined && isTaken(first); first = this.first) {
      this.remove(first);
      taken.push(first);
    }
    return taken;
  }

  /** Nothing happens for one that is not in it. */
  remove(entry: Entry): void {
    const { index } = entry;
    if (index === undefined) return;
    entry.index = undefined;
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return;
    // The last one takes the place: it may belong further up, where the removed one was of another branch.
    this.#rise(last, index);
    this.#sink(last);
  }

  /** Takes out all, in no order. */
  clear(): Entry[] {
    const all = this.#entries;
    this.#entries = [];
    for (const entry of all) entry.index = undefined;
    return all;
  }

  #rise(entry: Entry, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#entries[parentIndex];
      if (parent === undefined || this.#isBefore(parent, entry)) break;
      this.#put(parent, index);
      index = parentIndex;
    }
    this.#put(entry, index);
  }

  #sink(entry: Entry): void {
    let index = entry.index ?? 0;
    for (let child = this.#firstChild(index); child !== undefined; child = this.#firstChild(index)) {
      if (!this.#isBefore(child, entry)) break;
      const childIndex = child.index ?? 0;
      this.#put(child, index);
      index = childIndex;
    }
    this.#put(entry, index);
  }

  #firstChild(index: number): Entry | undefined {
    const left = this.#entries[2 * index + 1];
    const right = this.#entries[2 * index + 2];
    return left !== undefined && right !== undefined && this.#isBefore(right, left) ? right : left;
  }

  #put(entry: Entry, index: number): void {
    this.#entries[index] = entry;
    entry.index = index;
  }
}
