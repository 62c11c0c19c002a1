/**
 * Several values for a key, each once. Most keys have one, and no Set is made for that, which would take up 200 bytes.
 *
 * A value must not be a Set itself.
 */
export class MultiMap<Key, Value> {
  readonly #held = new Map<Key, Value | Set<Value>>();

  /** Keys that have a value. */
  get size(): number {
    return this.#held.size;
  }

  keys(): IterableIterator<Key> {
    return this.#held.keys();
  }

  has(key: Key): boolean {
    return this.#held.has(key);
  }

  /** How many values it has. */
  count(key: Key): number {
    const held = this.#held.get(key);
    if (held instanceof Set) return held.size;
    return held === undefined ? 0 : 1;
  }

  /** Its values as they are now. */
  of(key: Key): readonly Value[] {
    const held = this.#held.get(key);
    if (held instanceof Set) return [...held];
    return held === undefined ? [] : [held];
  }

  add(key: Key, value: Value): void {
    const held = this.#held.get(key);
    if (held instanceof Set) held.add(value);
    else if (held === undefined) this.#held.set(key, value);
    else if (held !== value) this.#held.set(key, new Set([held, value]));
  }

  delete(key: Key, value: Value): void {
    const held = this.#held.get(key);
    if (held instanceof Set) held.delete(value);
    if (held === value || (held instanceof Set && held.size === 0)) this.#held.delete(key);
  }
}
