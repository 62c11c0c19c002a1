import type { RedisOptions } from "tidings/redis";
import { ServingProcess } from "../support/redis/chaos/serving-process.js";
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

/** One process of an app, which is measured, and drains. */
export class Serving extends ServingProcess {
  readonly startedAtMs = performance.now();
  /** Before anybody came. */
  first: AtRest | undefined;
  /** Has everything been done there once, before it was measured? Otherwise its heap grows by what is then done for the first time. */
  isWarm = false;
  /** With the crowd there, and nobody else. */
  readonly measurements: { readonly atMs: number; readonly measurement: Measurement }[] = [];
  readonly #options: ServingOptions;
  #awaysBefore = 0;
  #closed: Closed | undefined;

  constructor(options: ServingOptions) {
    const { name, broker, acknowledged } = options;
    const env = { NAME: name, BROKER: broker === undefined ? "" : JSON.stringify(broker) };
    super({ name, start: (hear) => startSoakProcess("serving.ts", env, hear), acknowledged });
    this.#options = options;
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

  /** But for work that needed the broker while that was away. */
  override takeFailures(): readonly string[] {
    const wasAway = this.aways > this.#awaysBefore;
    this.#awaysBefore = this.aways;
    return super.takeFailures((what) => wasAway && FOR_WANT_OF_BROKER.test(what));
  }

  /** As a deploy does. Resolves with what was left of it, when it has ended. */
  async drain(): Promise<Closed> {
    process.kill(this.pid, "SIGTERM");
    await this.process.until("it has drained", () => this.#closed !== undefined);
    await this.process.kill();
    if (this.#closed === undefined) throw new Error(`${this.name} has not said how it closed.`);
    return this.#closed;
  }

  protected override hear(notice: string, what: unknown): void {
    super.hear(notice, what);
    // serving.ts says so.
    if (notice === "violated") this.#options.violate(what as Violation);
    if (notice === "starved") this.#options.starved();
    if (notice === "closed") this.#closed = what as Closed;
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
