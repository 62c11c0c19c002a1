import type { MetricSample } from "../declare/metric-family.js";

/** How many values were at most so large, for some bounds. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** Those that are past the bound before and not past this one; the last is past all. */
  readonly #counts: number[];
  #sum = 0;

  /** @param bounds ascending */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  add(value: number): void {
    let index = 0;
    // Most values are small: the first bounds are the likely ones.
    while (index < this.#bounds.length && value > (this.#bounds[index] ?? Number.POSITIVE_INFINITY)) index += 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += value;
  }

  /** As Prometheus has them: each bucket has all that are at most its bound, `le`. */
  samples(name: string, labels: MetricSample["labels"]): readonly MetricSample[] {
    let count = 0;
    const buckets = this.#counts.map((own, index) => {
      count += own;
      return { name: `${name}_bucket`, labels: { ...labels, le: String(this.#bounds[index] ?? "+Inf") }, value: count };
    });
    return [
      ...buckets,
      { name: `${name}_sum`, labels, value: this.#sum },
      { name: `${name}_count`, labels, value: count },
    ];
  }
}
