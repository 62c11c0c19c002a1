import type { ProcessSample } from "../../src/dashboard/contract.js";
import { LONGEST_STEP_MS, type Measure, type Point, pointOf, sumOf, together } from "./point.js";

/** So much of the past is kept, and shown. */
export const KEPT_SECONDS = 900;
/** A process that is silent for longer than this is taken for gone. */
const GONE_AFTER_MS = 5_000;
/** The last sample stands for so many seconds after its own, for no two processes take theirs at the same time. */
const STANDS_SECONDS = 2;
/** Of more processes those that were heard of longest ago are forgotten. */
const MAX_PROCESSES = 500;

/** One process, as it is now or was when it was heard of last. */
export interface ProcessNow {
  readonly sample: ProcessSample;
  readonly point: Point;
  /** Since when nothing comes of it, by its own clock; undefined as long as it is there. */
  readonly goneSinceMs: number | undefined;
  /** Since when its broker is away, as far as was heard; undefined: it is not. */
  readonly brokerAwaySinceMs: number | undefined;
}

/** Measures over the last 15 minutes, second by second. */
export interface Series {
  /** Since 1970. */
  readonly seconds: readonly number[];
  readonly values: readonly (readonly (number | undefined)[])[];
}

/**
 * What the processes have told of themselves in the last 15 minutes.
 *
 * Times that are given are of this page's clock (`nowMs`); those in samples are of the clock of the process, and go into what
 * is shown as they are.
 */
export class SampleBook {
  readonly #logs = new Map<string, ProcessLog>();

  /** What was just said. */
  hear(sample: ProcessSample, nowMs: number): void {
    const log = this.#logOf(sample.process);
    log.add(sample);
    log.heardAtMs = nowMs;
    log.aheadMs = log.newest.atMs - nowMs;
    this.#forget();
  }

  /** What was said before this page listened: whether its process still lives is to be heard yet. */
  recall(sample: ProcessSample, nowMs: number): void {
    const log = this.#logOf(sample.process);
    log.add(sample);
    log.recalledAtMs = nowMs;
    this.#forget();
  }

