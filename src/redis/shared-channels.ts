import { chunks } from "../base/chunks.js";
import { MultiMap } from "../base/multi-map.js";
import type { BrokerNode, HistoryPage, HistoryRange, Members, Position, PresentMember } from "../broker/broker.js";
import { Feed, type FeedPage } from "./feed.js";
import { Gate } from "./gate.js";
import { Histories } from "./histories.js";
import { slotOf } from "./names.js";
import type { Refusals } from "./refusals.js";
import { readMember, readSaid, type Said, writeMember } from "./said.js";
import { changeRoster, compare, readMembers, restoreRoster } from "./scripts/presence.js";
import { isAway, type Servers, unavailable } from "./servers.js";
import type { Settings } from "./settings.js";
import { openingOf, SharedChannel } from "./shared-channel.js";
import { SharedReads } from "./shared-reads.js";
import { Subscriptions } from "./subscriptions.js";
import { after } from "./timer.js";

export interface SharedChannelsOptions {
  readonly servers: Servers;
  readonly settings: Settings;
  readonly refusals: Refusals;
  readonly node: Pick<BrokerNode, "deliver" | "skip" | "meet" | "meetAnew">;
}

/**
 * What this process hears of channels, and who is present there, kept the same as in Redis.
 *
 * A channel is subscribed to once, however many listen here. What a turn asks for goes in one command, and the comparison with
 * the stream goes right behind it: whatever is published after that is heard.
 */
export class SharedChannels {
  readonly #servers: Servers;
  readonly #settings: Settings;
  readonly #node: SharedChannelsOptions["node"];
  readonly #gate = new Gate(READS);
  readonly #histories: Histories;
  readonly #rosters = new SharedReads<Members>();
  readonly #byName = new Map<string, SharedChannel>();
  readonly #byTopic = new Map<string, SharedChannel>();
  readonly #subscriptions: Subscriptions;
  readonly #soon = new Map<SharedChannel, { cancel(): void }>();

