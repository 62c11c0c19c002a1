import type { Heard } from "./caller.js";

/** So many events wait for those that are before them; of more, those before are given up. */
const MOST_HELD = 1_000;

/** Puts what a channel keeps before what arrives on it meanwhile: each event once, and in order. */
export class Rewind {
  readonly #print: (heard: Heard) => void;
  /** Undefined: nothing is waited for any more. */
  #held: Heard[] | undefined = [];
  /** Of the last of those that were kept. */
  #offset = 0;

  constructor(print: (heard: Heard) => void) {
    this.#print = print;
  }

  /** What has arrived. */
  hear(heard: Heard): void {
    if (this.#held !== undefined && this.#held.length === MOST_HELD) this.end();
    if (this.#held !== undefined) {
      this.#held.push(heard);
      return;
    }
    // After it offsets may begin anew.
    if (heard.type === "gap") this.#offset = 0;
    if (heard.offset === undefined || heard.offset > this.#offset) this.#print(heard);
  }

  /** What is kept, oldest first. */
  fill(kept: readonly Heard[]): void {
    if (this.#held === undefined) return;
    for (const heard of kept) this.#print(heard);
    this.#offset = kept.at(-1)?.offset ?? 0;
    this.end();
  }

  /** Nothing more comes before what has arrived. */
  end(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const heard of held) this.hear(heard);
  }
}
