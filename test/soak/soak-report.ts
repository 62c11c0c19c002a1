import type { Stats } from "tidings";
import type { Measurement } from "./measurement.js";
import type { AtRest } from "./serving-process.js";

/** What is held: the promises of PROTOCOL.md, and what follows from them. */
export const soakPromises = [
  "order",
  "resume",
  "no early talk",
  "one at a time",
  "bounded",
  "once",
  "stored",
  "presence",
  "refused as the table says",
  /** Nothing goes wrong that nobody was told of, and nobody is cut off while nothing befalls. */
  "no failure",
  /** When all have gone nothing is left of them. */
  "rest",
  /** The heap does not grow. */
  "heap",
] as const;
export type SoakPromise = (typeof soakPromises)[number];

export interface Violation {
  readonly promise: SoakPromise;
  /** The evidence. */
  readonly what: string;
}

/** What one process has counted. */
export interface WatchedCounts {
  readonly name: string;
  readonly checks: Readonly<Partial<Record<SoakPromise, number>>>;
  readonly stats: Stats;
}

/** One process that was there in the end. */
export interface ProcessReport {
  readonly name: string;
  /** How long it lived. */
  readonly seconds: number;
  /** Before anybody had come, and when all had gone. */
  readonly before: AtRest;
  readonly after: AtRest;
  /** With the crowd there, and nobody else: at which second of the run the heap had how many bytes. */
  readonly heap: readonly { readonly atSeconds: number; readonly bytes: number; readonly connections: number }[];
  /** The heap in the end, by that at a quarter of its life; undefined where it can't be told: it took the place of another, or lived too short a time. */
  readonly growth: number | undefined;
}

export interface SoakReport {
  readonly seed: number;
  readonly seconds: number;
  readonly rounds: number;
  /** Of them, those in which the machine had no time for one of the processes for a while: there lateness is no fault. */
  readonly starvedRounds: number;
  /** What befell, and how often. */
  readonly faults: Readonly<Record<string, number>>;
  readonly clients: {
    readonly ofTheCrowd: number;
    readonly came: number;
    readonly left: number;
    /** By their kind: those whose visit went its way, and those who were cut off by what befell. */
    readonly visits: Readonly<Record<string, { readonly done: number; readonly cut: number }>>;
  };
  readonly messages: {
    readonly published: number;
    readonly acknowledged: number;
    readonly received: number;
    readonly sent: number;
    readonly replayed: number;
    readonly gaps: number;
    readonly rateLimited: number;
    readonly slowConsumers: number;
    readonly pingTimeouts: number;
    readonly handshakesRefused: number;
    readonly connectionsOpened: number;
  };
  /** How often each promise was looked at. */
  readonly checks: Readonly<Record<SoakPromise, number>>;
  readonly violations: readonly Violation[];
  readonly processes: readonly ProcessReport[];
  /** Keys in Redis when all had gone, and those of them that stay for ever. */
  readonly redisKeys: { readonly left: number; readonly forever: readonly string[] };
}

/** All of it in words. */
export function describeSoak(report: SoakReport): string {
  const { clients, messages, checks, violations, redisKeys } = report;
  const visits = Object.entries(clients.visits).toSorted(([some], [others]) => some.localeCompare(others));
  return [
    `Soaked for ${report.seconds} s in ${report.rounds} rounds, seed ${report.seed}.`,
    ...(report.starvedRounds > 0
      ? [`In ${report.starvedRounds} of them the machine was too busy to expect everything in time.`]
      : []),
    "",
    "What befell",
    ...table(Object.entries(report.faults).map(([what, times]) => [what, String(times)])),
    "",
    "Who came",
    ...table([
      [
        "clients of ours that stay, come back, leave",
        `${clients.ofTheCrowd}; ${clients.came} came, ${clients.left} left`,
      ],
      ...visits.map(([kind, { done, cut }]) => [inWords(kind), `${done}${cut > 0 ? `, and ${cut} cut off` : ""}`]),
    ]),
    "",
    "What was said",
    ...table(Object.entries(messages).map(([what, count]) => [inWords(what), count.toLocaleString("en")])),
    "",
    "What was held, and how often it was looked at",
    ...table(
      soakPromises.map((promise) => {
        const broken = violations.filter((violation) => violation.promise === promise).length;
        return [promise, `${checks[promise].toLocaleString("en")}${broken > 0 ? `, broken ${broken} times` : ""}`];
      }),
    ),
    "",
    "What the processes held before anybody came, and when all had gone",
    ...report.processes.flatMap(describeProcess),
    `  Redis: ${redisKeys.left} keys, ${redisKeys.forever.length} of them for ever`,
    "",
    ...violations.slice(0, MOST_TOLD).map(({ promise, what }) => `✗ ${promise}: ${what}`),
    violations.length === 0
      ? `Every promise is kept.${notJudged(report)}`
      : `${violations.length} times a promise was broken. Again: npm run soak -- --seed ${report.seed}`,
  ].join("\n");
}

/** Who took the place of another, or lived too short a time, says nothing of whether the heap grows. */
function notJudged({ processes }: SoakReport): string {
  const names = processes.filter(({ growth }) => growth === undefined).map(({ name }) => name);
  return names.length === 0 ? "" : ` Not judged: whether the heap of ${names.join(" and ")} grows: it came late.`;
}

function describeProcess({ name, seconds, before, after, heap, growth }: ProcessReport): string[] {
  const pair = (what: (measurement: Measurement) => number) =>
    `${what(before.measurement)} → ${what(after.measurement)}`;
  const held = [
    `${pair(({ connections }) => connections)} connections`,
    `${pair(({ channels }) => channels)} channels`,
    `${pair(({ timers }) => timers.length)} timers`,
    `${pair(({ sockets }) => sockets)} sockets`,
    `${before.holdings.entries} → ${after.holdings.entries} entries of Maps and Sets`,
    `heap ${megabytes(before.measurement.heapBytes)} → ${megabytes(after.measurement.heapBytes)}`,
  ];
  const curve = heap.map(({ atSeconds, bytes }) => `${megabytes(bytes)} at ${atSeconds} s`);
  const grown = growth === undefined ? "not to be compared" : `× ${growth.toFixed(3)} since a quarter of its life`;
  return [`  ${name} (${seconds} s): ${held.join(", ")}`, `    heap with the crowd: ${curve.join(", ")}: ${grown}`];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(0, ...rows.map(([name = ""]) => name.length));
  return rows.map(([name = "", value = ""]) => `  ${name.padEnd(width)}  ${value}`);
}

/** `stallInFrame` → `stall in frame`. */
function inWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** More violations tell no more. */
const MOST_TOLD = 20;
