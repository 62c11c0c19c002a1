import { visibleText } from "../visible-text.js";

/** Kinds that are told apart, and how much of a reason is: who is on the other side chooses the words. */
const MOST_KINDS = 20;
const MOST_CHARACTERS = 120;

/** Why things failed, and how often. */
export class Reasons {
  readonly #counts = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(reason: string): void {
    const plain = visibleText(reason.slice(0, MOST_CHARACTERS));
    const kind = this.#counts.has(plain) || this.#counts.size < MOST_KINDS ? plain : "other";
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    this.#total += 1;
  }

  has(part: string): boolean {
    return [...this.#counts.keys()].some((kind) => kind.includes(part));
  }

  /** The most frequent first. */
  list(): readonly { readonly reason: string; readonly count: number }[] {
    return [...this.#counts].map(([reason, count]) => ({ reason, count })).sort((one, two) => two.count - one.count);
  }
}
