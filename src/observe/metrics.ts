import type { Stats } from "../declare/app.js";
import type { MetricFamily, MetricSample } from "../declare/metric-family.js";
import { closeCodes } from "../protocol/close-codes.js";
import { errorCodes } from "../protocol/error-codes.js";
import { isRefusalReason, type Refusal, refusals } from "../protocol/refusals.js";
import { HANDLER_LABELS, HandlerTimes, handlerLabels } from "./handler-times.js";
import { Histogram } from "./histogram.js";
import type { Counters, Disconnected, Happening } from "./observe.js";
import { plainFamilies } from "./plain-families.js";
import { Tally } from "./tally.js";

export interface MetricsOptions {
  readonly counters: Counters;
  /** Are handlers timed? */
  readonly timesHandlers: boolean;
}

/** What is so now. */
export interface MetricsFacts {
  readonly stats: Stats;
  /** The paths of all endpoints, as declared, and how many are connected there. */
  readonly connectionsAt: ReadonlyMap<string, number>;
  /** Connections whose socket does not take what it is sent. */
  readonly slowConnections: number;
}

/**
 * All that is counted in this process, as metrics.
 *
 * Labels come from declarations and from the protocol's own tables, whatever clients say: so there is a bound to how many
 * series there are, and no user, channel's name or connection is among them.
 */
export class Metrics {
  readonly #counters: Counters;
  readonly #handlerTimes: HandlerTimes | undefined;
  readonly #loopDelay = new Histogram(DELAY_SECONDS);
  readonly #refused = new Tally([...handshakeRefusals, ...Object.keys(errorCodes)], APPS_OWN);
  readonly #answered = new Tally(Object.keys(errorCodes), APPS_OWN);
  readonly #closed = new Map<string, Closes>();

  constructor({ counters, timesHandlers }: MetricsOptions) {
    this.#counters = counters;
    this.#handlerTimes = timesHandlers ? new HandlerTimes() : undefined;
  }

  /** Told when a handler is over; undefined where nobody wants to know. */
  get handled(): ((endpoint: string, during: string, ms: number) => void) | undefined {
    const times = this.#handlerTimes;
    return times && ((endpoint, during, ms) => times.add(endpoint, during, ms));
  }

  /** The event loop's timer was late by so many milliseconds; by less than none where it was early. */
  looked(lateMs: number): void {
    this.#loopDelay.add(Math.max(0, lateMs) / 1_000);
  }

  /** Of what happens, it counts those that were refused, and those that have gone. */
  happened(what: Happening): void {
    if (what.event === "refused") this.#refused.add(what.code);
    else if (what.event === "disconnected") this.#countClose(what);
  }

  /** An error was answered. */
  answered(code: string): void {
    this.#answered.add(code);
  }

  families({ stats, connectionsAt, slowConnections }: MetricsFacts): readonly MetricFamily[] {
    const counters = this.#counters;
    return [
      gauge("websocket_connections", "Open connections.", ["endpoint"], rowsOf("endpoint", connectionsAt)),
      ...plainFamilies({ stats, counters, slowConnections }),
      counter("websocket_connections_closed_total", "Connections that have ended.", ["code", "reason"], this.#closes()),
      counter(
        "websocket_handshakes_refused_total",
        "Connections that were not let in.",
        ["code"],
        rowsOf("code", this.#refused.entries()),
      ),
      counter("websocket_errors_answered_total", "Errors that clients were answered.", ["code"], this.#errors()),
      counter(
        "websocket_overflows_total",
        "What became of events that connections did not take in time.",
        ["policy"],
        rowsOf("policy", overflowsOf(counters)),
      ),
      counter(
        "websocket_resumes_total",
        "Times that somebody came back to a channel.",
        ["recovered"],
        rowsOf("recovered", [
          ["true", counters.resumes],
          ["false", counters.resumesFailed],
        ]),
      ),
      counter(
        "websocket_event_loop_blocks_total",
        "Times that a handler blocked the event loop, or may have been the one that did.",
        HANDLER_LABELS,
        blocksOf(stats),
      ),
      histogram(
        "websocket_handler_seconds",
        "How long handlers took, until what they returned was settled.",
        HANDLER_LABELS,
        (name) => this.#handlerTimes?.samples(name) ?? [],
      ),
      histogram("websocket_event_loop_delay_seconds", "How late the event loop was.", [], (name) =>
        this.#loopDelay.samples(name, {}),
      ),
    ];
  }

  #countClose({ code, reason }: Disconnected): void {
    const labels = { code: codeLabel(code), reason: isRefusalReason(reason) || reason === "" ? reason : "other" };
    const key = `${labels.code} ${labels.reason}`;
    const known = this.#closed.get(key);
    if (known === undefined) this.#closed.set(key, { labels, count: 1 });
    else known.count += 1;
  }

  #closes(): readonly Row[] {
    return [...this.#closed.values()].map(({ labels, count }) => ({ labels, value: count }));
  }

  #errors(): readonly Row[] {
    return rowsOf("code", this.#answered.entries());
  }
}

interface Closes {
  readonly labels: Readonly<Record<"code" | "reason", string>>;
  count: number;
}

type Row = Omit<MetricSample, "name">;

const DELAY_SECONDS: readonly number[] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** What stands for every code that an app made up. */
const APPS_OWN = "app";

const handshakeRefusals: readonly string[] = Object.entries<Refusal>(refusals).flatMap(([code, { http }]) =>
  http === undefined ? [] : code,
);

const standardCodes: ReadonlySet<number> = new Set(Object.values(closeCodes).map(({ code }) => code));

/** A peer may close with any of 2,000 codes of its own: they are told apart by who registers them (RFC 6455 §7.4.2). */
function codeLabel(code: number): string {
  if (standardCodes.has(code)) return String(code);
  if (code >= 3000 && code <= 3999) return "3xxx";
  return code >= 4000 && code <= 4999 ? "4xxx" : "other";
}

function overflowsOf(counters: Counters): readonly (readonly [policy: string, count: number])[] {
  const { slowConsumers, eventsDropped, newestDropped, eventsConflated, catchUps } = counters;
  return [
    ["disconnect", slowConsumers],
    ["catch-up", catchUps],
    ["drop-oldest", eventsDropped - newestDropped],
    ["drop-newest", newestDropped],
    ["keep-latest", eventsConflated],
  ];
}

function blocksOf({ blocked }: Stats): readonly Row[] {
  const rows = new Map<string, { labels: Row["labels"]; value: number }>();
  for (const { endpoint, during, times } of blocked) {
    const labels = handlerLabels(endpoint, during);
    const key = JSON.stringify(labels);
    const known = rows.get(key);
    if (known === undefined) rows.set(key, { labels, value: times });
    else known.value += times;
  }
  return [...rows.values()];
}

function rowsOf(label: string, counts: Iterable<readonly [string, number]>): readonly Row[] {
  return Array.from(counts, ([text, value]) => ({ labels: { [label]: text }, value }));
}

function counter(name: string, help: string, labelNames: readonly string[], rows: readonly Row[]): MetricFamily {
  return { name, help, type: "counter", labelNames, samples: rows.map((row) => ({ name, ...row })) };
}

function gauge(name: string, help: string, labelNames: readonly string[], rows: readonly Row[]): MetricFamily {
  return { ...counter(name, help, labelNames, rows), type: "gauge" };
}

function histogram(
  name: string,
  help: string,
  labelNames: readonly string[],
  samples: (name: string) => readonly MetricSample[],
): MetricFamily {
  return { name, help, type: "histogram", labelNames, samples: samples(name) };
}
