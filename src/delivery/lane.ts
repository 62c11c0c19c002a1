import { Entry, joinFrames, type Mark } from "./entry.js";
import type { Frame } from "./frame.js";
import type { Turn, TurnLane } from "./turn.js";

/** Whom a lane has something for: an outbox. */
export interface LaneListener {
  /** Does its socket take compressed frames? */
  readonly isCompressing: boolean;
  /** The turn ends, and the lane has something for it. */
  hear(lane: Lane): void;
  /** It leaves the lane, and these are its own now. */
  take(entries: readonly Entry[]): void;
}

/** Whose place on a lane it is. */
export interface LaneOwner {
  /** Its socket does not take enough. It is off the lane, and this is the first that it did not get. */
  fellBehind(missed: Mark): void;
}

/** What becomes of events that a connection's socket does not take in time (PROTOCOL.md, The outbox). */
export type LaneOverflow =
  | "disconnect"
  /** Off the lane: its owner is told. */
  | "catch-up"
  | "keep-latest"
  /** A gap is said in the place of the first that was dropped. */
  | { readonly drop: "oldest" | "newest"; readonly gap: Frame };

/**
 * The frames of one channel in this turn, and the outboxes they go to.
 *
 * Those who listened all along and are excepted from nothing share one buffer. Those who came in the middle of the turn,
 * or are excepted from an entry, get their own.
 */
export class Lane implements TurnLane {
  readonly overflow: LaneOverflow;
  readonly #turn: Turn;
  readonly #listeners = new Map<LaneListener, LaneOwner | undefined>();
  #entries: Entry[] = [];
  /** Who came when there were entries already → the newest entry that is not theirs. */
  #latecomers: Map<LaneListener, number> | undefined;
  #excepted: Set<LaneListener> | undefined;
  #shared: Frame | undefined;
  #sharedCompressed: Frame | undefined;

  constructor(turn: Turn, overflow: LaneOverflow = "disconnect") {
    this.#turn = turn;
    this.overflow = overflow;
  }

  /** May it drop or replace what a socket does not take in time? */
  get isDropping(): boolean {
    return typeof this.overflow === "object" || this.overflow === "keep-latest";
  }

  get size(): number {
    return this.#listeners.size;
  }

  has(outbox: LaneListener): boolean {
    return this.#listeners.has(outbox);
  }

  /** Those who are on it now. */
  get owners(): readonly (LaneOwner | undefined)[] {
    return [...this.#listeners.values()];
  }

  /** Whose place this outbox's is. */
  ownerOf(outbox: LaneListener): LaneOwner | undefined {
    return this.#listeners.get(outbox);
  }

  /** From now on it gets what is pushed. */
  add(outbox: LaneListener, owner?: LaneOwner): void {
    this.#listeners.set(outbox, owner);
    if (this.#entries.length > 0) (this.#latecomers ??= new Map()).set(outbox, this.#turn.sequence);
  }

  /** From now on it gets nothing more; what was pushed before is still sent. */
  delete(outbox: LaneListener): void {
    if (!this.#listeners.delete(outbox)) return;
    if (this.#entries.length > 0) outbox.take(this.entriesFor(outbox));
    this.#latecomers?.delete(outbox);
  }

  /** It does not take this entry: it is off the lane, and its owner knows where it stands. */
  fallBehind(outbox: LaneListener, missed: Mark): void {
    const owner = this.#listeners.get(outbox);
    this.#listeners.delete(outbox);
    this.#latecomers?.delete(outbox);
    owner?.fellBehind(missed);
  }

  /** @param mark what is to be known of it where a socket does not take it in time */
  push(frame: Frame, except: LaneListener | undefined, mark?: Mark, isEssential = false): void {
    if (this.#entries.length === 0) this.#turn.addLane(this);
    this.#entries.push(new Entry(this.#turn.nextSequence(), frame, this, mark, except, isEssential));
    if (except !== undefined) (this.#excepted ??= new Set()).add(except);
    this.#turn.countLaneBytes(frame.length);
  }

  /** The turn ends: every outbox is told that this lane has something for it. */
  announce(): void {
    for (const outbox of this.#listeners.keys()) outbox.hear(this);
  }

  /** What an outbox that hears nothing else is to write. */
  bytesFor(outbox: LaneListener): Frame | undefined {
    if (!this.#getsAll(outbox)) return joinFrames(this.entriesFor(outbox));
    if (outbox.isCompressing) {
      this.#sharedCompressed ??= joinFrames(this.entriesFor(outbox));
      return this.#sharedCompressed;
    }
    this.#shared ??= joinFrames(this.#entries);
    return this.#shared;
  }

  /** How many entries it is to write. */
  countFor(outbox: LaneListener): number {
    return this.#getsAll(outbox) ? this.#entries.length : this.#plainEntriesFor(outbox).length;
  }

  entriesFor(outbox: LaneListener): readonly Entry[] {
    const entries = this.#plainEntriesFor(outbox);
    return outbox.isCompressing ? entries.map((entry) => entry.compressed) : entries;
  }

  #plainEntriesFor(outbox: LaneListener): readonly Entry[] {
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
    this.#sharedCompressed = undefined;
  }
}
