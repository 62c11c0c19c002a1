import type { ProcessSample } from "../../src/dashboard/contract.js";
import { LONGEST_STEP_MS, type Point, pointOf } from "./point.js";

/** So much of the past is kept, and shown. */
export const KEPT_SECONDS = 900;
/** A process that is silent for longer than this is not there. */
const SILENT_MS = 5_000;
/** So long before a broker was found to be away it may have been so. */
const UNNOTICED_MS = 15_000;
/** The last sample stands for so many seconds after its own, for no two processes take theirs at the same time. */
const STANDS_SECONDS = 2;
/** What differs by more than this is no delay: the clock was set. */
const SET_MS = 2_000;

/** `unseen`: it can't be heard, for the broker is away. */
export type ProcessState = "there" | "unseen" | "gone";

/** One process, as it is now or was when it was heard of last. */
export interface ProcessNow {
  readonly sample: ProcessSample;
  readonly point: Point;
  readonly state: ProcessState;
  /** Since when nothing comes of it, by its own clock; undefined as long as it is there. */
  readonly silentSinceMs: number | undefined;
  /** Since when its broker is away, as far as was heard; undefined: it is not. */
  readonly brokerAwaySinceMs: number | undefined;
}

/** What is known of all together at one time of this page's clock. */
export interface Moment {
  readonly nowMs: number;
  /** How far the clocks of most are ahead of this page's. */
  readonly aheadMs: number;
  /** Since when only the process that this page is connected to can be heard; undefined: all can. */
  readonly blindSinceMs: number | undefined;
}

/** What one process has said, the oldest first. Asked only after the first sample. */
export class ProcessLog {
  /** When anything was heard, by this page's clock; undefined: it was only told of. */
  heardAtMs: number | undefined;
  /** Its silence until then does not count: nothing could be heard. */
  excusedUntilMs = Number.NEGATIVE_INFINITY;
  /** How far its clock is ahead of this page's; undefined as long as nothing was heard. */
  aheadMs: number | undefined;
  /** When it was told of. */
  recalledAtMs = 0;
  readonly #samples: ProcessSample[] = [];
  readonly #points = new WeakMap<ProcessSample, Point>();

  get newest(): ProcessSample {
    return this.#samples.at(-1) as ProcessSample; // there is a first one
  }

  hear(sample: ProcessSample, nowMs: number): void {
    const last = this.#samples.at(-1);
    // Its clock was set back: by that, what it said before is still to come.
    if (last !== undefined && last.atMs - sample.atMs > SET_MS) this.#samples.length = 0;
    this.#add(sample);
    this.heardAtMs = nowMs;
    const [former, aheadMs] = [this.aheadMs, sample.atMs - nowMs];
    // What came with the least delay tells it best.
    const isAlike = former !== undefined && Math.abs(aheadMs - former) <= SET_MS;
    this.aheadMs = isAlike ? Math.max(aheadMs, former) : aheadMs;
  }

  recall(sample: ProcessSample, nowMs: number): void {
    this.#add(sample);
    this.recalledAtMs = nowMs;
  }

  /** When it spoke last, by this page's clock. */
  spokeAtMs(aheadMs: number): number {
    return this.heardAtMs ?? Math.min(this.recalledAtMs, this.newest.atMs - aheadMs);
  }

  stateAt({ nowMs, aheadMs, blindSinceMs }: Moment): ProcessState {
    const spokeAtMs = this.spokeAtMs(aheadMs);
    if (nowMs - Math.max(spokeAtMs, this.excusedUntilMs) <= SILENT_MS) return "there";
    // Who says that the broker is away is heard without it.
    const isMuted = blindSinceMs !== undefined && !this.newest.isBrokerAway && spokeAtMs > blindSinceMs - UNNOTICED_MS;
    return isMuted ? "unseen" : "gone";
  }

  /** Since when its broker is away, by its own clock. */
  get brokerAwaySinceMs(): number | undefined {
    const away = this.#samples.findLastIndex(({ isBrokerAway }) => !isBrokerAway) + 1;
    return this.#samples[away]?.atMs;
  }

  at(moment: Moment): ProcessNow {
    const { newest, brokerAwaySinceMs } = this;
    const state = this.stateAt(moment);
    const silentSinceMs = state === "there" ? undefined : newest.atMs;
    return { sample: newest, point: this.#pointAt(this.#samples.length - 1), state, silentSinceMs, brokerAwaySinceMs };
  }

  /** From this second of its own clock on; undefined where it said nothing. */
  everySecond(fromMs: number): (Point | undefined)[] {
    let index = -1;
    const secondOf = (sample: ProcessSample | undefined) =>
      sample === undefined ? Number.POSITIVE_INFINITY : Math.floor((sample.atMs - fromMs) / 1_000);
    return Array.from({ length: KEPT_SECONDS }, (_, second) => {
      while (secondOf(this.#samples[index + 1]) <= second) index += 1;
      return index >= 0 && second <= this.#lastSecondOf(index, secondOf) ? this.#pointAt(index) : undefined;
    });
  }

  #add(sample: ProcessSample): void {
    const place = this.#samples.findLastIndex(({ atMs }) => atMs <= sample.atMs) + 1;
    if (this.#samples[place - 1]?.atMs === sample.atMs) return; // it was recalled, and heard
    this.#samples.splice(place, 0, sample);
    const next = this.#samples[place + 1];
    if (next !== undefined) this.#points.delete(next); // it had another one before it
    const sinceMs = this.newest.atMs - KEPT_SECONDS * 1_000;
    const cut = this.#samples.findIndex(({ atMs }) => atMs >= sinceMs);
    if (cut > 0) this.#samples.splice(0, cut);
  }

  /** It stands until the next one, if that is not far. */
  #lastSecondOf(index: number, secondOf: (sample: ProcessSample | undefined) => number): number {
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
