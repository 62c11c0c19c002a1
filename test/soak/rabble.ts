import { Random } from "../../src/testing/random.js";
import { answerQuestions, notice } from "../support/redis/chaos/questions.js";
import * as backends from "./backends.js";
import { Beat } from "./beat.js";
import * as listeners from "./listeners.js";
import type { SoakPromise } from "./soak-report.js";
import * as strangers from "./strangers.js";
import * as talkers from "./talkers.js";

import { Visitor } from "./visitor.js";

// Whoever comes for a moment, to the worlds whose processes it is told of: one of each kind after the other, in an order that
// `SEED` decides, and each kind as often as any. What one hears is judged by itself.

/** Between two who come. */
const VISIT_MS = 250;
const { NAME: name = "", SEED: seed = "1" } = process.env;
const random = new Random(Number(seed)).fork(name);

const kinds = new Map<string, (visitor: Visitor) => Promise<void>>(
  Object.entries({ ...strangers, ...talkers, ...listeners, ...backends }),
);

/** A world, and how often something has begun or ended to befall it: a visit that sees none of it can't be cut short. */
interface Place {
  readonly urls: readonly string[];
  readonly troubles: number;
  readonly isTroubled: boolean;
}

let places: readonly Place[] = [];
let waiting: string[] = [];
let isOpen = false;
let visits = 0;
const here = new Map<Visitor, Promise<void>>();
const tally: Record<string, { done: number; cut: number }> = {};
const checks: Partial<Record<SoakPromise, number>> = {};

function violate(promise: SoakPromise, what: string): void {
  notice("violated", { promise, what });
}

async function visit(kind: string, index: number): Promise<void> {
  const before = places[index];
  if (before === undefined) return;
  visits += 1;
  const visitor = new Visitor({
    name: `${name}-${visits}`,
    random: random.fork(String(visits)),
    urls: () => places[index]?.urls ?? [],
    checked: (promise) => {
      checks[promise] = (checks[promise] ?? 0) + 1;
    },
    violate: (promise, what) => violate(promise, `${kind}, ${what}`),
  });
  const counts = (tally[kind] ??= { done: 0, cut: 0 });
  const ended = go(visitor, kind).then(
    () => {
      counts.done += 1;
    },
    (error: unknown) => {
      counts.cut += 1;
      const isCalm = !before.isTroubled && before.troubles === places[index]?.troubles && isOpen;
      // Whether the machine had time for it, who asks knows.
      if (isCalm) notice("cut", { what: `${kind}, ${visitor.name}: ${error instanceof Error ? error.stack : error}` });
    },
  );
  here.set(visitor, ended);
  await ended;
  here.delete(visitor);
}

async function go(visitor: Visitor, kind: string): Promise<void> {
  using _ = visitor;
  await kinds.get(kind)?.(visitor);
}

const stream = new Beat(
  VISIT_MS,
  () => {
    if (waiting.length === 0) waiting = shuffle([...kinds.keys(), ...kinds.keys()]);
    const kind = waiting.pop();
    if (kind !== undefined && here.size < MOST) void visit(kind, random.below(places.length));
  },
  () => notice("starved"),
);

function shuffle<Item>(items: readonly Item[]): Item[] {
  const left = [...items];
  return items.flatMap(() => left.splice(random.below(left.length), 1));
}

answerQuestions({
  at(given: readonly Place[]) {
    places = given;
  },
  come() {
    if (isOpen) return;
    isOpen = true;
    stream.start();
  },
  /** All lose their connections. Resolves when that is so. */
  async leave() {
    isOpen = false;
    stream.stop();
    for (const visitor of here.keys()) visitor[Symbol.dispose]();
    await Promise.all(here.values());
  },
  /** Of each kind two come to this world, but of those who stay long: what is done for the first time is done then. */
  async warm(index: number) {
    isOpen = true;
    const quick = [...kinds.keys()].filter((kind) => !kind.startsWith("stall"));
    const due = shuffle([...quick, ...quick]);
    const lane = async () => {
      for (let kind = due.pop(); kind !== undefined; kind = due.pop()) await visit(kind, index);
    };
    await Promise.all(Array.from({ length: WARM_AT_ONCE }, lane));
    isOpen = false;
  },
  told: () => ({ tally, checks }),
});
notice("ready");

/** At the same time. */
const MOST = 60;
const WARM_AT_ONCE = 6;
