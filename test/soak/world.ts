import type { RedisOptions } from "tidings/redis";
import type { AskedProcess } from "../support/redis/chaos/asked-process.js";
import type { Acknowledged } from "../support/redis/chaos/topics.js";
import { type Closed, Serving } from "./serving-process.js";
import { startSoakProcess } from "./soak-process.js";
import type { Violation, WatchedCounts } from "./soak-report.js";

export interface WorldOptions {
  /** Tells it from others. */
  readonly name: string;
  readonly processes: number;
  readonly clients: number;
  readonly seed: number;
  /** Of the process of this number; undefined: in its memory. */
  readonly broker: ((index: number) => RedisOptions) | undefined;
  readonly violate: (violation: Violation) => void;
}

/** An app in one process or more, and a crowd of clients on all of them. */
export class World implements AsyncDisposable {
  readonly name: string;
  readonly servings: Serving[] = [];
  readonly #options: WorldOptions;
  #crowd: AskedProcess;
  #crowds = 0;
  #started = 0;
  /** Of this round, by whoever published. */
  #acknowledged: Acknowledged[] = [];
  /** What crowds and processes that are gone have told. */
  readonly #past: WatchedCounts[] = [];
  /** How many publishes were acknowledged. */
  acknowledged = 0;
  /** Events that somebody was owed and accounted for; those of crowds that are gone too. */
  heardChecks = 0;
  storedChecks = 0;
  comers = 0;
  leavers = 0;
  /** How often the machine had no time for one of its processes. */
  starved = 0;
  #lastCrowd: CrowdCounts = { checks: 0, comers: 0, leavers: 0 };

  constructor(options: WorldOptions) {
    this.#options = options;
    this.name = options.name;
    this.#crowd = this.#startCrowd();
  }