  /** From now on what was heard until now does not make a process gone: nothing could be heard. */
  resume(nowMs: number): void {
    for (const log of this.#logs.values()) if (log.heardAtMs !== undefined) log.heardAtMs = nowMs;
  }

  /** Those that are there first, each by its name. */
  processes(nowMs: number): ProcessNow[] {
    const newestMs = this.#newestMs();
    const all = [...this.#logs.values()].map((log) => log.at(nowMs, newestMs));
    return all.toSorted(
      (a, b) =>
        Number(a.goneSinceMs !== undefined) - Number(b.goneSinceMs !== undefined) ||
        a.sample.name.localeCompare(b.sample.name) ||
        a.sample.process.localeCompare(b.sample.process),
    );
  }

  /** All that are there as one. */
  total(nowMs: number): Point {
    return sumOf(this.processes(nowMs).flatMap(({ point, goneSinceMs }) => (goneSinceMs === undefined ? [point] : [])));
  }

  /** What people call it; undefined where nothing was heard of it. */
  nameOf(process: string): string | undefined {
    return this.#logs.get(process)?.newest.name;
  }

  isGone(process: string, nowMs: number): boolean {
    return this.#logs.get(process)?.isGone(nowMs, this.#newestMs()) ?? false;
  }

  /** What the clock of a process shows now, as far as is known. */
  clockOf(process: string, nowMs: number): number {
    return nowMs + (this.#logs.get(process)?.aheadMs ?? 0);
  }

  /** Of one process, or of all. */
  series(names: readonly Measure[], process?: string | undefined): Series {
    const until = Math.floor(this.#newestMs() / 1_000);
    const from = until - KEPT_SECONDS + 1;
    const logs = [...this.#logs].filter(([name]) => process === undefined || name === process);
    const rows = logs.map(([, log]) => log.everySecond(from));
    const seconds = Array.from({ length: KEPT_SECONDS }, (_, index) => from + index);
    const pointsOf = seconds.map((_, index) => rows.map((row) => row[index]));
    return { seconds, values: names.map((name) => pointsOf.map((points) => together(name, points))) };
  }

  #logOf(process: string): ProcessLog {
    const known = this.#logs.get(process);
    if (known) return known;
    const log = new ProcessLog();
    this.#logs.set(process, log);
    return log;
  }

  #newestMs(): number {
    return Math.max(0, ...[...this.#logs.values()].map(({ newest }) => newest.atMs));
  }

  #forget(): void {
    const sinceMs = this.#newestMs() - KEPT_SECONDS * 1_000;
    for (const [process, { newest }] of this.#logs) if (newest.atMs < sinceMs) this.#logs.delete(process);
    if (this.#logs.size <= MAX_PROCESSES) return;
    const byAge = [...this.#logs].toSorted(([, a], [, b]) => a.newest.atMs - b.newest.atMs);
    for (const [process] of byAge.slice(0, this.#logs.size - MAX_PROCESSES)) this.#logs.delete(process);
  }
}

/** What one process has said, the oldest first. Asked only after the first sample. */
class ProcessLog {
  /** When anything was heard, by this page's clock; undefined: it was only told of. */
  heardAtMs: number | undefined;
  /** When it was told of. */
  recalledAtMs = 0;
  /** How far its clock is ahead of this page's. */
  aheadMs = 0;
  readonly #samples: ProcessSample[] = [];
  readonly #points = new WeakMap<ProcessSample, Point>();

  get newest(): ProcessSample {
    return this.#samples.at(-1) as ProcessSample; // there is a first one
  }

  add(sample: ProcessSample): void {
    const place = this.#samples.findLastIndex(({ atMs }) => atMs <= sample.atMs) + 1;
    if (this.#samples[place - 1]?.atMs === sample.atMs) return; // it was recalled, and heard
    this.#samples.splice(place, 0, sample);
    const next = this.#samples[place + 1];
    if (next !== undefined) this.#points.delete(next); // it had another one before it
    const sinceMs = this.newest.atMs - KEPT_SECONDS * 1_000;
    const cut = this.#samples.findIndex(({ atMs }) => atMs >= sinceMs);
    if (cut > 0) this.#samples.splice(0, cut);
  }

  /** @param newestMs when any process said anything last, by its clock */
  isGone(nowMs: number, newestMs: number): boolean {
    if (this.heardAtMs !== undefined) return nowMs - this.heardAtMs > GONE_AFTER_MS;
    return nowMs - this.recalledAtMs > GONE_AFTER_MS || newestMs - this.newest.atMs > GONE_AFTER_MS;
  }

  at(nowMs: number, newestMs: number): ProcessNow {
    const { newest } = this;
    const point = this.#pointAt(this.#samples.length - 1);
    const away = this.#samples.findLastIndex(({ isBrokerAway }) => !isBrokerAway) + 1;
    return {
      sample: newest,
      point,
      goneSinceMs: this.isGone(nowMs, newestMs) ? newest.atMs : undefined,
      brokerAwaySinceMs: this.#samples[away]?.atMs,
    };
  }

  /** From this second on; undefined where it said nothing. */
  everySecond(from: number): (Point | undefined)[] {
    let index = -1;
    return Array.from({ length: KEPT_SECONDS }, (_, step) => {
      const second = from + step;
      while (secondOf(this.#samples[index + 1]) <= second) index += 1;
      return index >= 0 && second <= this.#lastSecondOf(index) ? this.#pointAt(index) : undefined;
    });
  }

  /** It stands until the next one, if that is not far. */
  #lastSecondOf(index: number): number {
    const [sample, next] = [this.#samples[index], this.#samples[index + 1]];
    const isNear = sample !== undefined && next !== undefined && next.atMs - sample.atMs <= LONGEST_STEP_MS;
    return isNear ? secondOf(next) : secondOf(sample) + STANDS_SECONDS;
  }

  #pointAt(index: number): Point {
    const sample = this.#samples[index] as ProcessSample; // the callers have looked
    const known = this.#points.get(sample);
    if (known) return known;
    const point = pointOf(sample, this.#samples[index - 1]);
    this.#points.set(sample, point);
    return point;
  }
}

/** Of what is not there it is never. */
function secondOf(sample: ProcessSample | undefined): number {
  return sample === undefined ? Number.POSITIVE_INFINITY : Math.floor(sample.atMs / 1_000);
}
