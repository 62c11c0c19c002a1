import type { BrokerEvent, HistoryPage, Position } from "../broker/broker.js";

/** What is kept of a stream, with all that was said of each event. */
export interface FeedPage extends Omit<HistoryPage, "events"> {
  readonly events: readonly Omit<BrokerEvent, "epoch" | "channel">[];
}

export interface FeedOptions {
  readonly channel: string;
  /** Are its events kept? Then a hole can be filled. */
  readonly isKept: boolean;
  /** The next event. Must not throw. */
  readonly deliver: (event: BrokerEvent) => void;
  /** What stood in front of this place and was not delivered is lost. Must not throw. */
  readonly skip: (position: Position) => void;
  /**
   * Events behind this offset are missing: they are to be read, and given to `filled`, or `unfilled` called, with the number of
   * this question.
   */
  readonly fetch: (after: number, ask: number) => void;
}

/**
 * What this process was told of one channel, put in order: each event once, right behind the one before it.
 *
 * What comes too early waits until the stream has filled the hole. What can't be filled, and another epoch, is skipped, and
 * said to be. It does no I/O, and trusts nobody to tell it everything: not the server's publishing, which drops what a
 * broken connection had not taken yet, nor the order of two servers, one of which has taken the other's place.
 */
export class Feed {
  readonly #options: FeedOptions;
  #position: Position | undefined;
  /** What comes late of a life of the stream that is over is not a new one. */
  readonly #pastEpochs: string[] = [];
  /** Too early, by rising offset, all of this epoch. */
  #early: BrokerEvent[] = [];
  /** How often it has asked for what was missing. */
  #asks = 0;
  /** The question that is open. */
  #asking: number | undefined;
  /** The newest offset that is known of. */
  #newest = 0;
  /** Who waits until it has come to a place. */
  #waiting: { readonly position: Position; readonly resolve: (how: Reached) => void }[] = [];

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** The last event that was delivered, or skipped; undefined until it was told where the stream is. */
  get position(): Position | undefined {
    return this.#position;
  }

  get isKept(): boolean {
    return this.#options.isKept;
  }

