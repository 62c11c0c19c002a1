import { type Eventually, isPending, whenThere } from "../base/eventually.js";
import type {
  BrokerEvent,
  BrokerLink,
  HistoryPage,
  HistoryRange,
  KeptEvent,
  Members,
  Position,
  PresenceChange,
} from "../broker/broker.js";
import type { ChannelDefinition } from "../declare/channel.js";
import { encodeTextFrame, type Frame } from "../delivery/frame.js";
import { Lane, type LaneOverflow } from "../delivery/lane.js";
import type { Outbox } from "../delivery/outbox.js";
import type { Turn } from "../delivery/turn.js";
import type { Counters, Tracing } from "../observe/observe.js";
import { encodeEvent, encodeGap } from "../protocol/encode-message.js";
import type { Limits } from "../protocol/limits.js";
import type { Membership } from "./membership.js";
import { type LoadedState, SnapshotLoader } from "./snapshot-loader.js";
import { Watchers } from "./watchers.js";

/** What all channels of this process share. */
export interface AudienceHost {
  readonly link: BrokerLink;
  readonly turn: Turn;
  readonly counters: Counters;
  readonly tracing?: Tracing | undefined;
  readonly limits: Pick<Limits, "historyPage" | "members" | "needs">;
  readonly after: (ms: number, run: () => void) => { cancel(): void };
  /** Runs the snapshot of a channel. */
  readonly loadState: (definition: ChannelDefinition, params: Readonly<Record<string, string>>) => unknown;
  /** What nobody waits for and went wrong. */
  readonly onError: (error: unknown, during: string) => void;
}

/** Who is told of each event, though not on the lane. */
export interface Follower {
  said(frame: Frame, except: Outbox | undefined): void;
  /** What was said until now, and this process was not told, is lost; `gap` says so, where no state has to. */
  lost(gap: Frame | undefined): void;
}

/** Those of this process who are on one channel, and how far it was told what is said there. */
export class Audience {
  readonly channel: string;
  readonly definition: ChannelDefinition;
  readonly lane: Lane;
  /** Connections, be they live or not. */
  size = 0;
  /** Until this process hears the channel. */
  opening: Promise<void> | undefined;
  readonly #host: AudienceHost;
  #epoch: string | undefined;
  #offset = 0;
  #eventCount = 0;
  #followers: Set<Follower> | undefined;
  #watchers: Watchers | undefined;
  #snapshots: SnapshotLoader | undefined;

  constructor(channel: string, definition: ChannelDefinition, host: AudienceHost) {
    this.channel = channel;
    this.definition = definition;
    this.#host = host;
    this.lane = new Lane(host.turn, overflowOf(channel, definition));
  }

  /** Hears the channel from now on. */
  open(): void {
    const opening = whenThere(this.#host.link.subscribe(this.channel, this.hasHistory), (position) => {
      this.opening = undefined;
      // It may have been told of an event before it was told that it hears; or of one that those were to hear who have left.
      const { epoch, offset } = position;
      const isAhead = epoch === this.#epoch && offset > this.#offset;
      if (this.#epoch === undefined || isAhead) this.#moveOn(position);
    });
    if (isPending(opening)) this.opening = opening;
  }

