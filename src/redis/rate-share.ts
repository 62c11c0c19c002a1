/** So many tokens that are usable from the same time on. */
export interface Tokens {
  readonly usableMs: number;
  readonly count: number;
}

/**
 * A process's share of a rate: tokens, each the right to pass one message, and usable again a window later.
 *
 * So in no window do more pass than there are tokens, whoever has them, as long as each goes with its time. It does no I/O,
 * and knows this process's clock alone.
 */
export class RateShare {
  readonly #windowMs: number;
  #size = 0;
  /** When those that are not usable yet will be, rising, from `#first` on. */
  #coolingMs: number[] = [];
  #first = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** All its tokens, usable or not. */
  get size(): number {
    return this.#size;
  }

  usable(nowMs: number): number {
    this.#warm(nowMs);
    return this.#size - this.#cooling;
  }

  /** Passes one. 0 where it did, otherwise the milliseconds until one would; undefined where it has none at all. */
  take(nowMs: number): number | undefined {
    if (this.usable(nowMs) > 0) {
      this.#cool(nowMs + this.#windowMs);
      return 0;
    }
    const usableMs = this.#coolingMs[this.#first];
    return usableMs === undefined ? undefined : usableMs - nowMs;
  }

  add({ usableMs, count }: Tokens, nowMs: number): void {
    this.#warm(nowMs);
    this.#size += count;
    if (usableMs <= nowMs) return;
    for (let n = 0; n < count; n += 1) this.#cool(usableMs);
  }

  /**
   * Parts with so many: those that have not been used for longest.
   *
   * Their times are rounded up to the grid, so that they are few, however many the tokens are. The latest first.
   */
  remove(count: number, gridMs: number, nowMs: number): Tokens[] {
    const usable = Math.min(count, this.usable(nowMs));
    const cooling = Math.min(count - usable, this.#cooling);
    const byTime = new Map<number, number>(usable > 0 ? [[nowMs, usable]] : []);
    for (const ms of this.#coolingMs.slice(this.#first, this.#first + cooling)) {
      const usableMs = Math.ceil(ms / gridMs) * gridMs;
      byTime.set(usableMs, (byTime.get(usableMs) ?? 0) + 1);
    }
    this.#first += cooling;
    this.#size -= usable + cooling;
    return Array.from(byTime, ([usableMs, tokens]) => ({ usableMs, count: tokens })).reverse();
  }

  /** No more than so many are left, those that were used last: what others have in their place they may use now. */
  shrinkTo(size: number, nowMs: number): void {
    this.remove(Math.max(0, this.#size - size), 1, nowMs);
  }

  get #cooling(): number {
    return this.#coolingMs.length - this.#first;
  }

  #warm(nowMs: number): void {
    while ((this.#coolingMs[this.#first] ?? Number.POSITIVE_INFINITY) <= nowMs) this.#first += 1;
    if (this.#first < KEPT_PLACES || this.#first < this.#coolingMs.length / 2) return;
    this.#coolingMs = this.#coolingMs.slice(this.#first);
    this.#first = 0;
  }

  /** It mostly is the latest. */
  #cool(usableMs: number): void {
    let index = this.#coolingMs.length;
    while (index > this.#first && (this.#coolingMs[index - 1] ?? 0) > usableMs) index -= 1;
    if (index === this.#coolingMs.length) this.#coolingMs.push(usableMs);
    else this.#coolingMs.splice(index, 0, usableMs);
  }
}

/** So many places that are done with are not worth a new list. */
const KEPT_PLACES = 64;
