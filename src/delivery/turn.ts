import type { Counters } from "../observe/observe.js";

/** Runs a function at the end of the present turn of the event loop: after the sockets that are readable were read. */
export type EndOfTurn = (run: () => void) => void;

/** What a turn asks of a lane: to tell its outboxes that it has something for them, and to begin anew. */
export interface TurnLane {
  announce(): void;
  clear(): void;
}

/** What a turn asks of an outbox: to write what is due, and to end where that was too much. */
export interface TurnOutbox {
  flush(): boolean;
  overflow(): void;
}

/**
 * What is to be written in this turn of the event loop, by everyone.
 *
 * A publish costs one entry in its channel's lane, however many listen. At the end of the turn each lane tells its
 * outboxes that there is something for them, then each outbox makes one write. Every entry takes a number, so that an
 * outbox that hears several lanes, or is sent to directly as well, can put them in the order of the calls.
 */
export class Turn {
  readonly counters: Counters;
  readonly endOfTurn: EndOfTurn;
  readonly #maxLaneBytes: number;
  #sequence = 0;
  #lanes: TurnLane[] = [];
  #outboxes: TurnOutbox[] = [];
  /** Whose sockets have not taken enough. */
  #overflowing: TurnOutbox[] = [];
  #atEnd: (() => void)[] = [];
  #afterwards: (() => void)[] = [];
  #laneBytes = 0;
  #isScheduled = false;
  readonly #flush = (): void => this.flush();

  /** @param maxLaneBytes what an outbox takes at once, where that is less than what the lanes may hold anyway */
  constructor(endOfTurn: EndOfTurn, counters: Counters, maxLaneBytes: number = MAX_LANE_BYTES) {
    this.endOfTurn = endOfTurn;
    this.counters = counters;
    this.#maxLaneBytes = Math.min(maxLaneBytes, MAX_LANE_BYTES);
  }

  /** The number of the next entry. */
  nextSequence(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  /** The number of the newest entry. */
  get sequence(): number {
    return this.#sequence;
  }

  /** A lane has its first entry of this turn. */
  addLane(lane: TurnLane): void {
    this.#lanes.push(lane);
    this.#schedule();
  }

  /** An outbox has its first entry of this turn. */
  addOutbox(outbox: TurnOutbox): void {
    this.#outboxes.push(outbox);
    this.#schedule();
  }

  /** Runs it when the turn ends, before anything is written: what it pushes still goes out. */
  atEnd(run: () => void): void {
    this.#atEnd.push(run);
    this.#schedule();
  }

  /** Runs it when this turn's writes are made: what it pushes goes out in the next. */
  afterwards(run: () => void): void {
    this.#afterwards.push(run);
    this.#schedule();
  }

  /** Code that never lets the turn end would fill the lanes without bound: past this the turn's writes are made now. */
  countLaneBytes(bytes: number): void {
    this.#laneBytes += bytes;
    if (this.#laneBytes > this.#maxLaneBytes) this.flush();
  }

  /** Makes the writes of this turn. What goes wrong with one is thrown when all others have theirs. */
  flush(): void {
    const faults: unknown[] = [];
    // What the lanes announce is written below: it asks for no other turn.
    this.#isScheduled = true;
    this.#laneBytes = 0;
    this.#writeAll(faults);
    this.#isScheduled = false;
    // Last, because it closes connections, and what is done about that may publish.
    const overflowing = this.#overflowing;
    this.#overflowing = [];
    forEach(overflowing, (outbox) => outbox.overflow(), faults);
    const afterwards = this.#afterwards;
    this.#afterwards = [];
    forEach(afterwards, (run) => run(), faults);
    if (faults.length > 0) throw asOne(faults);
  }

  #writeAll(faults: unknown[]): void {
    const atEnd = this.#atEnd;
    this.#atEnd = [];
    forEach(atEnd, (run) => run(), faults);
    const lanes = this.#lanes;
    this.#lanes = [];
    forEach(lanes, (lane) => lane.announce(), faults);
    const outboxes = this.#outboxes;
    this.#outboxes = [];
    forEach(outboxes, (outbox) => outbox.flush() || this.#overflowing.push(outbox), faults);
    forEach(lanes, (lane) => lane.clear(), faults);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.endOfTurn(this.#flush);
  }
}

const MAX_LANE_BYTES = 1024 * 1024;

/** A lane or an outbox that was left out would wait for ever: it asks for a turn only once. */
function forEach<Item>(items: readonly Item[], see: (item: Item) => void, faults: unknown[]): void {
  for (const item of items) {
    try {
      see(item);
    } catch (error) {
      faults.push(error);
    }
  }
}

function asOne(faults: readonly unknown[]): unknown {
  return faults.length === 1 ? faults[0] : new AggregateError(faults, "Several went wrong within one turn.");
}
