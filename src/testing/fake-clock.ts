import type { Clock, Timer } from "../base/clock.js";
import { type Duration, durationMs } from "../base/duration.js";
import { Heap, type HeapEntry } from "../base/heap.js";

export interface FakeClockOptions {
  /** When it begins. Default: the present time, so that fresh tokens are valid. */
  readonly startMs?: number | undefined;
  /** Is something to happen in a later turn of the event loop? Then it is waited for. */
  readonly isBusy?: (() => boolean) | undefined;
}

/** A clock that stands until it is told to go on. */
export class FakeClock implements Clock {
  readonly #isBusy: (() => boolean) | undefined;
  readonly #timers = new Heap<FakeTimer>((a, b) => (a.dueMs === b.dueMs ? a.order < b.order : a.dueMs < b.dueMs));
  #nowMs: number;
  #nextOrder = 0;

  constructor({ startMs, isBusy }: FakeClockOptions = {}) {
    this.#nowMs = startMs ?? Date.now();
    this.#isBusy = isBusy;
  }

  /** Timers that are set. */
  get size(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#nowMs;
  }

  elapsed(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): Timer {
    const timer: FakeTimer = { dueMs: this.#nowMs + ms, order: this.#nextOrder, run, index: undefined };
    this.#nextOrder += 1;
    this.#timers.add(timer);
    return { cancel: () => this.#timers.remove(timer) };
  }

  /** Lets time pass. Timers run when they are due, in their order; what they cause is awaited before the next. */
  async advance(by: Duration): Promise<void> {
    const untilMs = this.#nowMs + durationMs(by, "advance");
    await settle(this.#isBusy);
    for (let next = this.#dueBy(untilMs); next !== undefined; next = this.#dueBy(untilMs)) {
      this.#timers.remove(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.run();
      await settle(this.#isBusy);
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
    await settle(this.#isBusy);
  }

  #dueBy(untilMs: number): FakeTimer | undefined {
    const { first } = this.#timers;
    return first !== undefined && first.dueMs <= untilMs ? first : undefined;
  }
}

interface FakeTimer extends HeapEntry {
  readonly dueMs: number;
  /** Of those that are due at one time the first that was set is first. */
  readonly order: number;
  readonly run: () => void;
}

/**
 * A few turns of the event loop, and more while it is busy: what was begun in memory has then reached whom it concerns.
 *
 * @throws Error where it is busy for ever
 */
export async function settle(isBusy: () => boolean = () => false): Promise<void> {
  for (let turn = 0; turn < SETTLING_TURNS || isBusy(); turn += 1) {
    if (turn === MOST_TURNS)
      throw new Error(`The app is still busy after ${MOST_TURNS} turns, and no time has passed.`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

const SETTLING_TURNS = 4;
const MOST_TURNS = 10_000;
