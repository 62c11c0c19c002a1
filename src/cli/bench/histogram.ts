/** Buckets of each doubling: a value is told within 1/128 of what it was. */
const BUCKETS = 64;
const BITS = 6;
/** Longer ones count as this long, which is 35 minutes. */
const MOST_US = 2 ** 31 - 1;

/**
 * How long something took, each time: bounded memory however often, every value within 1 %, the longest exactly.
 *
 * Values are counted in buckets that are as wide as a 64th of the power of two below them, as HDR histograms have it.
 */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS * (31 - BITS + 1));
  #count = 0;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  /** 0 where there is none. */
  get maxMs(): number {
    return this.#maxMs;
  }

  add(ms: number): void {
    const us = Math.min(MOST_US, Math.max(0, Math.round(ms * 1_000)));
    const index = indexOf(us);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count += 1;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  /** At most so long were `percent` of all: by nearest rank, and 0 where there is none. */
  percentile(percent: number): number {
    const rank = Math.max(1, Math.ceil((percent / 100) * this.#count));
    let passed = 0;
    for (const [index, count] of this.#counts.entries()) {
      passed += count;
      if (passed >= rank && count > 0) return Math.min(middleOf(index), this.#maxMs);
    }
    return 0;
  }

  /** How many took how long, by doublings, without those at both ends that have none. */
  steps(): readonly Step[] {
    const steps: Step[] = [];
    for (let from = 0; from < this.#counts.length; from += BUCKETS) {
      const count = this.#counts.subarray(from, from + BUCKETS).reduce((sum, each) => sum + each, 0);
      if (count > 0 || steps.length > 0) steps.push({ belowMs: lowestOf(from + BUCKETS) / 1_000, count });
    }
    const last = steps.findLastIndex(({ count }) => count > 0);
    return steps.slice(0, last + 1);
  }
}

export interface Step {
  readonly belowMs: number;
  readonly count: number;
}

function indexOf(us: number): number {
  if (us < 2 * BUCKETS) return us;
  const doublings = 31 - Math.clz32(us) - BITS;
  return doublings * BUCKETS + (us >> doublings);
}

/** The least value of a bucket, in µs. */
function lowestOf(index: number): number {
  if (index < 2 * BUCKETS) return index;
  const doublings = Math.floor(index / BUCKETS) - 1;
  return (index - doublings * BUCKETS) * 2 ** doublings;
}

function middleOf(index: number): number {
  // Below 128 µs each bucket is one value.
  const width = lowestOf(index + 1) - lowestOf(index);
  return (lowestOf(index) + (width - 1) / 2) / 1_000;
}
