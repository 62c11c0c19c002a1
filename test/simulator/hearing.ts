import type { Gap, Origin } from "../../src/client/client.js";
import type { Ledger, Said } from "./ledger.js";
import type { Kind } from "./promising-app.js";

export interface HearingOptions {
  readonly name: string;
  readonly kind: Kind;
  readonly ledger: Ledger;
  readonly nowMs: () => number;
  /** How often the broker lost its memory. */
  readonly losses: () => number;
  /** Does the client hear this channel already? Then what is on its way to it comes here too, be it a gap. */
  readonly isShared: boolean;
  /** May so much wait for this client that events are dropped? */
  readonly mayOverflow: boolean;
  /** Has it no subscription, so that it is told neither when it begins nor when it rests? */
  readonly isOverheard?: boolean;
  readonly rewind: number;
  readonly violate: (what: string) => void;
}

/**
 * What one subscription may hear: knows all that was said, and compares.
 *
 * The next event is one of `[low, high]`; after an event it is the one behind it, and where there was a gap, any later one.
 */
export class Hearing {
  readonly kind: Kind;
  readonly #options: HearingOptions;
  #low: number;
  #high = Number.POSITIVE_INFINITY;
  #isLive = false;
  /** How often it came to be live. */
  #lives = 0;
  #gaps = 0;
  #states = 0;
  /** States that it was told of: one where it begins, and one with each gap. */
  #statesDue = 0;
  /** What a gap said, until the next event. */
  #after: number | undefined;
  /** Gaps that it may hear of which are of the time before it. */
  readonly #inherited: number;
  readonly #lossesBefore: number;
  #lossesWhenLive: number | undefined;
  /** Gaps that a loss was the reason of: one may be told when the next has happened already. */
  #lossesTold = 0;
  #isOver = false;

  constructor(options: HearingOptions) {
    const { ledger, kind, losses, isShared, rewind } = options;
    this.#options = options;
    this.kind = kind;
    this.#inherited = isShared || kind.isJoined ? 1 : 0;
    this.#low = this.#inherited > 0 ? 0 : Math.max(0, ledger.of(kind.name).length - rewind);
    this.#lossesBefore = losses();
    this.#isLive = options.isOverheard ?? false;
  }

  /** All up to this one are heard of, or lost. */
  get cursor(): number {
    return this.#low;
  }

