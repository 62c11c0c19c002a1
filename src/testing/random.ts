/** Chance that a seed decides: the same seed, the same numbers. */
export class Random {
  readonly #seed: number;
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds must not begin alike.
    this.#seed = mix(seed | 0) ^ mix(Math.trunc(seed / 2 ** 32) + 0x5bd1e995);
    this.#state = this.#seed;
  }

  /** 0 to 1, without 1. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return (mix(this.#state) >>> 0) / 2 ** 32;
  };

  /** A whole number from 0, less than this. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** One of them. There must be one. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item; // it is within
  }

  /** A text of letters and digits. */
  readonly id = (): string => {
    const half = () =>
      Math.floor(this.next() * 2 ** 32)
        .toString(36)
        .padStart(7, "0");
    return half() + half() + half();
  };

  /** Another one, for what has this name: it is the same, whatever others are asked. */
  fork(name: string): Random {
    let state = this.#seed;
    for (let index = 0; index < name.length; index += 1) state = mix(state ^ name.charCodeAt(index));
    return new Random(state);
  }
}

/** Spreads what differs in one bit over all 32: two rounds of multiply and fold, as integer hashes do. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 16);
}
