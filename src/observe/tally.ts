/** How often each word of a table came; all that are in none are one. */
export class Tally {
  readonly #counts: Map<string, number>;
  readonly #other: string;

  /** @param other what a word counts as that is not in the table: whoever can choose words can't make it grow */
  constructor(words: Iterable<string>, other: string) {
    this.#counts = new Map([...words, other].map((word) => [word, 0]));
    this.#other = other;
  }

  add(word: string): void {
    const known = this.#counts.has(word) ? word : this.#other;
    this.#counts.set(known, (this.#counts.get(known) ?? 0) + 1);
  }

  /** Those that never came too. */
  entries(): Iterable<readonly [word: string, count: number]> {
    return this.#counts;
  }
}
