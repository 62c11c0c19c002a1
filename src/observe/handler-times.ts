import type { MetricSample } from "../declare/metric-family.js";
import { Histogram } from "./histogram.js";

/**
 * How long the handlers of each endpoint took, from the call until what they returned was settled.
 *
 * As many series as are declared: for each endpoint one for each of its messages, and `open`, `close`, `frame` and `allow`.
 */
export class HandlerTimes {
  /** By endpoint, then by what was being done. */
  readonly #endpoints = new Map<string, Map<string, Histogram>>();
  readonly #series: Series[] = [];

  /** @param during such as `open` or `message "say"` */
  add(endpoint: string, during: string, ms: number): void {
    const times = this.#endpoints.get(endpoint)?.get(during) ?? this.#meet(endpoint, during);
    times?.add(ms / 1_000);
  }

  samples(name: string): readonly MetricSample[] {
    return this.#series.flatMap(({ labels, times }) => times.samples(name, labels));
  }

  #meet(endpoint: string, during: string): Histogram | undefined {
    const labels = handlerLabels(endpoint, during);
    const { handler, message } = labels;
    // A loop lasts as long as its connection, a task for minutes: beside them nobody would see the handlers.
    if (handler === "run" || handler === "task") return undefined;
    const isSame = ({ labels }: Series) =>
      labels.endpoint === endpoint && labels.handler === handler && labels.message === message;
    let series = this.#series.find(isSame);
    if (series === undefined) {
      series = { labels, times: new Histogram(HANDLER_SECONDS) };
      this.#series.push(series);
    }
    let ofEndpoint = this.#endpoints.get(endpoint);
    if (ofEndpoint === undefined) {
      ofEndpoint = new Map();
      this.#endpoints.set(endpoint, ofEndpoint);
    }
    ofEndpoint.set(during, series.times);
    return series.times;
  }
}

/** What a handler is called in labels; `message` is empty where it handles none. */
export function handlerLabels(endpoint: string, during: string): HandlerLabels {
  const message = /^message "(.*)"$/s.exec(during)?.[1];
  if (message !== undefined) return { endpoint, handler: "message", message };
  // All an endpoint's `allow of "…"` are one, and so are all tasks, which an app may call what it likes.
  return { endpoint, handler: during.split(" ", 1)[0] ?? during, message: "" };
}

export type HandlerLabels = Readonly<Record<"endpoint" | "handler" | "message", string>>;
export const HANDLER_LABELS: readonly (keyof HandlerLabels)[] = ["endpoint", "handler", "message"];

interface Series {
  readonly labels: HandlerLabels;
  readonly times: Histogram;
}

/** Most handlers are done within 0.1 ms; from 0.1 s on one that is synchronous blocks everybody. */
const HANDLER_SECONDS: readonly number[] = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
