import { bytesText, countText, durationText } from "../shared/quantity.js";
import type { Measure } from "./point.js";

export type Unit = "count" | "rate" | "bytes" | "byteRate" | "ms" | "cpu";

/** Something to be drawn over the last 15 minutes. */
export interface Figure {
  readonly title: string;
  /** What the numbers are, where that is not plain. */
  readonly hint?: string;
  readonly unit: Unit;
  readonly lines: readonly { readonly label: string; readonly measure: Measure }[];
}

/** All that the overview shows, in its order. */
export const figures: readonly Figure[] = [
  {
    title: "Connections",
    hint: "A user with connections to two processes counts in both.",
    unit: "count",
    lines: [
      { label: "connections", measure: "connections" },
      { label: "users", measure: "users" },
    ],
  },
  {
    title: "Come and gone",
    unit: "rate",
    lines: [
      { label: "opened", measure: "opened" },
      { label: "closed", measure: "closed" },
      { label: "refused", measure: "refused" },
    ],
  },
  {
    title: "Messages",
    unit: "rate",
    lines: [
      { label: "in", measure: "messagesReceived" },
      { label: "out", measure: "messagesSent" },
      { label: "events published", measure: "eventsPublished" },
    ],
  },
  {
    title: "Bytes",
    unit: "byteRate",
    lines: [
      { label: "in", measure: "bytesReceived" },
      { label: "out", measure: "bytesSent" },
    ],
  },
  {
    title: "Waiting bytes",
    hint: "Outbox: what sockets have not taken. Handlers: what came and is not handled yet.",
    unit: "bytes",
    lines: [
      { label: "outbox", measure: "outboxBytes" },
      { label: "for handlers", measure: "waitingBytes" },
    ],
  },
  {
    title: "Stopped reading",
    unit: "count",
    lines: [{ label: "connections", measure: "slow" }],
  },
  {
    title: "Lost to slow reading",
    hint: "Connections closed with slow_consumer, events dropped, and gaps told.",
    unit: "rate",
    lines: [
      { label: "closed", measure: "slowConsumers" },
      { label: "dropped", measure: "eventsDropped" },
      { label: "gaps", measure: "gaps" },
    ],
  },
  {
    title: "Errors",
    hint: "What was answered with an error, of it over a rate, and what handlers threw.",
    unit: "rate",
    lines: [
      { label: "answered", measure: "errorsAnswered" },
      { label: "over a rate", measure: "rateLimited" },
      { label: "thrown", measure: "handlerErrors" },
    ],
  },
  {
    title: "Event loop delay",
    hint: "How late a timer is. Of several processes the worst.",
    unit: "ms",
    lines: [
      { label: "median", measure: "loopDelayMs" },
      { label: "at worst", measure: "loopDelayMaxMs" },
    ],
  },
  {
    title: "Memory",
    unit: "bytes",
    lines: [
      { label: "of the process", measure: "rssBytes" },
      { label: "heap", measure: "heapBytes" },
    ],
  },
  {
    title: "CPU",
    hint: "100 % is one core.",
    unit: "cpu",
    lines: [{ label: "CPU", measure: "cpuMicros" }],
  },
  {
    title: "Channels",
    hint: "A channel that is heard in two processes counts in both.",
    unit: "count",
    lines: [{ label: "channels", measure: "channels" }],
  },
];

/** Each measure that is drawn, once. */
export const drawn: readonly Measure[] = [
  ...new Set(figures.flatMap(({ lines }) => lines.map(({ measure }) => measure))),
];

/** With its unit; "–" for what is not known. */
export function valueText(unit: Unit, value: number | undefined): string {
  if (value === undefined) return "–";
  switch (unit) {
    case "count":
      return countText(Math.round(value));
    case "rate":
      return `${short(value)}/s`;
    case "bytes":
      return bytesText(Math.round(value));
    case "byteRate":
      return `${bytesText(Math.round(value))}/s`;
    case "ms":
      return value < 10 ? `${short(value)} ms` : durationText(value);
    case "cpu":
      return `${short(value / MICROS_PER_PERCENT)} %`;
  }
}

/** As `cpuMicros` is told by the second: a hundredth of a second's microseconds. */
export const MICROS_PER_PERCENT = 10_000;

/** Three digits, or as many as it has. */
function short(value: number): string {
  if (value === 0 || value >= 100) return countText(Math.round(value));
  return value >= 10 ? value.toFixed(1).replace(/\.0$/, "") : value.toFixed(2).replace(/\.?0+$/, "");
}
