/** One metric and all its values at this moment, as plain data: whatever collects metrics can be fed with it. */
export interface MetricFamily {
  /** By Prometheus' conventions: base units, and `_total` behind what only grows. */
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** Every sample has all of them. */
  readonly labelNames: readonly string[];
  readonly samples: readonly MetricSample[];
}

/** One value of a metric. */
export interface MetricSample {
  /** The family's; of a histogram, with `_bucket` (which has the label `le`), `_sum` or `_count` behind it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
