import type { App, MetricFamily } from "tidings";

/** The samples of a metric that are not 0, by the values of their labels, as `a b` → value. */
export function samplesOf(app: App, name: string): Readonly<Record<string, number>> {
  const found = app.metrics().flatMap(({ samples }) => samples.filter((sample) => sample.name === name));
  const shown = found.filter(({ value }) => value !== 0);
  return Object.fromEntries(shown.map(({ labels, value }) => [Object.values(labels).join(" ").trim(), value]));
}

/** The one sample of a metric without labels. */
export function countOf(app: App, name: string): number | undefined {
  return samplesOf(app, name)[""] ?? (app.metrics().some((family) => family.name === name) ? 0 : undefined);
}

export function seriesCount(families: readonly MetricFamily[]): number {
  return families.reduce((count, { samples }) => count + samples.length, 0);
}
