import type { Holdings, Measurement } from "./measurement.js";
import type { Serving } from "./serving-process.js";
import { megabytes, type ProcessReport, type Violation } from "./soak-report.js";

/** What a process held over its life, when everybody has gone. */
export async function processReport(serving: Serving, beganMs: number): Promise<ProcessReport> {
  const { first: before, measurements: crowded } = serving;
  if (before === undefined) throw new Error(`${serving.name} was never measured.`);
  const after = await serving.measureAtRest(before);
  const lifeMs = performance.now() - serving.startedAtMs;
  const quarterAtMs = serving.startedAtMs + lifeMs / 4;
  const quarter = crowded.find(({ atMs }) => atMs >= quarterAtMs - SLACK * lifeMs);
  const last = crowded.at(-1);
  const isLongEnough =
    serving.isWarm && quarter !== undefined && last !== undefined && last.atMs - quarter.atMs > lifeMs / 2;
  return {
    name: serving.name,
    seconds: Math.round(lifeMs / 1_000),
    before,
    after,
    heap: crowded.map(({ atMs, measurement }) => ({
      atSeconds: Math.round((atMs - beganMs) / 1_000),
      bytes: measurement.heapBytes,
      connections: measurement.connections,
    })),
    growth: isLongEnough ? last.measurement.heapBytes / quarter.measurement.heapBytes : undefined,
  };
}

/** What is left of who has gone. */
export function faultsOfRest({ name, before, after, growth, heap }: ProcessReport): Violation[] {
  const [then, now] = [before.measurement, after.measurement];
  const left = [
    ...held.map(([what, of]) => [what, of(then), of(now)] as const),
    ...Object.entries(now.resources).map(([kind, count]) => [kind, then.resources[kind] ?? 0, count] as const),
    ...Object.entries(after.holdings.instances).map(
      ([kind, count]) => [`objects ${kind}`, before.holdings.instances[kind] ?? 0, count] as const,
    ),
    ...Object.entries(after.holdings.listeners).map(
      ([event, count]) =>
        [`listeners of the process's ${event}`, before.holdings.listeners[event] ?? 0, count] as const,
    ),
    [
      `entries of Maps and Sets (${after.holdings.largest})`,
      before.holdings.entries + MORE_ENTRIES + after.holdings.keys,
      after.holdings.entries,
    ] as const,
  ]
    .filter(([, some, others]) => others > some)
    .map(([what, some, others]) => `${name}: ${some} ${what} before anybody came, and ${others} in the end`);
  const timers = now.timers.length > then.timers.length ? newTimers(then.timers, now.timers) : [];
  const grown =
    growth !== undefined && growth > MOST_GROWTH
      ? [`${name}: the heap grew × ${growth.toFixed(3)} (${heap.map(({ bytes }) => megabytes(bytes)).join(", ")})`]
      : [];
  return [
    ...[...left, ...timers.map((where) => `${name}: a timer is left of ${where}`)].map(
      (what) => ({ promise: "rest", what }) as const,
    ),
    ...grown.map((what) => ({ promise: "heap", what }) as const),
  ];
}

/** Does it hold what it did not hold before, beyond what it may remember? */
export function holdsMore(now: Holdings, before: Holdings): boolean {
  const isMore = ([kind, count]: [string, number]) => count > (before.instances[kind] ?? 0);
  return now.entries > before.entries + MORE_ENTRIES + now.keys || Object.entries(now.instances).some(isMore);
}

/** Where those were set that are left; of many from one place one. */
function newTimers(before: readonly string[], after: readonly string[]): readonly string[] {
  const count = (timers: readonly string[], where: string) => timers.filter((each) => each === where).length;
  return [...new Set(after)].filter((where) => count(after, where) > count(before, where));
}

const held: readonly (readonly [string, (measurement: Measurement) => number])[] = [
  ["connections", ({ connections }) => connections],
  ["connections that never closed", ({ living }) => living],
  ["users", ({ users }) => users],
  ["channels", ({ channels }) => channels],
  ["handshakes on their way", ({ pending }) => pending],
  ["bytes that wait", ({ waitingBytes }) => waitingBytes],
  ["timers", ({ timers }) => timers.length],
  ["sockets", ({ sockets }) => sockets],
];

/** What may be remembered of who has gone: revocations, users of tasks, metrics by their labels. Fewer than channels came. */
const MORE_ENTRIES = 350;
/** Of the heap at a quarter of the life. */
const MOST_GROWTH = 1.1;
/** Of a life: a measurement is made between two rounds, not at a time of its own. */
const SLACK = 0.1;
