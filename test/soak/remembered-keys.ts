/** How many keys of publishes a broker in memory remembers at most: of what was published in the last five minutes. */
export class RememberedKeys {
  readonly #published: () => number;
  readonly #looks: { readonly atMs: number; readonly published: number }[] = [];

  /** @param published so many so far */
  constructor(published: () => number) {
    this.#published = published;
  }

  /** Now and then, so that what was long ago is known. */
  look(): void {
    this.#looks.push({ atMs: performance.now(), published: this.#published() });
  }

  count(): number {
    const before = this.#looks.findLast(({ atMs }) => atMs < performance.now() - KEY_MS);
    return this.#published() - (before?.published ?? 0);
  }
}

/** PROTOCOL.md, Delivery. */
const KEY_MS = 5 * 60_000;
