import type { Position } from "../../../src/broker/broker.js";
import type { ChannelKind } from "./channels.js";
import type { Ledger, Said } from "./ledger.js";

/** One time that a connection is on a channel, as the server began it. */
export interface Phase {
  /** Does it hear `subscribed`? */
  readonly isTold: boolean;
  readonly isOwn: boolean;
  /** Events of the channel until then. */
  readonly start: number;
  readonly since: Position | undefined;
  readonly rewind: number;
  /** Is all there that it missed? Undefined: nobody can tell. */
  readonly canRecover: boolean | undefined;
  /** Of the latest events so many are kept, `rewind` at most. */
  readonly rewound: number;
  /** Events until the server took it off. */
  end?: number;
}

/** What arrives, as far as it matters here. */
export interface Heard {
  readonly type: string;
  readonly channel?: string;
  readonly id?: number;
  readonly offset?: number;
  readonly payload: HeardPayload;
}
export interface HeardPayload {
  readonly n?: number;
  readonly epoch?: string;
  readonly offset?: number;
  readonly recovered?: boolean;
  readonly state?: { readonly count: number } | null;
  readonly members?: readonly { readonly id: string }[];
  readonly joined?: readonly { readonly id: string }[];
  readonly left?: readonly { readonly id: string }[];
  readonly code?: string;
  readonly message?: string;
  readonly stamp?: number;
}

export interface ReaderOptions {
  readonly name: string;
  readonly kind: ChannelKind;
  readonly ledger: Ledger;
  readonly nowMs: () => number;
  readonly isStable: boolean;
  readonly pageSize: number;
  readonly connectionId: () => string;
  /** May its outbox ever have been half full? */
  readonly isPressed: () => boolean;
  readonly violate: (what: string) => void;
}

/**
 * What one connection may be told of one channel: knows all that was said, and compares.
 *
 * Within `[cursor, covered)` an event may come and may be missing: the state holds it.
 */
export class Reader {
  readonly #options: ReaderOptions;
  /** Begun at the server, not heard of yet. */
  readonly #coming: Phase[] = [];
  #phase: Phase | undefined;
  #epoch: string | undefined;
  #cursor = 0;
  #covered = 0;
  /** A gap was told, and no event since. */
  #isAfterGap = false;
  /** Word → the newest event of it that a later one must take the place of. */
  readonly #owed = new Map<string, Said>();
  members: Set<string> | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  get isOn(): boolean {
    return this.#phase !== undefined || this.#coming.length > 0;
  }