  /** The server published this. */
  hear(event: BrokerEvent): void {
    if (this.#position === undefined) {
      this.#hearBefore(event);
      return;
    }
    if (this.#pastEpochs.includes(event.epoch)) return;
    if (event.epoch !== this.#position.epoch) this.#beginAnew({ epoch: event.epoch, offset: event.offset - 1 });
    this.#newest = Math.max(this.#newest, event.offset);
    this.#take(event);
    this.#goOn();
  }

  /**
   * The stream is here, and what was said until then was heard before this, or will never be.
   *
   * @param asked where the feed stood when it was asked for
   */
  compare(position: Position, asked?: Position | undefined): void {
    // Asked in the life that it still is in: another one follows it, though it may have been taken to be over.
    const isLate = asked?.epoch !== this.#position?.epoch;
    if (isLate && this.#pastEpochs.includes(position.epoch)) return;
    if (this.#position === undefined) this.#begin(position);
    else if (position.epoch !== this.#position.epoch) this.#beginAnew(position);
    this.#newest = Math.max(this.#newest, position.offset);
    this.#goOn();
  }

  /** The answer to `fetch`. It was asked in the life that the feed still is in: another one follows it. */
  filled(ask: number, page: FeedPage): void {
    if (ask !== this.#asking) return;
    this.#asking = undefined;
    if (page.epoch !== this.#position?.epoch) this.#beginAnew(page);
    else this.#fill(page);
    this.#goOn();
  }

  /** It could not be read. What comes next tells that something is missing, if it still is. */
  unfilled(ask: number): void {
    if (ask !== this.#asking) return;
    this.#asking = undefined;
    this.giveUpWaiting();
  }

  /** Resolves when it has come there, or that place is of a life of the stream that is over; undefined: it has. */
  reach(position: Position): Promise<Reached> | undefined {
    if (this.#hasReached(position)) return undefined;
    return new Promise((resolve) => this.#waiting.push({ position, resolve }));
  }

  /** Nobody need wait any more: it can't be told at present how the stream goes on. */
  giveUpWaiting(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve("given-up");
  }

  /** It is not known yet where the stream is: what was said behind that place may come with the answer, and is heard before it. */
  #hearBefore(event: BrokerEvent): void {
    this.#early.push(event);
    // Of too many the oldest are what the answer is most likely to cover.
    if (this.#early.length > MAX_EARLY) this.#early.shift();
  }

  #begin(position: Position): void {
    const { epoch, offset } = position;
    const behind = this.#early.filter((event) => event.epoch === epoch && event.offset > offset);
    this.#early = [];
    for (const event of behind) insert(this.#early, event);
    this.#newest = Math.max(offset, this.#early.at(-1)?.offset ?? 0);
    this.#moveTo(position);
  }

  #take(event: BrokerEvent): void {
    const { epoch, offset } = this.#position ?? event;
    if (event.epoch !== epoch || event.offset <= offset) return;
    if (event.offset === offset + 1) this.#deliver(event);
    else if (this.#early.length < MAX_EARLY) insert(this.#early, event);
  }

  /** What waits is delivered as far as it follows; where it does not, something is missing. */
  #goOn(): void {
    while (this.#asking === undefined && this.#position !== undefined) {
      const { epoch, offset } = this.#position;
      const [next] = this.#early;
      if (next !== undefined && next.offset <= offset + 1) {
        this.#early.shift();
        this.#take(next);
      } else if (this.#newest > offset) {
        this.#miss({ epoch, offset: next === undefined ? this.#newest : next.offset - 1 });
      } else break;
    }
    this.#release();
  }

  /** Until this place something was said that was not heard. */
  #miss(until: Position): void {
    const { offset } = this.#position ?? until;
    if (!this.#options.isKept) {
      this.#jump(until);
      return;
    }
    this.#asks += 1;
    this.#asking = this.#asks;
    this.#options.fetch(offset, this.#asks);
  }

  #fill({ events, isComplete, epoch, offset }: FeedPage): void {
    const began = this.#position?.offset ?? 0;
    if (!isComplete) this.#jump({ epoch, offset: Math.max(began, (events[0]?.offset ?? offset + 1) - 1) });
    for (const event of events) {
      // Of a page that lacks something it may be this.
      if (!isComplete) this.#jump({ epoch, offset: event.offset - 1 });
      const follows = this.#position?.offset ?? 0;
      // Between two that are kept may be places of those that later ones of their subject took.
      if (event.offset > follows) this.#deliver({ ...event, channel: this.#options.channel, epoch, follows });
    }
    this.#newest = Math.max(this.#newest, offset);
    // What the stream does not have, though it lacks nothing, was never taken: there is nothing to wait for.
    if (events.length === 0)
      this.#jump({ epoch, offset: Math.max(offset, (this.#early[0]?.offset ?? this.#newest + 1) - 1) });
  }

  /** Another life of the stream: what this one lost can't be known. */
  #beginAnew(position: Position): void {
    const again = this.#pastEpochs.indexOf(position.epoch);
    if (again !== -1) this.#pastEpochs.splice(again, 1);
    if (this.#position !== undefined) this.#pastEpochs.push(this.#position.epoch);
    if (this.#pastEpochs.length > MAX_PAST) this.#pastEpochs.shift();
    this.#early = [];
    this.#asking = undefined;
    this.#newest = position.offset;
    this.#moveTo(position);
    this.#options.skip({ epoch: position.epoch, offset: position.offset });
  }

  /** What stands in between is lost. */
  #jump(position: Position): void {
    if (position.offset <= (this.#position?.offset ?? 0)) return;
    this.#moveTo(position);
    this.#options.skip(position);
  }

  #deliver(event: BrokerEvent): void {
    this.#moveTo(event);
    this.#options.deliver(event);
  }

  #moveTo({ epoch, offset }: Position): void {
    this.#position = { epoch, offset };
  }

  #release(): void {
    if (this.#waiting.length === 0) return;
    const reached = this.#waiting.filter(({ position }) => this.#hasReached(position));
    this.#waiting = this.#waiting.filter((each) => !reached.includes(each));
    for (const { resolve } of reached) resolve("reached");
  }

  #hasReached({ epoch, offset }: Position): boolean {
    const own = this.#position;
    // Who has not begun to hear hears nothing of what is said already.
    if (own === undefined || this.#pastEpochs.includes(epoch)) return true;
    return epoch === own.epoch && offset <= own.offset;
  }
}

/** Has it come to a place, or can't it be told whether it will? */
export type Reached = "reached" | "given-up";

/** More is not remembered: the stream has it, and is read until its end. */
const MAX_EARLY = 1_000;

/** From how many lives of a stream something may still be on its way. */
const MAX_PAST = 8;

function insert(events: BrokerEvent[], event: BrokerEvent): void {
  const index = events.findIndex(({ offset }) => offset >= event.offset);
  if (index === -1) events.push(event);
  else if (events[index]?.offset !== event.offset) events.splice(index, 0, event);
}
