import type { Meter, Observable } from "@opentelemetry/api";
import type { App } from "tidings";

/** Observes what an app counts with a meter of OpenTelemetry's, which takes no histograms: of those it gets sums and counts. */
export function feedMeter(meter: Meter, app: App): void {
  const instruments = new Map<string, Observable>();
  for (const { name, help: description, type } of app.metrics()) {
    // Exporters write `_total` themselves.
    const ownName = name.replace(/_total$/, "");
    if (type === "gauge") instruments.set(name, meter.createObservableGauge(ownName, { description }));
    else if (type === "counter") instruments.set(name, meter.createObservableCounter(ownName, { description }));
    else
      for (const part of [`${name}_sum`, `${name}_count`])
        instruments.set(part, meter.createObservableCounter(part, { description }));
  }
  meter.addBatchObservableCallback(
    (result) => {
      for (const { name, labels, value } of app.metrics().flatMap(({ samples }) => samples)) {
        const instrument = instruments.get(name);
        if (instrument !== undefined) result.observe(instrument, value, labels);
      }
    },
    [...instruments.values()],
  );
}
