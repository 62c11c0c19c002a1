import type { ProcessSample } from "../../src/dashboard/contract.js";

/** What a sample says of its moment. */
const levels = [
  "connections",
  "users",
  "channels",
  "outboxBytes",
  "waitingBytes",
  "slow",
  "loopDelayMs",
  "loopDelayMaxMs",
  "rssBytes",
  "heapBytes",
] as const satisfies readonly (keyof ProcessSample)[];

/** What a sample has counted since its process began. */
const counters = [
  "cpuMicros",
  "opened",
  "closed",
  "refused",
  "messagesReceived",
  "messagesSent",
  "bytesReceived",
  "bytesSent",
  "eventsPublished",
  "errorsAnswered",
  "handlerErrors",
  "rateLimited",
  "slowConsumers",
  "eventsDropped",
  "gaps",
] as const satisfies readonly (keyof ProcessSample)[];

export type Measure = (typeof levels)[number] | (typeof counters)[number];

/** One moment, of one process or of all: what was counted is told by the second. Undefined is what is not known. */
export type Point = Readonly<Record<Measure, number | undefined>>;

/** Past so long between two samples nothing is said of how it was meanwhile. Of the past one of every 5 s is kept. */
export const LONGEST_STEP_MS = 12_000;

/** A sample beside the one before it of the same process. */
export function pointOf(sample: ProcessSample, before: ProcessSample | undefined): Point {
  const stepMs = before === undefined ? 0 : sample.atMs - before.atMs;
  const isStep = stepMs > 0 && stepMs <= LONGEST_STEP_MS;
  const perSecond = (name: (typeof counters)[number]) => {
    const more = before === undefined ? -1 : sample[name] - before[name];
    // Nothing counts down.
    return isStep && more >= 0 ? (more * 1_000) / stepMs : undefined;
  };
  return Object.fromEntries([
    ...levels.map((name) => [name, sample[name]]),
    ...counters.map((name) => [name, perSecond(name)]),
  ]) as Point; // all names of the two lists
}

/** Several processes as one: sums, and of the event loops' delays the longest. Of none nothing is known. */
export function sumOf(points: readonly Point[]): Point {
  return Object.fromEntries([...levels, ...counters].map((name) => [name, together(name, points)])) as Point; // likewise
}

/** One measure of several processes. */
export function together(name: Measure, points: readonly (Point | undefined)[]): number | undefined {
  let all: number | undefined;
  for (const point of points) {
    const value = point?.[name];
    if (value === undefined) continue;
    all = all === undefined ? value : isWorst(name) ? Math.max(all, value) : all + value;
  }
  return all;
}

/** Two loops that are late are not later together. */
function isWorst(name: Measure): boolean {
  return name === "loopDelayMs" || name === "loopDelayMaxMs";
}
