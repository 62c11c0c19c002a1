import type { Metric, Registry } from "prom-client";
import type { App } from "tidings";

/** Adds what an app counts to a registry of prom-client's. Asked at each scrape. */
export function feedRegistry(registry: Registry, app: App): void {
  let latest: ReturnType<App["metrics"]> | undefined;
  // A scrape asks for all of them in one go: then they are counted once.
  const families = () => {
    if (latest === undefined) queueMicrotask(() => (latest = undefined));
    latest ??= app.metrics();
    return latest;
  };
  for (const [index, { name, help, type }] of app.metrics().entries()) {
    const get = async () => {
      const samples = families()[index]?.samples ?? [];
      const values = samples.map(({ name, labels, value }) => ({ metricName: name, labels, value }));
      return { name, help, type, aggregator: "sum", values };
    };
    // All that a registry asks of a metric. Its own classes count by themselves, and a histogram of theirs can't be given buckets.
    registry.registerMetric({ name, help, type, get } as unknown as Metric);
  }
}
