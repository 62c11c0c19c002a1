import { type Eventually, isPending, whenThere } from "../base/eventually.js";
import type { HistoryPage, HistoryRange, KeptEvent, Members, Position } from "../broker/broker.js";
import { encodeTextFrame, type Frame } from "../delivery/frame.js";
import type { AwaitsRoom, Outbox } from "../delivery/outbox.js";
import { encodeGap } from "../protocol/encode-message.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Audience, Follower } from "./audience.js";
import type { ArrivalOptions, Membership } from "./membership.js";
import type { LoadedState } from "./snapshot-loader.js";

/**
 * Brings one connection to where its channel is: at its arrival from where it stood, and later where its outbox was full.
 *
 * With history it follows that, as far as the outbox has room, and goes live in the same moment in which it has the last
 * event that this process was told of: so it misses none and has none twice. What is not kept any more is a gap. Without
 * history, what is said meanwhile is held for it.
 */
export class CatchUp implements AwaitsRoom, Follower {
  readonly #membership: Membership;
  readonly #audience: Audience;
  readonly #outbox: Outbox;
  #state: "arriving" | "following" | "over" = "arriving";
  /** Where it stands. */
  #epoch = "";
  #offset = 0;
  /** Read and not sent yet. */
  #page: readonly KeptEvent[] = NOTHING;
  #next = 0;
  /** Something is on its way that it needs to go on. */
  #isWaiting = false;
  /** Said meanwhile, where there is no history. */
  #held: Frame[] | undefined;
  #heldBytes = 0;
  /** More was said meanwhile than could be held. */
  #isOutdated = false;
  /** It stands where its state ends, and has got nothing of the history since. */
  #isAtState = false;

  constructor(membership: Membership) {
    this.#membership = membership;
    this.#audience = membership.audience;
    this.#outbox = membership.outbox;
  }

  /** The last event that it was sent; undefined: it was not told yet that it is on the channel. */
  get offset(): number | undefined {
    return this.#state === "arriving" ? undefined : this.#offset;
  }

  /** Done when the connection was told that it is on the channel. */
  arrive(options: ArrivalOptions): Eventually<void> {
    if (!this.#audience.hasHistory) this.#hold();
    return whenThere(this.#findStart(options), (start) =>
      whenThere(this.#findState(start, options), (state) =>
        // Last: from then on it hears of changes, which must not come before the members.
        whenThere(this.#findMembers(options), (members) => this.#begin(start, state, members, options)),
      ),
    );
  }

  /** It stands there, and goes on when its outbox has room. */
  follow({ epoch, offset }: Position): void {
    this.#state = "following";
    this.#epoch = epoch;
    this.#offset = offset;
    this.#outbox.whenRoomy(this);
  }

  roomy(): void {
    this.#goOn();
  }

  stop(): void {
    this.#state = "over";
    this.#page = NOTHING;
    this.#held = undefined;
    this.#audience.deleteFollower(this);
    this.#outbox.forgetRoom(this);
  }

  /** An event was said on the channel. */
  said(frame: Frame, except: Outbox | undefined): void {
    if (this.#held === undefined) {
      // It knew of more than this process was told of.
      this.#goOn();
      return;
    }
    if (except === this.#outbox) return;
    this.#held.push(frame);
    this.#heldBytes += frame.length;
    if (this.#heldBytes > this.#outbox.limit) this.#loseHeld();
  }

  lost(gap: Frame | undefined): void {
    if (this.#held === undefined) this.#goOn();
    else if (gap === undefined) this.#loseHeld();
    // In its place among what is held.
    else this.#held.push(gap);
  }

  /** What is being loaded may lack some of it. */
  #loseHeld(): void {
    this.#held = [];
    this.#heldBytes = 0;
    this.#isOutdated = true;
  }

  #findStart({ since, rewind = 0 }: ArrivalOptions): Eventually<Start> {
    const audience = this.#audience;
    const { position } = audience;
    if (!audience.hasHistory) return { position, recovered: since && false, page: NOTHING };
    if (since !== undefined) {
      return whenThere(this.#read({ after: since.offset }), (page) => this.#startSince(since, page));
    }
    if (rewind === 0) return { position, recovered: undefined, page: NOTHING };
    const before = position.offset + 1;
    return whenThere(this.#read({ before, limit: rewind }), ({ epoch, events }) => {
      // The stream began anew between the two.
      if (epoch !== position.epoch) return { position: audience.position, recovered: undefined, page: NOTHING };
      const offset = (events[0]?.offset ?? before) - 1;
      return { position: { epoch, offset }, recovered: undefined, page: events };
    });
  }

  #startSince(since: Position, page: HistoryPage): Start {
    const { counters, position } = this.#audience;
    if (page.epoch === since.epoch && since.offset <= page.offset && page.isComplete) {
      counters.resumes += 1;
      return { position: since, recovered: true, page: page.events };
    }
    counters.resumesFailed += 1;
    return { position, recovered: false, page: NOTHING };
  }

  #findState({ recovered }: Start, { welcome }: ArrivalOptions): Eventually<LoadedState | undefined> {
    const isDue = this.#audience.hasSnapshot && recovered !== true && welcome !== undefined;
    return isDue && !this.#isOver ? this.#load() : undefined;
  }

  #findMembers({ watches = false }: ArrivalOptions): Eventually<Members | undefined> {
    return watches && !this.#isOver ? this.#audience.watch(this.#outbox) : undefined;
  }