  /** Another subscription of this client asks for older events too: where nothing was answered yet, both hear them. */
  alsoRewind(count: number): void {
    if (this.#lives === 0) this.#low = Math.min(this.#low, Math.max(0, this.#all.length - count));
  }

  /** @param isAttached the client was on the channel already, and hears nothing of it again */
  live(isAttached = false): void {
    if (this.#isLive) this.#fail("becomes live twice");
    this.#isLive = true;
    this.#checkGaps();
    this.#lives += 1;
    this.#lossesWhenLive ??= this.#options.losses();
    // The first time it begins with what was said by now; later what it missed follows, or a gap.
    if (this.#lives === 1) this.#high = this.#all.length;
    if (this.#lives === 1 && !isAttached) this.#statesDue += 1;
  }

  away(): void {
    this.#isLive = false;
  }

  event({ n }: { readonly n: number }, { offset, channel }: Origin): void {
    if (this.#isOver) this.#fail(`hears ${n} after its end`);
    if (!this.#isLive) this.#fail(`hears ${n}, and is not live`);
    if (channel !== this.kind.name) this.#fail(`hears ${n} of ${channel}`);
    const isIt = (each: Said) => each.n === n && each.index >= this.#low;
    // What was repeated in a memory that knew nothing of it is there twice: it is the later one, where that can be.
    const said = this.#all.findLast((each) => isIt(each) && each.index <= this.#high) ?? this.#all.find(isIt);
    if (said === undefined) {
      const isKnown = this.#all.some((each) => each.n === n);
      this.#fail(isKnown ? `hears ${n} twice, or too late` : `hears ${n}, which nobody said`);
      return;
    }
    if (said.index > this.#high) this.#fail(`hears ${n} at ${said.index}, and never heard what is at ${this.#high}`);
    if (offset !== (this.kind.keeps && said.offset)) this.#fail(`hears ${n} with ${offset}, not ${said.offset}`);
    if (this.#after !== undefined && said.offset !== this.#after + 1) {
      this.#fail(`hears ${n} with ${said.offset} after a gap up to ${this.#after}`);
    }
    this.#after = undefined;
    this.#lossesWhenLive ??= this.#options.losses();
    this.#low = said.index + 1;
    this.#high = this.#low;
  }

  gap({ offset }: Gap): void {
    const { kind, nowMs, losses, mayOverflow } = this.#options;
    if (this.#isOver) this.#fail("hears of a gap after its end");
    if (!this.#isLive) this.#fail("hears of a gap, and is not live");
    this.#gaps += 1;
    this.#statesDue += 1;
    if ((offset !== undefined) !== (kind.keeps !== undefined)) this.#fail(`hears of a gap up to ${offset}`);
    if (kind.keeps !== undefined) {
      const missed = this.#all.slice(this.#low);
      const isLost = (said: Said) => !isKept(said, this.#all, kind, nowMs());
      const isOfLoss = this.#lossesTold < losses() - this.#lossesBefore + this.#inherited;
      if (isOfLoss) this.#lossesTold += 1;
      else if (!missed.some(isLost)) this.#fail(`hears of a gap, and ${missed.length} of ${missed.length} are kept`);
      if (
        !mayOverflow &&
        kind.keeps.size > this.#all.length &&
        kind.keeps.ttlMs >= HOUR_MS &&
        this.#gaps > losses() - this.#lossesBefore + this.#inherited
      ) {
        this.#fail(`hears of ${this.#gaps} gaps, and all was lost ${losses() - this.#lossesBefore} times`);
      }
    }
    this.#after = offset;
    this.#high = this.#all.length;
  }

  state(state: { readonly count: number } | undefined): void {
    this.#states += 1;
    if (state === undefined) this.#fail("is given no state");
    else if (state.count > this.#all.length) this.#fail(`is told of ${state.count} of ${this.#all.length}`);
    else this.#high = Math.max(this.#low, state.count);
  }

  /** It unsubscribed, or the client closed. */
  end(): void {
    this.#isOver = true;
  }

  /** All is mended and everybody had time, and something was said last. */
  finish(isLive: boolean, why: string): void {
    if (this.#isOver) return;
    if (!isLive || !this.#isLive) {
      this.#fail(`is not live in the end: ${why}`);
      return;
    }
    const { kind, losses } = this.#options;
    const { length } = this.#all;
    if (this.#low !== length) this.#fail(`has heard up to ${this.#low} of ${length}`);
    this.#checkGaps();
    // The client was on it before, and what was missed came with one state for both.
    const states = kind.hasState ? this.#statesDue - this.#inherited : 0;
    if (this.#states < states) this.#fail(`was given ${this.#states} states of ${states}`);
    const isLost = kind.keeps !== undefined && losses() > (this.#lossesWhenLive ?? 0);
    if (isLost && this.#gaps === 0) this.#fail("was never told that all was lost");
  }

  /** Without history each return is one gap. */
  #checkGaps(): void {
    const { kind, mayOverflow } = this.#options;
    if (kind.keeps !== undefined || this.#lives === 0) return;
    const due = this.#lives - 1;
    const most = mayOverflow && kind.hasState ? Number.POSITIVE_INFINITY : due + this.#inherited;
    const isRight = this.#gaps >= due && this.#gaps <= most;
    if (!isRight) this.#fail(`was away ${due} times and heard of ${this.#gaps} gaps`);
  }

  get #all(): readonly Said[] {
    return this.#options.ledger.of(this.kind.name);
  }

  #fail(what: string): void {
    this.#options.violate(`${this.#options.name}, ${this.kind.name}: ${what}`);
  }
}

const HOUR_MS = 3_600_000;

/** Is it still to be had? */
function isKept({ index, epoch, atMs }: Said, all: readonly Said[], { keeps }: Kind, nowMs: number): boolean {
  if (keeps === undefined) return false;
  return index >= all.length - keeps.size && atMs + keeps.ttlMs > nowMs && all.at(-1)?.epoch === epoch;
}