  /** Resolves when all processes listen and keep as much as ever. Nobody is connected yet. */
  async start(): Promise<void> {
    this.servings.push(...Array.from({ length: this.#options.processes }, (_, index) => this.#startServing(index)));
    await Promise.all(this.servings.map((serving) => serving.listens()));
    await this.servings[0]?.process.ask("fill");
    await Promise.all(this.servings.map((serving) => serving.measureFirst()));
    await this.#tellWhere();
  }

  get urls(): readonly string[] {
    return this.servings.map(({ url }) => url);
  }

  /** All of the crowd come. Resolves when they are there. */
  async fill(): Promise<void> {
    this.#expectNobody("comes in", await this.#crowd.ask<readonly string[]>("fill"));
  }

  /**
   * While everybody publishes, comes and leaves, something happens. Then all are there again; and it is looked whether each
   * heard what was promised.
   */
  async play(befall: () => Promise<void>, gap: "to all" | "to nobody" | "to some"): Promise<void> {
    this.#acknowledged = [];
    await this.#crowd.ask("begin");
    await Promise.all([this.#crowd, ...this.servings.map(({ process }) => process)].map((each) => each.ask("stream")));
    await this.flow();
    await befall();
    await this.#calm();
    await this.flow();
    await Promise.all([this.#crowd, ...this.servings.map(({ process }) => process)].map((each) => each.ask("stop")));
    await this.fill();
    await this.#judge(gap);
  }

  /** Resolves when each process has published some more. */
  async flow(): Promise<void> {
    await Promise.all(this.servings.map((serving) => serving.flows()));
  }

  /** Resolves when all processes have said that the broker is away, from now on. */
  async away(): Promise<void> {
    await Promise.all(this.servings.map((serving) => serving.nextAway()));
  }

  /** Another process takes the place of this one, which is killed, or drains and ends by itself. */
  async replace(index: number, how: "killed" | "drained"): Promise<void> {
    const old = this.serving(index);
    if (how === "drained") this.#farewell(old, await old.drain());
    else this.#past.push(await old.toldLast());
    if (how === "killed") await old.process.kill();
    const other = this.#startServing(index);
    this.servings[index] = other;
    await other.listens();
    // A history in memory has gone with its process: what is kept is to be as much as before.
    if (this.#options.broker === undefined) await other.process.ask("fill");
    await other.measureFirst();
    await this.#tellWhere();
    await other.process.ask("stream");
  }

  /** All clients are killed at once, and as many others come. */
  async replaceCrowd(): Promise<void> {
    await this.#crowd.kill();
    this.#lastCrowd = { checks: 0, comers: 0, leavers: 0 };
    this.#crowd = this.#startCrowd();
    await this.#tellWhere();
    await this.fill();
    await this.#crowd.ask("stream");
  }

  serving(index: number): Serving {
    const serving = this.servings[index];
    if (serving === undefined) throw new Error(`There is no process ${index}.`);
    return serving;
  }

  /** What each process holds while the crowd is there, and nobody else. */
  async measure(): Promise<void> {
    const connected = await Promise.all(this.servings.map(({ process }) => process.ask<number>("connected")));
    await Promise.all(this.servings.map((serving, index) => serving.measureAt(connected[index] ?? 0)));
  }

  async leave(): Promise<void> {
    await this.#crowd.ask("leave");
  }

  /** What was counted in all processes so far, those that are gone too. */
  async counts(): Promise<readonly WatchedCounts[]> {
    return [...this.#past, ...(await Promise.all(this.servings.map((serving) => serving.toldLast())))];
  }

  /** All processes drain, and what is left of them is looked at. */
  async close(): Promise<void> {
    for (const serving of this.servings) this.#farewell(serving, await serving.drain());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#crowd[Symbol.asyncDispose]();
    await Promise.all(this.servings.map(({ process }) => process[Symbol.asyncDispose]()));
  }

  async #calm(): Promise<void> {
    await Promise.all(this.servings.map((serving) => serving.isBack()));
    this.#expectNobody("is live again", await this.#crowd.ask<readonly string[]>("calm"));
  }

  async #judge(gap: "to all" | "to nobody" | "to some"): Promise<void> {
    const told = this.#acknowledged;
    this.#violateAll("resume", await this.#crowd.ask<readonly string[]>("accounted", told));
    const [first] = this.servings;
    if (gap === "to nobody" && first !== undefined) {
      const lost = await first.process.ask<readonly Acknowledged[]>("missing", told.slice(-MOST_STORED));
      this.storedChecks += Math.min(told.length, MOST_STORED);
      this.#violateAll(
        "stored",
        lost.map(({ topic, n, offset }) => `${topic}: ${n} is not kept at ${offset}`),
      );
    }
    const last: Acknowledged[] = [];
    for (const { process } of this.servings) last.push(...(await process.ask<readonly Acknowledged[]>("round")));
    this.#violateAll("order", await this.#crowd.ask<readonly string[]>("heard", last));
    this.#violateAll("presence", await this.#crowd.ask<readonly string[]>("seesAll"));
    this.#violateAll("presence", await this.#countedWrong());
    const verdict = await this.#crowd.ask<Verdict>("verdict");
    this.#count(verdict.counts);
    this.#violateAll("order", verdict.faults);
    const isRight = gap === "to some" || (gap === "to all" ? verdict.withoutGap === 0 : verdict.gaps === 0);
    if (!isRight) {
      const what = `${verdict.gaps} gaps, and ${verdict.withoutGap} heard of none; promised: one ${gap}`;
      this.#violateAll("resume", [`${what}. ${verdict.told.join("; ")}`]);
    }
    for (const serving of this.servings) this.#violateAll("no failure", serving.takeFailures());
  }

  #count(counts: CrowdCounts): void {
    const last = this.#lastCrowd;
    this.heardChecks += counts.checks - last.checks;
    this.comers += counts.comers - last.comers;
    this.leavers += counts.leavers - last.leavers;
    this.#lastCrowd = counts;
  }

  /** What each process tells of who is there, where it is not so. */
  async #countedWrong(): Promise<string[]> {
    const present = JSON.stringify(await this.#crowd.ask<readonly string[]>("present"));
    const wrong = this.servings.map(async ({ name, process }) => {
      const members = await untilSame(
        async () => JSON.stringify((await process.ask<string[]>("present")).toSorted()),
        present,
      );
      return members === undefined ? [] : [`${name} says that ${members} are present, not ${present}`];
    });
    return (await Promise.all(wrong)).flat();
  }

  #farewell({ name }: Serving, closed: Closed): void {
    this.#past.push({ name, checks: closed.checks, stats: closed.stats });
    if (closed.living.length > 0) this.#violateAll("once", [`${name} has ended, and ${closed.living} never closed`]);
    const held = [...closed.held, ...closed.timers];
    if (held.length > 0) this.#violateAll("rest", [`${name} has closed, and there still is ${held.join("; ")}`]);
  }

  #startCrowd(): AskedProcess {
    this.#crowds += 1;
    const { name, clients, seed } = this.#options;
    const first = this.#crowds * NAMES_OF_A_CROWD;
    const env = { NAME: `${name}-crowd-${this.#crowds}`, COUNT: clients, SEED: seed, FIRST: first };
    return startSoakProcess("crowd.ts", env, (notice, what) => {
      if (notice === "acknowledged") this.#take(what as Acknowledged); // crowd.ts says so
      if (notice === "starved") this.starved += 1;
    });
  }

  #startServing(index: number): Serving {
    this.#started += 1;
    return new Serving({
      name: `${this.name}-${this.#started}`,
      broker: this.#options.broker?.(index),
      acknowledged: (acknowledged) => this.#take(acknowledged),
      starved: () => {
        this.starved += 1;
      },
      violate: this.#options.violate,
    });
  }

  #take(acknowledged: Acknowledged): void {
    this.#acknowledged.push(acknowledged);
    this.acknowledged += 1;
  }

  async #tellWhere(): Promise<void> {
    await this.#crowd.ask("at", this.urls);
  }

  #violateAll(promise: Violation["promise"], evidence: readonly string[]): void {
    for (const what of evidence) this.#options.violate({ promise, what: `${this.name}: ${what}` });
  }

  #expectNobody(what: string, left: readonly string[]): void {
    this.#violateAll(
      "resume",
      left.map((each) => `not everybody ${what}: ${each}`),
    );
  }
}

interface CrowdCounts {
  readonly checks: number;
  readonly comers: number;
  readonly leavers: number;
}

interface Verdict {
  readonly faults: readonly string[];
  /** Of all who were there all along. */
  readonly gaps: number;
  readonly withoutGap: number;
  readonly told: readonly string[];
  readonly counts: CrowdCounts;
}

/** More than it ever publishes. */
const NAMES_OF_A_CROWD = 1_000_000_000;
/** The newest of a round: what has fallen out of a history need not be there. */
const MOST_STORED = 200;

/** Asks until the answer is this one; gives the last where it never is. */
async function untilSame(ask: () => Promise<string>, wanted: string): Promise<string | undefined> {
  const endsAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer === wanted) return undefined;
    if (performance.now() > endsAtMs) return answer;
  }
}

const PATIENCE_MS = 60_000;