  /** Again where more was said meanwhile than could be held: the state then holds that. Not for ever. */
  async #load(): Promise<LoadedState> {
    for (let count = 0; count < MAX_LOADS; count += 1) {
      this.#isOutdated = false;
      const state = await this.#checkPlace(await this.#audience.loadState());
      if (!this.#isOutdated || this.#isOver) return state;
    }
    const cause = new Error("More was said while the state was loaded than limits.outbox holds, each time.");
    throw new TidingsError("unavailable", undefined, { cause });
  }

  /** What follows is only known of a place that this stream has. */
  async #checkPlace(state: LoadedState): Promise<LoadedState> {
    const { place, json } = state;
    const { hasHistory, position } = this.#audience;
    if (place === undefined || !hasHistory || place.epoch !== position.epoch) return { json, place: undefined };
    if (place.offset <= position.offset) return state;
    // This process may be still to be told of it.
    const newest = await this.#audience.read({ after: place.offset, limit: 1 });
    return newest.epoch === place.epoch && place.offset <= newest.offset ? state : { json, place: undefined };
  }

  #begin(
    start: Start,
    state: LoadedState | undefined,
    members: Members | undefined,
    { welcome }: ArrivalOptions,
  ): void {
    if (this.#isOver) return;
    const { hasHistory } = this.#audience;
    const position = state?.place ?? start.position;
    if (welcome !== undefined) {
      this.#membership.isTold = true;
      const { recovered } = start;
      const arrival = { position: hasHistory ? position : undefined, recovered, members, stateJson: state?.json };
      this.#outbox.push(welcome(arrival), true);
      // That may have been too much for it.
      if (this.#isOver) return;
    }
    this.#state = "following";
    if (!hasHistory) {
      // Nothing else can tell that it has missed something meanwhile.
      if (this.#isOutdated) this.#sayGap(position);
      else this.#giveHeld();
      return;
    }
    this.#epoch = position.epoch;
    this.#offset = position.offset;
    this.#isAtState = state?.place !== undefined;
    // What was read begins where the state does not end.
    this.#page = this.#isAtState ? NOTHING : start.page;
    this.#goOn();
  }

  /** Sends what the outbox has room for, until it is where the channel is. */
  #goOn(): void {
    const audience = this.#audience;
    while (this.#state === "following" && !this.#isWaiting) {
      if (!this.#outbox.hasRoomFor(0)) {
        this.#waitForRoom(0);
        return;
      }
      const { position } = audience;
      if (!audience.hasHistory || position.epoch !== this.#epoch) {
        this.#sayGap(position);
      } else if (this.#offset < position.offset) {
        const event = this.#page[this.#next];
        if (event === undefined) this.#readOn();
        else if (!this.#replay(event, position.offset)) return;
      } else {
        if (this.#offset === position.offset) this.#finish();
        // This process is still to be told of what it knows already.
        else audience.addFollower(this);
        return;
      }
    }
  }

  /** Holds nothing meanwhile: what it read may be much, and of those who do not read there may be many. */
  #waitForRoom(bytes: number): void {
    this.#page = NOTHING;
    this.#next = 0;
    this.#outbox.whenRoomy(this, bytes);
  }

  /** False where it has to wait for room. */
  #replay(event: KeptEvent, newest: number): boolean {
    const frame = event.offset > newest ? undefined : this.#audience.frameOf(event);
    if (frame !== undefined && !this.#outbox.hasRoomFor(frame.length)) {
      this.#waitForRoom(frame.length);
      return false;
    }
    this.#next += 1;
    // What this process was not told of yet comes by the lane.
    this.#offset = Math.min(event.offset, newest);
    this.#isAtState = false;
    if (frame === undefined) return true;
    this.#audience.counters.eventsReplayed += 1;
    this.#outbox.push(frame, true);
    return true;
  }

  #readOn(): void {
    this.#page = NOTHING;
    this.#next = 0;
    this.#await(this.#read({ after: this.#offset }), (page) => {
      if (page.epoch !== this.#epoch) {
        // Of an epoch after that this process may have been told meanwhile, and then knows more than this page.
        if (this.#audience.position.epoch === this.#epoch) this.#audience.skip(page);
        return;
      }
      const [first] = page.events;
      if (page.isComplete && first !== undefined) {
        this.#page = page.events;
        return;
      }
      const { position } = this.#audience;
      if (page.isComplete && page.offset > this.#offset) {
        // Later events have taken the places of all these; it hears them in theirs.
        this.#offset = Math.min(page.offset, position.offset);
        return;
      }
      // What it is to have next is not kept any more.
      const { epoch, offset } = position;
      const place = { epoch, offset: first === undefined ? offset : Math.min(first.offset - 1, offset) };
      // Another state would be no newer than the one it has just been given.
      if (this.#isAtState) this.#passGap(place, undefined);
      else this.#sayGap(place);
    });
  }

  /** What is missing lies before this place; with a snapshot the state holds all until now. */
  #sayGap(place: Position): void {
    const audience = this.#audience;
    if (!audience.hasSnapshot) {
      this.#passGap(place, undefined);
      return;
    }
    // Fixed before the state is loaded, so that nothing in between is lost.
    const now = audience.position;
    if (!audience.hasHistory) this.#hold();
    const loading = this.#load().catch((error: unknown) => {
      audience.report(error, "snapshot");
      return undefined;
    });
    this.#await(loading, (state) => this.#passGap(state === undefined ? place : (state.place ?? now), state));
  }

  #passGap({ epoch, offset }: Position, state: LoadedState | undefined): void {
    const { channel, hasHistory, counters } = this.#audience;
    counters.gaps += 1;
    // What was read is of before the gap, and may be of another epoch.
    this.#page = NOTHING;
    this.#next = 0;
    this.#epoch = epoch;
    this.#offset = offset;
    this.#isAtState = state?.place !== undefined;
    const position = hasHistory ? { epoch, offset: this.#offset } : {};
    this.#outbox.push(encodeTextFrame(encodeGap({ channel, ...position, stateJson: state?.json })), true);
    this.#audience.showMembers(this.#outbox);
    if (!hasHistory) this.#giveHeld();
  }

  /** A page at most, and no more than the outbox could ever hold. */
  #read(range: Partial<HistoryRange>): Eventually<HistoryPage> {
    const { pageSize } = this.#audience;
    const limit = Math.min(range.limit ?? pageSize, pageSize);
    return this.#audience.read({ ...range, limit, bytes: this.#outbox.limit });
  }

  /** Goes on with what is there now, or will be. A broker that is away is asked again a little later. */
  #await<Value>(value: Eventually<Value>, use: (value: Value) => void): void {
    if (!isPending(value)) {
      use(value);
      return;
    }
    this.#isWaiting = true;
    value.then(
      (later) => {
        this.#isWaiting = false;
        if (this.#state !== "following") return;
        use(later);
        this.#goOn();
      },
      (error: unknown) => {
        this.#audience.report(error, "history");
        this.#audience.after(RETRY_MS, () => {
          this.#isWaiting = false;
          this.#goOn();
        });
      },
    );
  }

  #hold(): void {
    this.#held ??= [];
    this.#audience.addFollower(this);
  }

  #giveHeld(): void {
    for (const frame of this.#held ?? []) this.#outbox.push(frame, true);
    this.#finish();
  }

  get #isOver(): boolean {
    return this.#state === "over";
  }

  #finish(): void {
    this.stop();
    this.#membership.goLive();
  }
}

/** Where it begins. */
interface Start {
  readonly position: Position;
  readonly recovered: boolean | undefined;
  /** The first events that follow. */
  readonly page: readonly KeptEvent[];
}

const NOTHING: readonly KeptEvent[] = [];
const RETRY_MS = 1_000;
const MAX_LOADS = 3;
