import type { Frame } from "./frame.js";
import type { Turn, TurnLane } from "./turn.js";

/** Whom a lane has something for: an outbox. */
export interface LaneListener {
  /** The turn ends, and the lane has something for it. */
  hear(lane: Lane): void;
  /** It leaves the lane, and these are its own now. */
  take(entries: readonly Entry[]): void;
}

/** One frame of this turn, and its place among all others. */
export interface Entry {
  readonly sequence: number;
  readonly frame: Frame;
  /** The outbox that is not to get it. */
  readonly except: LaneListener | undefined;
}

/**
 * The frames of one channel in this turn, and the outboxes they go to.
 *
 * Those who listened all along and are excepted from nothing share one buffer. Those who came in the middle of the turn,
 * or are excepted from an entry, get their own.
 */
export class Lane implements TurnLane {
  readonly #turn: Turn;
  readonly #outboxes = new Set<LaneListener>();
  #entries: Entry[] = [];
  /** Who came when there were entries already → the newest entry that is not theirs. */
  #latecomers: Map<LaneListener, number> | undefined;
  #excepted: Set<LaneListener> | undefined;
  #shared: Frame | undefined;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  get size(): number {
    return this.#outboxes.size;
  }

  /** From now on it gets what is pushed. */
  add(outbox: LaneListener): void {
    this.#outboxes.add(outbox);
    if (this.#entries.length > 0) (this.#latecomers ??= new Map()).set(outbox, this.#turn.sequence);
  }

  /** From now on it gets nothing more; what was pushed before is still sent. */
  delete(outbox: LaneListener): void {
    if (!this.#outboxes.delete(outbox)) return;
    if (this.#entries.length > 0) outbox.take(this.entriesFor(outbox));
    this.#latecomers?.delete(outbox);
  }

  push(frame: Frame, except: LaneListener | undefined): void {
    if (this.#entries.length === 0) this.#turn.addLane(this);
    this.#entries.push({ sequence: this.#turn.nextSequence(), frame, except });
    if (except !== undefined) (this.#excepted ??= new Set()).add(except);
    this.#turn.countLaneBytes(frame.length);
  }

  /** The turn ends: every outbox is told that this lane has something for it. */
  announce(): void {
    for (const outbox of this.#outboxes) outbox.hear(this);
  }

  /** What an outbox that hears nothing else is to write. */
  bytesFor(outbox: LaneListener): Frame | undefined {
    if (!this.#getsAll(outbox)) return joinFrames(this.entriesFor(outbox));
    this.#shared ??= joinFrames(this.#entries);
    return this.#shared;
  }

  entriesFor(outbox: LaneListener): readonly Entry[] {
    if (this.#getsAll(outbox)) return this.#entries;
    const after = this.#latecomers?.get(outbox) ?? 0;
    return this.#entries.filter((entry) => entry.sequence > after && entry.except !== outbox);
  }

  #getsAll(outbox: LaneListener): boolean {
    return this.#latecomers?.has(outbox) !== true && this.#excepted?.has(outbox) !== true;
  }

  /** The turn has ended. */
  clear(): void {
    this.#entries = [];
    this.#latecomers = undefined;
    this.#excepted = undefined;
    this.#shared = undefined;
  }
}

/** One buffer of all frames, in the order given; undefined for none. */
export function joinFrames(entries: readonly Entry[]): Frame | undefined {
  const [first, ...others] = entries;
  if (first === undefined || others.length === 0) return first?.frame;
  return Buffer.concat(entries.map((entry) => entry.frame));
}
