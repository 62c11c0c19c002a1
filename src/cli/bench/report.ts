import { sizeText } from "../../base/size.js";
import type { Histogram } from "./histogram.js";
import type { Loaded } from "./load.js";
import type { Plan } from "./plan.js";
import type { Reasons } from "./reasons.js";
import type { Target } from "./target.js";

/** What a program reads. Times are in milliseconds. */
export interface Report {
  readonly url: string;
  readonly addresses: readonly string[];
  readonly probe: string;
  readonly isWhole: boolean;
  readonly seconds: number;
  readonly errors: number;
  readonly connections: {
    readonly wanted: number;
    readonly opened: number;
    readonly failed: Counted;
    readonly lost: Counted;
    readonly openedIn: Percentiles | null;
  };
  readonly messages: {
    readonly sent: number;
    readonly sentPerSecond: number;
    readonly answered: number;
    readonly refused: Counted;
    readonly unanswered: number;
    readonly held: number;
    readonly late: number;
  };
  readonly received: { readonly messages: number; readonly perSecond: number; readonly bytes: number };
  readonly roundTrip: (Percentiles & { readonly steps: readonly { belowMs: number; count: number }[] }) | null;
  /** Of one core, used by this process. */
  readonly ownShare: number;
}

interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly "p99.9": number;
  readonly max: number;
}

interface Counted {
  readonly count: number;
  readonly reasons: ReturnType<Reasons["list"]>;
}

export function reportOf(target: Target, plan: Plan, { tally, loadMs, ownShare }: Loaded, isWhole: boolean): Report {
  const perSecond = (count: number) => (loadMs === 0 ? 0 : round((count * 1_000) / loadMs, 1));
  const { roundTrips, openings } = tally;
  return {
    url: target.shown,
    addresses: target.addresses.map(({ address }) => address),
    probe: plan.probe.name,
    isWhole,
    seconds: round(loadMs / 1_000, 3),
    errors: tally.errors,
    connections: {
      wanted: plan.connections,
      opened: tally.opened,
      failed: counted(tally.failed),
      lost: counted(tally.lost),
      openedIn: percentilesOf(openings),
    },
    messages: {
      sent: tally.sent,
      sentPerSecond: perSecond(tally.sent),
      answered: roundTrips.count,
      refused: counted(tally.refused),
      unanswered: tally.unanswered,
      held: tally.held,
      late: tally.late,
    },
    received: { messages: tally.received, perSecond: perSecond(tally.received), bytes: tally.receivedBytes },
    roundTrip: withSteps(roundTrips),
    ownShare: round(ownShare, 2),
  };
}

/** The same for people. */
export function reportText(report: Report, { rate, probe }: Plan): string {
  const { connections, messages, roundTrip } = report;
  const ended = report.isWhole ? "" : " (ended early)";
  return [
    `${report.url}: ${report.probe}, ${rate} from each connection, for ${report.seconds} s${ended}`,
    "",
    row(
      "connections",
      `${number(connections.opened)} of ${number(connections.wanted)} opened`,
      timesOf(connections.openedIn),
    ),
    ...reasonsOf("failed", connections.failed),
    ...reasonsOf("lost", connections.lost),
    ...(connections.opened > 0 ? messageRows(report, probe.isAnswered) : []),
    ...(roundTrip === null ? [] : ["", row("round trip", timesOf(roundTrip)), ...bars(roundTrip.steps)]),
    ...(connections.opened > 0
      ? ["", row("this process", `${Math.round(report.ownShare * 100)} % of a core`, lateText(messages))]
      : []),
  ].join("\n");
}

function messageRows({ messages, received }: Report, isAnswered: boolean): readonly string[] {
  const heard = `${number(received.perSecond)} a second, ${sizeText(received.bytes)}`;
  return [
    row("sent", number(messages.sent), `${number(messages.sentPerSecond)} a second`),
    ...rowUnlessNone(
      "not sent",
      messages.held,
      "due, and the connection was gone, had too much without an answer, or this process could not",
    ),
    ...(isAnswered ? [row("answered", number(messages.answered))] : []),
    ...reasonsOf("refused", messages.refused),
    ...rowUnlessNone("unanswered", messages.unanswered),
    row("received", `${number(received.messages)} messages`, heard),
  ];
}

/** A share from which on the numbers are those of the load, and not those of the server. */
export const BUSY = 0.85;

function lateText({ late, sent }: Report["messages"]): string {
  if (late === 0) return "everything was sent when it was due";
  return `${number(late)} of ${number(sent)} were sent late, and count from when they were due`;
}

function counted(reasons: Reasons): Counted {
  return { count: reasons.total, reasons: reasons.list() };
}

function percentilesOf(histogram: Histogram): Percentiles | null {
  if (histogram.count === 0) return null;
  const at = (percent: number) => round(histogram.percentile(percent), 3);
  return { p50: at(50), p90: at(90), p99: at(99), "p99.9": at(99.9), max: round(histogram.maxMs, 3) };
}

function withSteps(histogram: Histogram): Report["roundTrip"] {
  const found = percentilesOf(histogram);
  return found && { ...found, steps: histogram.steps() };
}

function timesOf(found: Percentiles | null): string {
  if (found === null) return "";
  const names = ["p50", "p90", "p99", "p99.9", "max"] as const;
  return `${names.map((name) => `${name} ${msText(found[name])}`).join("  ")} ms`;
}

function reasonsOf(name: string, { count, reasons }: Counted): readonly string[] {
  if (count === 0) return [];
  return [row(name, number(count), reasons.map((each) => `${each.reason} (${number(each.count)})`).join(", "))];
}

function rowUnlessNone(name: string, count: number, ...values: readonly string[]): readonly string[] {
  return count === 0 ? [] : [row(name, number(count), ...values)];
}

function bars(steps: readonly { belowMs: number; count: number }[]): readonly string[] {
  const most = Math.max(...steps.map(({ count }) => count));
  const first = steps.findIndex(({ count }) => count > 0);
  return steps.slice(first).map(({ belowMs, count }) => {
    const bar = count === 0 ? "" : "▇".repeat(Math.max(1, Math.round((count / most) * 40)));
    return `  < ${msText(belowMs).padStart(7)} ms  ${bar} ${number(count)}`;
  });
}

function row(name: string, ...values: readonly string[]): string {
  return `${name.padEnd(14)}${values.filter((value) => value !== "").join("   ")}`;
}

/** Three digits that say something. */
export function msText(ms: number): string {
  return ms >= 100 ? number(Math.round(ms)) : String(Number(ms.toPrecision(3)));
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
