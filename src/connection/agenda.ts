import type { Clock, Timer } from "../base/clock.js";
import { Heap, type HeapEntry } from "../base/heap.js";

/** Something to be done at a time. */
export interface AgendaEntry {
  /** Afterwards it is not run, and what it held is free. Does nothing when it ran already or was cancelled before. */
  cancel(): void;
}

/** What is done then. An object of this kind spares the many that wait for days a function of their own. */
export type Due = (() => void) | { due(): void };

/**
 * Things to be done at a time, of all connections, over one timer of the clock.
 *
 * A timer each would cost a server of 100,000 connections more than what they do. `onError` is told what an entry
 * throws, and must not throw itself.
 */
export class Agenda {
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #waiting = new Heap<PlannedEntry>((a, b) => a.isBefore(b));
  #due: PlannedEntry[] = [];
  #isRunning = false;
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #nextOrder = 0;

  constructor(clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
  }

  /**
   * Runs `run` at `atMs`, in the clock's elapsed milliseconds, or as soon after as can be, and never before this call has returned. Entries due
   * at one time run in the order they were added.
   *
   * @throws {RangeError} Where `atMs` is not a number, which could not be put in order with the others.
   */
  at(atMs: number, run: Due): AgendaEntry {
    if (Number.isNaN(atMs)) throw new RangeError("The time of an entry of the agenda is NaN. Give milliseconds.");
    const entry = new PlannedEntry(this.#waiting, atMs, this.#nextOrder, run);
    this.#nextOrder += 1;
    this.#waiting.add(entry);
    this.#arm();
    return entry;
  }

  /** The same, `ms` milliseconds from now. */
  after(ms: number, run: Due): AgendaEntry {
    return this.at(this.#clock.elapsed() + ms, run);
  }

  /** Resolves with whether the promise was settled in time: at once when it is, and with false after `ms` milliseconds. */
  settledWithin(ms: number, promise: Promise<unknown>): Promise<boolean> {
    return new Promise((resolve) => {
      const late = this.after(ms, () => resolve(false));
      const settled = () => {
        late.cancel();
        resolve(true);
      };
      promise.then(settled, settled);
    });
  }

  /** Entries that wait for their time. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Forgets everything and its timer. */
  stop(): void {
    this.#disarm();
    for (const entry of [...this.#waiting.clear(), ...this.#due]) entry.run = undefined;
  }

  /** Sees to it that the timer comes at the earliest entry's time or before. Early costs a look, late breaks the promise. */
  #arm(): void {
    const earliest = this.#waiting.first;
    // While entries run they may add many: one timer, afterwards, is enough.
    if (earliest === undefined || this.#isRunning) return;
    if (this.#timer !== undefined && earliest.atMs >= this.#timerAtMs) return;
    this.#disarm();
    const nowMs = this.#clock.elapsed();
    const delayMs = Math.min(Math.max(0, Math.ceil(earliest.atMs - nowMs)), LONGEST_TIMER_MS);
    this.#timerAtMs = nowMs + delayMs;
    this.#timer = this.#clock.after(delayMs, this.#runDue);
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  readonly #runDue = (): void => {
    this.#timer = undefined;
    // All that is due is taken out first: what an entry adds waits for the next timer, so this loop ends.
    const nowMs = this.#clock.elapsed();
    this.#due = this.#waiting.takeWhile(({ atMs }) => atMs <= nowMs);
    this.#isRunning = true;
    try {
      for (const entry of this.#due) this.#runOne(entry);
    } finally {
      this.#isRunning = false;
      this.#due = [];
      this.#arm();
    }
  };

  #runOne(entry: PlannedEntry): void {
    const { run } = entry;
    entry.run = undefined;
    try {
      if (typeof run === "function") run();
      else run?.due();
    } catch (error) {
      this.#onError(error);
    }
  }
}

/** What is longer than 2^31 - 1 ms a timer runs at once. */
const LONGEST_TIMER_MS = 24 * 60 * 60 * 1_000;

class PlannedEntry implements AgendaEntry, HeapEntry {
  readonly atMs: number;
  readonly order: number;
  /** Undefined when it ran or was cancelled: whoever keeps the entry must not keep what it held. */
  run: Due | undefined;
  /** Its place in the heap, while it waits. */
  index: number | undefined;
  readonly #heap: Heap<PlannedEntry>;

  constructor(heap: Heap<PlannedEntry>, atMs: number, order: number, run: Due) {
    this.#heap = heap;
    this.atMs = atMs;
    this.order = order;
    this.run = run;
  }

  cancel(): void {
    this.run = undefined;
    this.#heap.remove(this);
  }

  isBefore(other: PlannedEntry): boolean {
    return this.atMs === other.atMs ? this.order < other.order : this.atMs < other.atMs;
  }
}
