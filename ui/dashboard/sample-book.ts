import type { ProcessSample } from "../../src/dashboard/contract.js";
import { type Measure, type Point, sumOf, together } from "./point.js";
import { KEPT_SECONDS, type Moment, ProcessLog, type ProcessNow, type ProcessState } from "./process-log.js";

/** Of more processes those that were heard of longest ago are forgotten. */
const MAX_PROCESSES = 500;

/** Measures over the last 15 minutes, second by second. */
export interface Series {
  /** Since 1970, by this page's clock. */
  readonly seconds: readonly number[];
  readonly values: readonly (readonly (number | undefined)[])[];
}

/**
 * What the processes have told of themselves in the last 15 minutes.
 *
 * Times that are given are of this page's clock (`nowMs`). Those in samples are of the clock of the process, which may show
 * anything: one process's are never compared with another's, but by when they were heard.
 */
export class SampleBook {
  readonly #logs = new Map<string, ProcessLog>();

  /** What was just said. */
  hear(sample: ProcessSample, nowMs: number): void {
    const log = this.#logOf(sample.process);
    if (!sample.isBrokerAway && log.heardAtMs !== undefined && log.newest.isBrokerAway) this.#excuseUnseen(nowMs);
    log.hear(sample, nowMs);
    this.#forget(nowMs);
  }

  /** What was said before this page listened: whether its process still lives is to be heard yet. */
  recall(sample: ProcessSample, nowMs: number): void {
    this.#logOf(sample.process).recall(sample, nowMs);
    this.#forget(nowMs);
  }

  /** From now on what was heard until now does not make a process gone: nothing could be heard. */
  resume(nowMs: number): void {
    for (const log of this.#logs.values()) if (log.heardAtMs !== undefined) log.excusedUntilMs = nowMs;
  }

  /** Those that are there first, each by its name. */
  processes(nowMs: number): ProcessNow[] {
    const moment = this.#momentAt(nowMs);
    const all = [...this.#logs.values()].map((log) => log.at(moment));
    return all.toSorted(
      (a, b) =>
        places[a.state] - places[b.state] ||
        a.sample.name.localeCompare(b.sample.name) ||
        a.sample.process.localeCompare(b.sample.process),
    );
  }

  /** All that are there as one. */
  total(nowMs: number): Point {
    return sumOf(this.processes(nowMs).flatMap(({ point, state }) => (state === "there" ? [point] : [])));
  }

  /** What people call it; undefined where nothing was heard of it. */
  nameOf(process: string): string | undefined {
    return this.#logs.get(process)?.newest.name;
  }

  /** Undefined where nothing was heard of it. */
  stateOf(process: string, nowMs: number): ProcessState | undefined {
    return this.#logs.get(process)?.stateAt(this.#momentAt(nowMs));
  }

  /** Is the broker away, so that no other process can be seen than the one that this page is connected to? */
  isBlind(nowMs: number): boolean {
    return this.#momentAt(nowMs).blindSinceMs !== undefined;
  }

  /** What the clock of a process shows now, as far as is known. */
  clockOf(process: string, nowMs: number): number {
    return nowMs + (this.#logs.get(process)?.aheadMs ?? 0);
  }

  /** Of one process, or of all. */
  series(names: readonly Measure[], process?: string | undefined): Series {
    const aheadMs = this.#aheadMs();
    const until = Math.floor(Math.max(0, ...this.#known.map((log) => log.spokeAtMs(aheadMs))) / 1_000);
    const from = until - KEPT_SECONDS + 1;
    const logs = [...this.#logs].filter(([name]) => process === undefined || name === process);
    const rows = logs.map(([, log]) => log.everySecond(from * 1_000 + (log.aheadMs ?? aheadMs)));
    const seconds = Array.from({ length: KEPT_SECONDS }, (_, index) => from + index);
    const pointsOf = seconds.map((_, index) => rows.map((row) => row[index]));
    return { seconds, values: names.map((name) => pointsOf.map((points) => together(name, points))) };
  }

  /** Those that were heard; where none was, those that were told of. */
  get #known(): readonly ProcessLog[] {
    const all = [...this.#logs.values()];
    const heard = all.filter(({ heardAtMs }) => heardAtMs !== undefined);
    return heard.length > 0 ? heard : all;
  }

  #logOf(process: string): ProcessLog {
    const known = this.#logs.get(process);
    if (known) return known;
    const log = new ProcessLog();
    this.#logs.set(process, log);
    return log;
  }

  #momentAt(nowMs: number): Moment {
    const [latest] = [...this.#logs.values()].toSorted((a, b) => (b.heardAtMs ?? 0) - (a.heardAtMs ?? 0));
    // Without a broker only the process that this page is connected to is heard: that it is away says who spoke last.
    const awaySinceMs = latest?.newest.isBrokerAway ? latest.brokerAwaySinceMs : undefined;
    const blindSinceMs = awaySinceMs === undefined ? undefined : awaySinceMs - (latest?.aheadMs ?? 0);
    return { nowMs, aheadMs: this.#aheadMs(), blindSinceMs };
  }

  /** How far the clocks of those that were heard are ahead, at the median: one that is far off misleads nobody. */
  #aheadMs(): number {
    const heard = [...this.#logs.values()].flatMap(({ aheadMs }) => aheadMs ?? []).toSorted((a, b) => a - b);
    const median = heard[Math.floor((heard.length - 1) / 2)];
    if (median !== undefined) return median;
    return Math.max(...[...this.#logs.values()].map(({ newest, recalledAtMs }) => newest.atMs - recalledAtMs));
  }

  /** Those that the broker's being away kept from being heard have time to be so. */
  #excuseUnseen(nowMs: number): void {
    const moment = this.#momentAt(nowMs);
    for (const log of this.#logs.values()) if (log.stateAt(moment) === "unseen") log.excusedUntilMs = nowMs;
  }

  #forget(nowMs: number): void {
    const sinceMs = nowMs - KEPT_SECONDS * 1_000;
    for (const [process, { heardAtMs, recalledAtMs }] of this.#logs) {
      if ((heardAtMs ?? recalledAtMs) < sinceMs) this.#logs.delete(process);
    }
    if (this.#logs.size <= MAX_PROCESSES) return;
    const aheadMs = this.#aheadMs();
    const byAge = [...this.#logs].toSorted(([, a], [, b]) => a.spokeAtMs(aheadMs) - b.spokeAtMs(aheadMs));
    for (const [process] of byAge.slice(0, this.#logs.size - MAX_PROCESSES)) this.#logs.delete(process);
  }
}

const places: Readonly<Record<ProcessState, number>> = { there: 0, unseen: 1, gone: 2 };