  /** The last event that this process was told of. */
  get position(): Position {
    return { epoch: this.#epoch ?? "", offset: this.#offset };
  }

  /** Events that this process was told of. */
  get eventCount(): number {
    return this.#eventCount;
  }

  get hasHistory(): boolean {
    return this.definition.history !== undefined;
  }

  get hasSnapshot(): boolean {
    return this.definition.snapshot !== undefined;
  }

  get pageSize(): number {
    return this.#host.limits.historyPage;
  }

  get counters(): Counters {
    return this.#host.counters;
  }

  get params(): Readonly<Record<string, string>> {
    // The name was made by this pattern, or matched it.
    return this.definition.pattern.match(this.channel.split("/")) ?? {};
  }

  after(ms: number, run: () => void): void {
    this.#host.after(ms, run);
  }

  report(error: unknown, during: string): void {
    this.#host.onError(error, `${during} of "${this.channel}"`);
  }

  /** Says an event to everybody here. */
  deliver(event: BrokerEvent, except: Outbox | undefined): void {
    const { epoch, offset, follows = offset - 1 } = event;
    if (epoch === this.#epoch && offset <= this.#offset) return;
    const isNext = this.#epoch === undefined || (epoch === this.#epoch && follows <= this.#offset);
    if (!isNext) this.skip({ epoch, offset: offset - 1 });
    this.#eventCount += 1;
    this.#moveOn(event);
    if (this.lane.size === 0 && this.#followers === undefined) return;
    const { tracing } = this.#host;
    if (tracing === undefined || event.trace === undefined) this.#say(event, except);
    else this.#sayTraced(tracing, event, event.trace, except);
  }

  #say(event: BrokerEvent, except: Outbox | undefined): void {
    const frame = this.frameOf(event);
    this.lane.push(frame, except, event);
    this.#tellFollowers((follower) => follower.said(frame, except));
  }

  #sayTraced(tracing: Tracing, event: BrokerEvent, trace: string, except: Outbox | undefined): void {
    const { type, offset } = event;
    const what = { channel: this.definition.pattern.source, type, offset, listeners: this.lane.size, trace };
    tracing.delivery(what, () => this.#say(event, except));
  }

  /** What was said before this place, and this process was not told, is lost to who is live. */
  skip(position: Position): void {
    const { epoch, offset } = position;
    if (epoch === this.#epoch && offset <= this.#offset) return;
    const before = this.position;
    this.#moveOn(position);
    if (this.hasSnapshot) {
      this.#tellFollowers((follower) => follower.lost(undefined));
      for (const owner of this.lane.owners) (owner as Membership).lose(before); // on this lane there are no others
      return;
    }
    const { channel } = this;
    const gap = encodeTextFrame(encodeGap({ channel, ...(this.hasHistory && { epoch, offset }) }));
    this.#host.counters.gaps += this.lane.size;
    if (this.lane.size > 0) this.lane.push(gap, undefined, undefined, true);
    this.#tellFollowers((follower) => follower.lost(gap));
    this.#watchers?.showEverybody();
  }

  frameOf({ type, offset, payloadJson, trace }: KeptEvent & Pick<BrokerEvent, "trace">): Frame {
    this.#host.counters.framesEncoded += 1;
    const shown = this.hasHistory ? offset : undefined;
    return encodeTextFrame(encodeEvent({ type, channel: this.channel, payloadJson, offset: shown, trace }));
  }

  read(range: HistoryRange): Eventually<HistoryPage> {
    return this.#host.link.read(this.channel, range);
  }

  loadState(): Promise<LoadedState> {
    const { loadState, limits, after } = this.#host;
    this.#snapshots ??= new SnapshotLoader({
      load: () => loadState(this.definition, this.params),
      limitMs: limits.needs,
      after,
    });
    return this.#snapshots.load();
  }

  addFollower(follower: Follower): void {
    this.#followers ??= new Set();
    this.#followers.add(follower);
  }

  deleteFollower(follower: Follower): void {
    this.#followers?.delete(follower);
    if (this.#followers?.size === 0) this.#followers = undefined;
  }

  /** Who is present, and from then on what changes. */
  watch(outbox: Outbox): Eventually<Members> {
    return this.#presence.add(outbox);
  }

  unwatch(outbox: Outbox): void {
    this.#watchers?.delete(outbox);
  }

  isWatchedBy(outbox: Outbox): boolean {
    return this.#watchers?.has(outbox) === true;
  }

  members(): Eventually<Members> {
    return this.#presence.read();
  }

  /** Tells it all members anew, where it watches them. */
  showMembers(outbox: Outbox): void {
    this.#watchers?.show(outbox);
  }

  meet(change: PresenceChange): void {
    this.#host.counters.presenceChanges += change.joined.length + change.left.length;
    this.#watchers?.changed(change);
  }

  meetAnew(): void {
    this.#watchers?.showEverybody();
  }

  get #presence(): Watchers {
    const { channel } = this;
    const { turn, limits, link, onError } = this.#host;
    this.#watchers ??= new Watchers({
      channel,
      turn,
      maxMembers: limits.members,
      read: (limit) => link.members(channel, limit),
      onError,
    });
    return this.#watchers;
  }

  /** Most channels have none. Who is told may end, or another begin. */
  #tellFollowers(tell: (follower: Follower) => void): void {
    if (this.#followers !== undefined) for (const follower of [...this.#followers]) tell(follower);
  }

  #moveOn({ epoch, offset }: Position): void {
    this.#epoch = epoch;
    this.#offset = offset;
  }
}

function overflowOf(channel: string, { overflow }: ChannelDefinition): LaneOverflow {
  if (overflow === "drop-oldest" || overflow === "drop-newest") {
    const gap = encodeTextFrame(encodeGap({ channel }));
    return { drop: overflow === "drop-oldest" ? "oldest" : "newest", gap };
  }
  return typeof overflow === "object" ? "keep-latest" : overflow;
}
