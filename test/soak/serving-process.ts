import type { RedisOptions } from "tidings/redis";
import type { AskedProcess } from "../support/redis/chaos/asked-process.js";
import type { Acknowledged } from "../support/redis/chaos/topics.js";
import type { Holdings, Measurement } from "./measurement.js";
import { startSoakProcess } from "./soak-process.js";
import type { Violation, WatchedCounts } from "./soak-report.js";

export interface ServingOptions {
  readonly name: string;
  readonly broker: RedisOptions | undefined;
  readonly acknowledged: (acknowledged: Acknowledged) => void;
  /** The machine has no time for it. */
  readonly starved: () => void;
  readonly violate: (violation: Violation) => void;
}

/** One process of an app. */
export class Serving {
  readonly name: string;
  readonly process: AskedProcess;
  readonly startedAtMs = performance.now();
  url = "";
  /** Before anybody came. */
  first: AtRest | undefined;
  /** With the crowd there, and nobody else. */
  readonly measurements: { readonly atMs: number; readonly measurement: Measurement }[] = [];
  #pid = 0;
  #acknowledged = 0;
  #aways = 0;
  #awaysBefore = 0;
  #isAway = false;
  #closed: Closed | undefined;
  /** What went wrong and nobody was told of, and how often. */
  readonly #failures = new Map<string, number>();

  constructor({ name, broker, acknowledged, starved, violate }: ServingOptions) {
    this.name = name;
    const env = { NAME: name, BROKER: broker === undefined ? "" : JSON.stringify(broker) };
    this.process = startSoakProcess("serving.ts", env, (notice, what) => {
      switch (notice) {
        case "listening":
          // serving.ts says so, here and below.
          ({ url: this.url, pid: this.#pid } = what as { readonly url: string; readonly pid: number });
          break;
        case "acknowledged":
          this.#acknowledged += 1;
          acknowledged(what as Acknowledged);
          break;
        case "violated":
          violate(what as Violation);
          break;
        case "failed":
          this.#failures.set(String(what), (this.#failures.get(String(what)) ?? 0) + 1);
          break;
        case "broker_away":
          this.#aways += 1;
          this.#isAway = true;
          break;
        case "broker_back":
          this.#isAway = false;
          break;
        case "starved":
          starved();
          break;
        case "closed":
          this.#closed = what as Closed;
      }
    });
  }

  listens(): Promise<void> {
    return this.process.until("it listens", () => this.url !== "");
  }

  flows(): Promise<void> {
    const due = this.#acknowledged + SOME;
    return this.process.until("it publishes", () => this.#acknowledged >= due);
  }

  nextAway(): Promise<void> {
    const due = this.#aways + 1;
    return this.process.until("its broker is away", () => this.#aways >= due);
  }

  isBack(): Promise<void> {
    return this.process.until("its broker is back", () => !this.#isAway);
  }

  async toldLast(): Promise<WatchedCounts> {
    return { name: this.name, ...(await this.process.ask<Omit<WatchedCounts, "name">>("told")) };
  }

  /** Before anybody comes. */
  async measureFirst(): Promise<void> {
    this.first = await this.process.ask<AtRest>("first");
  }

  /** With so many connections. */
  async measureAt(connections: number): Promise<void> {
    const measurement = await this.process.ask<Measurement>("at", connections);
    this.measurements.push({ atMs: performance.now(), measurement });
  }

  /** When everybody has gone. */
  measureAtRest(before: AtRest): Promise<AtRest> {
    return this.process.ask<AtRest>("rests", before);
  }

  /** What went wrong since this was asked last, but for work that needed the broker while that was away. */
  takeFailures(): readonly string[] {
    const wasAway = this.#aways > this.#awaysBefore;
    this.#awaysBefore = this.#aways;
    const failures = [...this.#failures].filter(([what]) => !(wasAway && FOR_WANT_OF_BROKER.test(what)));
    this.#failures.clear();
    return failures.map(([what, times]) => `${this.name}, ${times} times: ${what}`);
  }

  /** As a deploy does. Resolves with what was left of it, when it has ended. */
  async drain(): Promise<Closed> {
    process.kill(this.#pid, "SIGTERM");
    await this.process.until("it has drained", () => this.#closed !== undefined);
    await this.process.kill();
    if (this.#closed === undefined) throw new Error(`${this.name} has not said how it closed.`);
    return this.#closed;
  }
}

/** What a process holds while nobody is connected. */
export interface AtRest {
  readonly measurement: Measurement;
  readonly holdings: Holdings;
}

/** What a process tells when it has drained. */
export interface Closed extends Omit<WatchedCounts, "name"> {
  readonly living: readonly string[];
  readonly timers: readonly string[];
  readonly held: readonly string[];
}

/** A task's work, which says how far it is. */
const FOR_WANT_OF_BROKER = /^task "soak": TidingsError: unavailable/;
/** Enough that each topic has had one. */
const SOME = 12;