  /** What it would come back with. */
  get position(): Position | undefined {
    const { ledger } = this.#options;
    if (this.#epoch === undefined || ledger.keeping === undefined) return undefined;
    const last = ledger.all[this.#cursor - 1];
    return last?.epoch === this.#epoch
      ? { epoch: this.#epoch, offset: last.offset }
      : { epoch: this.#epoch, offset: 0 };
  }

  begins(phase: Phase): void {
    this.#coming.push(phase);
  }

  /**
   * The server takes it off.
   *
   * @param isTold was it sent that it is on? Otherwise it was still arriving, and a subscription of its own fails
   */
  ends(isTold: boolean): void {
    const last = this.#coming.at(-1) ?? this.#phase;
    if (last === undefined) return;
    last.end = this.#options.ledger.all.length;
    if (last.isTold && !last.isOwn && !isTold) this.failed(last);
  }

  /** It did not get there after all. */
  failed(phase?: Phase): void {
    const index = phase === undefined ? this.#coming.findIndex((each) => each.isOwn) : this.#coming.indexOf(phase);
    if (index !== -1) this.#coming.splice(index, 1);
  }

  subscribed({ epoch, offset, recovered, state, members }: HeardPayload, isAnswer: boolean): void {
    const { ledger, kind, isStable } = this.#options;
    const index = this.#coming.findIndex((each) => each.isTold && each.isOwn === isAnswer);
    const phase = this.#coming[index];
    if (phase === undefined || (this.#phase !== undefined && this.#phase.end === undefined)) {
      this.#fail("`subscribed` out of place");
      return;
    }
    // One of its own that failed is answered yet.
    const failing = this.#coming.splice(0, index + 1).filter((each) => each.isOwn && each !== phase);
    this.#coming.unshift(...failing);
    this.#enter(phase);
    this.members = members && new Set(members.map(({ id }) => id));
    if ((recovered !== undefined) !== (phase.since !== undefined)) this.#fail(`recovered is ${recovered}`);
    if (recovered === true && phase.canRecover === false) this.#fail("recovered, and something is not kept");
    if (recovered === false && phase.canRecover === true && isStable) this.#fail("not recovered, and all is kept");
    if (kind.snapshot && recovered !== true && state == null) this.#fail("there is no state");
    if (ledger.keeping === undefined) {
      if (offset !== undefined) this.#fail("a position without history");
      if (state) {
        this.#covered = state.count;
        if (state.count < phase.start) this.#fail(`the state holds ${state.count} of ${phase.start}`);
      }
      return;
    }
    if (epoch === undefined || offset === undefined) {
      this.#fail("no position");
      return;
    }
    this.#moveTo({ epoch, offset });
    if (state) this.#checkState(state.count);
    if (recovered === true) {
      if (epoch !== phase.since?.epoch || offset !== phase.since.offset)
        this.#fail(`recovered from ${epoch} ${offset}`);
    } else if (!state || !this.#options.kind.isStateAt) {
      const expected = phase.start - phase.rewound;
      // Where the stream may have been forgotten, less may follow.
      const fits = isStable ? this.#cursor === expected : this.#cursor >= expected && this.#cursor <= phase.start;
      if (!fits) this.#fail(`begins at ${this.#cursor}, not ${expected}`);
    }
  }

  unsubscribed(payload: HeardPayload | undefined): void {
    if (this.#phase === undefined || !this.#phase.isTold) this.#fail("`unsubscribed` out of place");
    if (payload?.code === "left" && this.#phase?.end === undefined) this.#fail("nobody took it off");
    this.#phase = undefined;
    this.members = undefined;
  }

  event({ offset, payload: { n = 0 } }: Heard): Said | undefined {
    const { ledger } = this.#options;
    const said = ledger.find(n);
    if (said === undefined) {
      this.#fail(`hears ${n}, which was never said`);
      return undefined;
    }
    if (!this.#isIn(said)) {
      this.#fail(`hears ${n}, and is not on the channel`);
      return undefined;
    }
    if (offset !== (ledger.keeping && said.offset)) this.#fail(`${n} has the offset ${offset}, not ${said.offset}`);
    if (ledger.keeping !== undefined) {
      this.#epoch ??= said.epoch;
      if (said.epoch !== this.#epoch) this.#fail(`${n} is of another epoch, and there was no gap`);
    }
    if (said.index < this.#cursor) this.#fail(`hears ${n} at ${said.index} when it expects ${this.#cursor}`);
    for (const missed of ledger.all.slice(Math.max(this.#cursor, this.#covered), said.index)) this.#miss(missed, n);
    const isExcepted = said.except === this.#options.connectionId();
    if (isExcepted && this.isLive(said)) this.#fail(`hears ${n}, which it was excepted from`);
    const owed = this.#owed.get(said.word);
    if (owed !== undefined && owed.index < said.index) this.#owed.delete(said.word);
    this.#cursor = said.index + 1;
    this.#isAfterGap = false;
    return said;
  }

  /** Is it surely no event that was read back from somewhere, so that its place among all that is said counts? */
  isLive(said: Said): boolean {
    const { kind, isPressed } = this.#options;
    const phase = this.#phase;
    if (phase === undefined || said.index < phase.start) return false;
    if (kind.keeping === undefined && !kind.snapshot) return true;
    return !isPressed() && !kind.snapshot && phase.since === undefined && phase.rewind === 0;
  }

  /** A publish was answered: what is wrong with that. An event that is a repeat was not said. */
  checkReply(n: number, offset: number | undefined): string | undefined {
    const { ledger, isPressed } = this.#options;
    const said = ledger.find(n);
    if (said === undefined) return undefined;
    if (offset !== (ledger.keeping && said.offset)) return `${n} was answered with ${offset}, not ${said.offset}`;
    const isToHear = !isPressed() && this.#phase?.end === undefined && this.isLive(said);
    return isToHear && this.#cursor <= said.index ? `${n} was answered before it was heard` : undefined;
  }

  gap({ epoch, offset, state }: HeardPayload): void {
    const { ledger, kind, isStable, isPressed, nowMs } = this.#options;
    if (this.#phase === undefined && !this.#takeUntold()) {
      this.#fail("`gap`, and it is not on the channel");
      return;
    }
    this.#owed.clear();
    if (ledger.keeping === undefined) {
      // A stream may be forgotten for its keys too.
      if (isStable && !kind.drops && !kind.snapshot) this.#fail("nothing is dropped here");
      if (isStable && !isPressed()) this.#fail("a gap without need");
      if (state) this.#covered = Math.max(this.#covered, state.count);
      else this.#isAfterGap = true;
      return;
    }
    if (epoch === undefined || offset === undefined) {
      this.#fail("a gap without a position");
      return;
    }
    const before = this.#cursor;
    const isSameEpoch = this.#epoch === undefined || epoch === this.#epoch;
    this.#moveTo({ epoch, offset });
    if (this.#cursor < before) this.#fail(`a gap back from ${before} to ${this.#cursor}`);
    if (state) this.#checkState(state.count);
    if (!isStable) return;
    if (!isSameEpoch) this.#fail("a new epoch without a reason");
    if (this.#cursor === before) this.#fail("a gap of nothing");
    const lost = ledger.all.slice(before, state ? before + 1 : this.#cursor);
    for (const said of lost) if (ledger.isKept(said, nowMs())) this.#fail(`a gap over ${said.n}, which is kept`);
  }

  presence({ members, joined = [], left = [] }: HeardPayload): void {
    if (members !== undefined) this.members = new Set(members.map(({ id }) => id));
    for (const { id } of joined) this.members?.add(id);
    for (const { id } of left) this.members?.delete(id);
  }

  /** Everybody has read everything, and something was said last. */
  finish(isOn: boolean): void {
    const { ledger } = this.#options;
    while (this.#phase === undefined || this.#phase.end !== undefined) {
      if (!this.#takeUntold()) break;
    }
    if (this.#phase?.end !== undefined) {
      if (this.#phase.isTold) this.#fail("was taken off, and does not know");
      this.#phase = undefined;
    }
    if (this.#coming.length > 0) this.#fail("is on the channel, and does not know");
    if ((this.#phase !== undefined) !== isOn)
      this.#fail(`is ${isOn ? "" : "not "}on the channel, and thinks otherwise`);
    if (this.#phase === undefined) return;
    const known = Math.max(this.#cursor, this.#covered);
    if (known < ledger.all.length) this.#fail(`heard up to ${known} of ${ledger.all.length}`);
    for (const said of this.#owed.values()) this.#fail(`never heard ${said.n}, nor a later one of its word`);
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#epoch = undefined;
    this.#cursor = phase.start;
    this.#covered = 0;
    this.#isAfterGap = false;
    this.#owed.clear();
    this.members = undefined;
  }

  #moveTo(position: Position): void {
    const count = this.#options.ledger.countUpTo(position, this.#cursor);
    if (count === undefined) this.#fail(`there is no ${position.epoch} ${position.offset}`);
    this.#epoch = position.epoch;
    this.#cursor = count ?? 0;
    const isFresh = !this.#options.ledger.all.some(({ epoch }) => epoch === position.epoch);
    // What was said until now was of others.
    this.#covered = isFresh ? this.#options.ledger.all.length : 0;
  }

  #checkState(count: number): void {
    if (count < this.#cursor) this.#fail(`the state holds ${count} events of ${this.#cursor}`);
    if (this.#options.kind.isStateAt && count !== this.#cursor) this.#fail(`${count} events end at ${this.#cursor}`);
  }

  /** Is it on the channel for this one? Nobody tells a plain client when the server puts it on one, or takes it off. */
  #isIn({ index }: Said): boolean {
    while (this.#phase === undefined || (this.#phase.end !== undefined && index >= this.#phase.end)) {
      if (!this.#takeUntold()) return false;
    }
    return true;
  }

  #takeUntold(): boolean {
    const isOver = this.#phase === undefined || (!this.#phase.isTold && this.#phase.end !== undefined);
    // One of its own that the server took off before it was told is answered when it would have arrived.
    const index = this.#coming.findIndex((each) => !(each.isOwn && each.end !== undefined));
    if (!isOver || this.#coming[index]?.isTold !== false) return false;
    const [cursor, covered, isAfterGap] = [this.#cursor, this.#covered, this.#isAfterGap];
    const [phase] = this.#coming.splice(index, 1) as [Phase]; // it was there
    this.#enter(phase);
    // A gap does not tell which of the two times it is of.
    this.#cursor = Math.max(cursor, phase.start);
    this.#covered = covered;
    this.#isAfterGap = isAfterGap;
    return true;
  }

  #miss(missed: Said, next: number): void {
    const { kind, isPressed, connectionId } = this.#options;
    if (this.#isAfterGap || missed.except === connectionId()) return;
    if (kind.conflates && isPressed()) this.#owed.set(missed.word, missed);
    else this.#fail(`hears ${next}, and never heard ${missed.n} (at ${missed.index})`);
  }

  #fail(what: string): void {
    this.#options.violate(`${this.#options.name}: ${what}`);
  }
}
