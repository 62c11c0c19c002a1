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

  /** Makes the writes of this turn. */
  flush(): void {
    // What the lanes announce is written below: it asks for no other turn.
    this.#isScheduled = true;
    this.#laneBytes = 0;
    try {
      this.#writeAll();
    } finally {
      // Whatever went wrong with one, the next turn is for the others.
      this.#isScheduled = false;
    }
    // Last, because it closes connections, and what is done about that may publish.
    const overflowing = this.#overflowing;
    this.#overflowing = [];
    for (const outbox of overflowing) outbox.overflow();
    const afterwards = this.#afterwards;
    this.#afterwards = [];
    for (const run of afterwards) run();
  }

  #writeAll(): void {
    const atEnd = this.#atEnd;
    this.#atEnd = [];
    for (const run of atEnd) run();
    const lanes = this.#lanes;
    this.#lanes = [];
    for (const lane of lanes) lane.announce();
    const outboxes = this.#outboxes;
    this.#outboxes = [];
    for (const outbox of outboxes) if (!outbox.flush()) this.#overflowing.push(outbox);
    for (const lane of lanes) lane.clear();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.endOfTurn(this.#flush);
  }
}

const MAX_LANE_BYTES = 1024 * 1024;
