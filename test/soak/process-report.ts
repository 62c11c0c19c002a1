import type { Measurement } from "./measurement.js";
import { megabytes, type ProcessReport, type Violation } from "./soak-report.js";
import type { Serving } from "./world.js";

/** What a process held over its life, when everybody has gone. */
export async function processReport(serving: Serving, beganMs: number): Promise<ProcessReport> {
  const [first, ...crowded] = serving.measurements;
  if (first === undefined) throw new Error(`${serving.name} was never measured.`);
  const after = await serving.measureAtRest(first.measurement);
  const lifeMs = performance.now() - serving.startedAtMs;
  const quarterAtMs = serving.startedAtMs + lifeMs / 4;
  const quarter = crowded.find(({ atMs }) => atMs >= quarterAtMs - SLACK * lifeMs);
  const last = crowded.at(-1);
  const isLongEnough = quarter !== undefined && last !== undefined && last.atMs - quarter.atMs > lifeMs / 2;
  return {
    name: serving.name,
    seconds: Math.round(lifeMs / 1_000),
    before: first.measurement,
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
  const left = held.flatMap(([what, of]) =>
    of(after) > of(before) ? [`${name}: ${of(before)} ${what} before anybody came, and ${of(after)} in the end`] : [],
  );
  const timers = after.timers.length > before.timers.length ? newTimers(before.timers, after.timers) : [];
  const kinds = Object.entries(after.resources).flatMap(([kind, count]) =>
    count > (before.resources[kind] ?? 0)
      ? [`${name}: ${before.resources[kind] ?? 0} ${kind} before anybody came, and ${count} in the end`]
      : [],
  );
  const grown =
    growth !== undefined && growth > MOST_GROWTH
      ? [`${name}: the heap grew × ${growth.toFixed(3)} (${heap.map(({ bytes }) => megabytes(bytes)).join(", ")})`]
      : [];
  return [
    ...[...left, ...kinds, ...timers.map((where) => `${name}: a timer is left of ${where}`)].map(
      (what) => ({ promise: "rest", what }) as const,
    ),
    ...grown.map((what) => ({ promise: "heap", what }) as const),
  ];
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

/** Of the heap at a quarter of the life. */
const MOST_GROWTH = 1.1;
/** Of a life: a measurement is made between two rounds, not at a time of its own. */
const SLACK = 0.1;