  constructor({ servers, settings, refusals, node }: SharedChannelsOptions) {
    this.#servers = servers;
    this.#settings = settings;
    this.#node = node;
    const positionOf = (channel: string) => this.feedOf(channel)?.position;
    this.#histories = new Histories({ servers, settings, gate: this.#gate, refusals, positionOf });
    this.#subscriptions = new Subscriptions({
      lines: () => servers.lines,
      lineOf: (topic) => servers.lineOf(topic),
      isWanted: (topic) => this.#byTopic.get(topic)?.feed !== undefined,
      follow: (topics, anew) => this.#follow(topics, anew),
      refuse: (topics, reason = servers.missing?.reason) => {
        for (const topic of topics) this.#refuse(this.#byTopic.get(topic), reason);
      },
    });
  }

  get publishCommand(): "SPUBLISH" | "PUBLISH" {
    return this.#servers.isSharded ? "SPUBLISH" : "PUBLISH";
  }

  feedOf(channel: string): Feed | undefined {
    return this.#byName.get(channel)?.feed;
  }

  /** From when this resolves on it hears the channel, behind the position it is given. */
  async subscribe(channel: string, isKept: boolean): Promise<Position> {
    const shared = this.#sharedOf(channel);
    if (shared.feed === undefined) {
      shared.feed = this.#feedOf(shared, isKept);
      shared.opening = openingOf();
      this.#subscriptions.change(shared.place.topic);
    }
    const { feed } = shared;
    await shared.opening?.promise;
    if (feed.position === undefined) throw unavailable(new Error(`"${channel}" was left before it was heard.`));
    return feed.position;
  }

  async unsubscribe(channel: string): Promise<void> {
    const shared = this.#byName.get(channel);
    if (shared?.feed === undefined) return;
    shared.feed.giveUpWaiting();
    shared.feed = undefined;
    shared.opening?.reject(unavailable(new Error(`"${channel}" was left.`)));
    shared.opening = undefined;
    this.#forgetWhereOver(shared);
    this.#subscriptions.change(shared.place.topic);
  }

  /** What was asked for is asked of Redis in front of what is asked next. */
  flush(): void {
    this.#subscriptions.flush();
  }

  /** A line heard this. */
  hear(topic: string, message: string): void {
    const shared = this.#byTopic.get(topic);
    if (shared?.feed === undefined) return;
    try {
      this.#hear(shared, shared.feed, readSaid(message));
    } catch (error) {
      // Not of a script: somebody else publishes here.
      this.#settings.onError(error, `what was published on "${topic}"`);
      this.#compareSoon(shared);
    }
  }

  async read(channel: string, range: HistoryRange): Promise<HistoryPage> {
    this.flush();
    const feed = this.feedOf(channel);
    const { page, asked } = await this.#histories.read(channel, range);
    if (feed === undefined || asked === undefined || feed !== this.feedOf(channel)) return historyOf(page);
    // Nobody is told of an event out of the history that this process was not told of: it would be told twice.
    feed.compare(page, asked);
    if ((await feed.reach(page)) === "given-up") throw unavailable(this.#servers.missing?.reason);
    return historyOf(page);
  }

  /** Resolves when this process was told of what is there, if it hears the channel. */
  async reach(channel: string, position: Position): Promise<void> {
    const shared = this.#byName.get(channel);
    const reached = shared?.feed?.reach(position);
    if (shared === undefined || reached === undefined) return;
    // Usually it is on its way. What is not was lost.
    this.#compareSoon(shared);
    await reached;
  }

  attend(channel: string, member: PresentMember): Promise<void> {
    this.flush();
    const shared = this.#sharedOf(channel);
    if (shared.roster.has(member.id)) return Promise.resolve();
    shared.put(member);
    return this.#changeRoster(shared, "+", member.id, writeMember(member));
  }

  async withdraw(channel: string, id: string): Promise<void> {
    const shared = this.#byName.get(channel);
    if (shared?.roster.delete(id)) await this.#changeRoster(shared, "-", id, "");
  }

  members(channel: string, limit: number): Promise<Members> {
    const ask = () => this.#gate.pass(() => this.#askMembers(channel, limit));
    return this.#rosters.read(JSON.stringify([channel, limit]), ask);
  }

  async #askMembers(channel: string, limit: number): Promise<Members> {
    const { key, topic } = this.#settings.names.channel(channel);
    const keys = [key, `${key}:members`, `${key}:order`];
    const answer = await this.#servers.run(readMembers, keys, [topic, this.publishCommand, limit]);
    const [count, ...faces] = answer as [number, ...string[]]; // as the script gives them
    return { count, members: faces.map(readMember) };
  }

  /**
   * Lines have come or gone: whatever is not heard, and can be, is subscribed to and compared. Resolves when that is done.
   */
  async settle(): Promise<void> {
    for (const shared of this.#byName.values()) {
      const { place, feed, roster } = shared;
      const line = this.#servers.lineOf(place.key);
      if (line === undefined) {
        feed?.giveUpWaiting();
        // What was asked of it may have been done or not.
        shared.isRosterUnsure ||= roster.size > 0;
        this.#refuse(shared, this.#servers.missing?.reason);
        continue;
      }
      const isDeaf = feed !== undefined && !line.topics.has(place.topic);
      if (isDeaf || shared.isRosterUnsure) this.#subscriptions.change(place.topic);
    }
    await this.#subscriptions.settle();
  }

  /** Compares those that were not for so long. */
  async compareOlderThan(ms: number): Promise<void> {
    const untilMs = performance.now() - ms;
    const due = [...this.#byName.values()].filter(({ comparedAtMs }) => comparedAtMs <= untilMs);
    // Of very many a part at a time: nobody else need wait for all of them.
    for (const some of chunks(due, COMPARED_TOGETHER)) await this.#compare(some);
  }

  /** Nobody is present here any more. */
  async close(): Promise<void> {
    for (const { cancel } of this.#soon.values()) cancel();
    this.#soon.clear();
    const channels = [...this.#byName.values()];
    this.#byName.clear();
    this.#byTopic.clear();
    for (const { opening, feed } of channels) {
      opening?.reject(unavailable(new Error("The broker was closed.")));
      feed?.giveUpWaiting();
    }
    const attended = channels.filter(({ isPresent }) => isPresent);
    for (const { roster } of attended) roster.clear();
    await Promise.all(attended.map((shared) => this.#restoreRoster(shared)));
  }

  #sharedOf(channel: string): SharedChannel {
    const known = this.#byName.get(channel);
    if (known !== undefined) return known;
    const shared = new SharedChannel(channel, this.#settings.names.channel(channel));
    this.#byName.set(channel, shared);
    this.#byTopic.set(shared.place.topic, shared);
    return shared;
  }

  #forgetWhereOver(shared: SharedChannel): void {
    if (!shared.isOver || this.#byName.get(shared.channel) !== shared) return;
    this.#byName.delete(shared.channel);
    this.#byTopic.delete(shared.place.topic);
    this.#soon.get(shared)?.cancel();
    this.#soon.delete(shared);
  }

  #feedOf(shared: SharedChannel, isKept: boolean): Feed {
    const { channel } = shared;
    // Of one that was left nobody is told any more, whatever still comes.
    const isHeard = (): boolean => shared.feed === feed;
    const feed: Feed = new Feed({
      channel,
      isKept,
      deliver: (event) => isHeard() && this.#node.deliver(event),
      skip: (position) => isHeard() && this.#node.skip(channel, position),
      fetch: (offset, ask) => {
        this.#histories.read(channel, { after: offset, limit: PAGE }).then(
          ({ page }) => feed.filled(ask, page),
          () => {
            feed.unfilled(ask);
            // Where it is not the line that has failed, it is tried again.
            if (isHeard() && this.#servers.lineOf(shared.place.key) !== undefined) this.#compareSoon(shared);
          },
        );
      },
    });
    return feed;
  }

  #hear({ channel }: SharedChannel, feed: Feed, said: Said): void {
    if (said.kind === "event") {
      feed.hear({ ...said.event, channel });
      return;
    }
    // Before it is told where the stream is it is told of nobody: who is there is read then.
    if (feed.position === undefined) return;
    const { members, count } = said;
    const isJoined = said.kind === "joined";
    this.#node.meet({ channel, joined: isJoined ? members : [], left: isJoined ? [] : members, count });
  }

  #refuse(shared: SharedChannel | undefined, reason: unknown): void {
    shared?.opening?.reject(unavailable(reason));
    if (shared !== undefined) shared.opening = undefined;
  }

  /** They are listened to from now on, some of them anew. */
  #follow(topics: readonly string[], anew: ReadonlySet<string>): Promise<void> {
    const followed: SharedChannel[] = [];
    for (const topic of topics) {
      const shared = this.#byTopic.get(topic);
      if (shared === undefined) continue;
      if (anew.has(topic)) shared.isHeardAnew = true;
      if (shared.feed !== undefined || shared.isPresent) followed.push(shared);
    }
    return this.#compare(followed);
  }

  #compareSoon(shared: SharedChannel): void {
    if (this.#soon.has(shared)) return;
    const timer = after(SOON_MS, () => {
      this.#soon.delete(shared);
      void this.#compare([shared]);
    });
    this.#soon.set(shared, timer);
  }

  /** Never rejects: what could not be compared is when a line has come, or when its time is. */
  async #compare(channels: readonly SharedChannel[]): Promise<void> {
    await Promise.all(this.#together(channels).map((some) => this.#compareTogether(some)));
  }

  async #compareTogether(channels: readonly SharedChannel[]): Promise<void> {
    const { process, leaseMs, positionTtlMs, liveTtlMs, freshEpoch } = this.#settings;
    const before = channels.map(({ feed, isPresent }) => ({ feed, isPresent, position: feed?.position }));
    const each = channels.flatMap((shared) => [
      shared.place.topic,
      freshEpoch(),
      shared.feed?.isKept ? positionTtlMs : liveTtlMs,
      shared.isPresent ? 1 : 0,
    ]);
    const keys = channels.map(({ place }) => place.key);
    try {
      const args = [this.publishCommand, process, leaseMs, ...each];
      const found = (await this.#servers.run(compare, keys, args)) as (string | number)[]; // three of each
      for (const [index, shared] of channels.entries()) {
        const [epoch, offset, held] = found.slice(3 * index, 3 * index + 3);
        const then = before[index];
        const position = { epoch: String(epoch), offset: Number(offset) };
        if (shared.feed === then?.feed) this.#compared(shared, position, then?.position);
        const isKnown = held === 1 && shared.rosterEpoch === epoch && !shared.isRosterUnsure;
        if (then?.isPresent === true && shared.isPresent && !isKnown) void this.#restoreRoster(shared);
      }
    } catch (error) {
      await this.#notCompared(channels, error);
    }
  }

  async #notCompared(channels: readonly SharedChannel[], error: unknown): Promise<void> {
    const [only, ...others] = channels;
    if (!isAway(error) && others.length > 0) {
      // It may be one of them alone that Redis refuses.
      await Promise.all(channels.map((shared) => this.#compareTogether([shared])));
      return;
    }
    const isTold = channels.some(({ opening }) => opening !== undefined);
    for (const shared of channels) {
      shared.opening?.reject(error);
      shared.opening = undefined;
      // As soon as may be, unless Redis would refuse it again.
      shared.comparedAtMs = isAway(error) ? Number.NEGATIVE_INFINITY : performance.now();
    }
    if (only === undefined || isTold || isAway(error) || only.isRefused) return;
    only.isRefused = true;
    this.#settings.onError(error, `comparing "${only.channel}"`);
  }

  #compared(shared: SharedChannel, position: Position, asked: Position | undefined): void {
    const { feed, opening, channel } = shared;
    const isNew = feed?.position === undefined;
    // Those that came together are not all compared together for ever.
    shared.comparedAtMs = performance.now() - (isNew ? Math.random() * this.#settings.compareMs : 0);
    shared.isRefused = false;
    if (feed === undefined) return;
    feed.compare(position, asked);
    shared.opening = undefined;
    opening?.resolve();
    // Who came and went has no place in the stream, and may have been missed with it.
    if (!isNew && shared.isHeardAnew) this.#node.meetAnew(channel);
    shared.isHeardAnew = false;
  }

  /** What could not be done is made so with the next comparison. */
  async #changeRoster(shared: SharedChannel, change: "+" | "-", id: string, face: string): Promise<void> {
    // Until it is answered Redis may have something of it.
    shared.changes += 1;
    try {
      const args = [...this.#rosterArgs(shared), change, id, face];
      const epoch = await this.#servers.run(changeRoster, [shared.place.key], args);
      shared.rosterEpoch ??= String(epoch);
    } catch (error) {
      shared.isRosterUnsure = true;
      if (!isAway(error)) this.#settings.onError(error, `presence of "${shared.channel}"`);
    } finally {
      shared.changes -= 1;
      this.#forgetWhereOver(shared);
    }
  }

  async #restoreRoster(shared: SharedChannel): Promise<void> {
    // As with a change: until it is answered Redis may have something of it.
    shared.changes += 1;
    try {
      shared.isRosterUnsure = false;
      const members = [...shared.roster].flat();
      const epoch = await this.#servers.run(
        restoreRoster,
        [shared.place.key],
        [...this.#rosterArgs(shared), ...members],
      );
      shared.rosterEpoch = String(epoch);
    } catch (error) {
      shared.isRosterUnsure = true;
      if (!isAway(error)) this.#settings.onError(error, `presence of "${shared.channel}"`);
    } finally {
      shared.changes -= 1;
      this.#forgetWhereOver(shared);
    }
  }

  #rosterArgs({ place, roster }: SharedChannel): (string | number)[] {
    const { process, leaseMs, liveTtlMs, freshEpoch } = this.#settings;
    return [freshEpoch(), place.topic, this.publishCommand, process, leaseMs, liveTtlMs, roster.size === 0 ? 1 : 0];
  }

  /** Those that one script may look at: of a cluster, those of one slot. */
  #together(channels: readonly SharedChannel[]): SharedChannel[][] {
    if (!this.#servers.isSharded) return chunks(channels, COMPARED);
    const bySlot = new MultiMap<number, SharedChannel>();
    for (const shared of channels) bySlot.add(slotOf(shared.place.key), shared);
    return [...bySlot.keys()].flatMap((slot) => chunks(bySlot.of(slot), COMPARED));
  }
}

/** Events that are read at a time to fill a hole. */
const PAGE = 500;
/** Channels that one script compares, and how many are compared together. */
const COMPARED = 100;
const COMPARED_TOGETHER = 1_000;
/** How long something that was published may be on its way to this process. */
const SOON_MS = 250;
/** Answers that may be on their way at a time. */
const READS = 16;

/** A page as whoever asks for history is to see it. */
function historyOf({ epoch, offset, events, isComplete }: FeedPage): HistoryPage {
  const shown = events.map(({ offset: at, type, payloadJson }) => ({ offset: at, type, payloadJson }));
  return { epoch, offset, events: shown, isComplete };
}
