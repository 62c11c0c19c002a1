import type { Clock } from "../base/clock.js";
import type { IdSource } from "../base/ids.js";
import { defaultLimits, type Limits, type RateLimit } from "../protocol/limits.js";
import type {
  Broker,
  BrokerEvent,
  BrokerLink,
  BrokerNode,
  HistoryPage,
  HistoryRange,
  Members,
  Position,
  PresenceChange,
  PresentMember,
  Publication,
  Revocation,
} from "./broker.js";
import { Rosters } from "./rosters.js";
import { SharedWindows } from "./shared-windows.js";
import { Stream } from "./stream.js";

export interface MemoryBrokerOptions {
  readonly createId: IdSource;
  readonly clock: Pick<Clock, "elapsed">;
  readonly limits?: Pick<Limits, "historyBytes" | "positionTtl"> | undefined;
}

/**
 * The broker of one process: everything happens at the call itself. Apps of one process may share it, and then are to
 * each other what processes are with Redis.
 *
 * A stream lives as long as somebody listens or something is kept; without either its position is remembered for
 * `limits.positionTtl`, and what is kept takes up `limits.historyBytes` at most: the longest unused stream is forgotten.
 */
export class MemoryBroker implements Broker {
  readonly "~is" = "broker";
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #limits: Pick<Limits, "historyBytes" | "positionTtl">;
  readonly #life: string;
  #epochs = 0;
  /** The longest unused first: used is one that was published to, or lost its last listener. */
  readonly #streams = new Map<string, LiveStream>();
  #keptBytes = 0;
  readonly #links = new Set<MemoryLink>();
  readonly #rosters = new Rosters<MemoryLink>();
  /** The oldest first. */
  #revocations: Revocation[] = [];
  readonly #windows = new SharedWindows();
  /** What is told at present, and behind it what happened meanwhile. */
  readonly #untold: Untold[] = [];
  /** Events and presence changes so far, over all channels. */
  #serial = 0;

  constructor({ createId, clock, limits = defaultLimits }: MemoryBrokerOptions) {
    this.#clock = clock;
    this.#limits = limits;
    this.#life = createId().slice(0, 12);
  }

  async connect(node: BrokerNode): Promise<BrokerLink> {
    const link = new MemoryLink(this, node);
    this.#links.add(link);
    for (const revocation of this.#revocations) node.revoke(revocation);
    return link;
  }

  publish(publication: Publication): Position {
    const nowMs = this.#clock.elapsed();
    const live = this.#streams.get(publication.channel);
    // Nobody listens and nothing is kept: there is no stream that could go on.
    const isLost = publication.keep === undefined && publication.key === undefined;
    if (live === undefined && isLost) return { epoch: this.#nextEpoch(), offset: 1 };
    const used = this.#use(publication.channel, live, nowMs);
    const repeat = used.stream.findRepeat(publication, nowMs);
    if (repeat !== undefined) return repeat;
    const event = this.#countBytes(used.stream, () => used.stream.append(publication, nowMs));
    this.#announce(used, event, undefined);
    this.#forget(nowMs);
    return { epoch: event.epoch, offset: event.offset };
  }

  read(channel: string, range: HistoryRange, node: BrokerNode): HistoryPage {
    const nowMs = this.#clock.elapsed();
    const live = this.#streams.get(channel);
    if (live === undefined) return { epoch: this.#nextEpoch(), offset: 0, events: [], isComplete: true };
    const read = (asked: HistoryRange) => this.#countBytes(live.stream, () => live.stream.read(asked, nowMs));
    const untold = this.#firstUntold(live, node);
    if (untold === undefined) return read(range);
    // For this node the stream ends there as yet.
    const before = Math.min(range.before ?? untold.offset, untold.offset);
    return { ...read({ ...range, before }), offset: untold.offset - 1 };
  }

  subscribe(channel: string, node: BrokerNode): Position {
    const nowMs = this.#clock.elapsed();
    const live = this.#streams.get(channel) ?? this.#use(channel, undefined, nowMs);
    live.nodes.set(node, this.#serial);
    return live.stream.position;
  }

  unsubscribe(channel: string, node: BrokerNode): void {
    const live = this.#streams.get(channel);
    if (live === undefined || !live.nodes.delete(node) || live.nodes.size > 0) return;
    const nowMs = this.#clock.elapsed();
    if (live.stream.bytes > 0) this.#use(channel, live, nowMs);
    else this.#streams.delete(channel);
    this.#forget(nowMs);
  }

  attend(channel: string, member: PresentMember, link: MemoryLink): void {
    // What a link that has closed asks for would stay for good.
    if (!this.#links.has(link) || !this.#rosters.attend(channel, member, link)) return;
    this.#announceChange({ channel, joined: [member], left: [], count: this.#rosters.count(channel) });
  }

  withdraw(channel: string, id: string, link: MemoryLink): void {
    const left = this.#rosters.withdraw(channel, id, link);
    if (left !== undefined)
      this.#announceChange({ channel, joined: [], left: [left], count: this.#rosters.count(channel) });
  }

  members(channel: string, limit: number): Members {
    return this.#rosters.members(channel, limit);
  }

  /** Puts it behind all others: it is the shortest unused. */
  #use(channel: string, known: LiveStream | undefined, nowMs: number): LiveStream {
    const live = known ?? { stream: new Stream(this.#nextEpoch()), nodes: new Map(), usedAtMs: nowMs };
    live.usedAtMs = nowMs;
    this.#streams.delete(channel);
    this.#streams.set(channel, live);
    return live;
  }

  #countBytes<Result>(stream: Stream, change: () => Result): Result {
    const before = stream.bytes;
    const result = change();
    this.#keptBytes += stream.bytes - before;
    return result;
  }

  /** What nobody listens to is forgotten when its time is over, and the longest unused where too much is kept. */
  #forget(nowMs: number): void {
    for (const [channel, { nodes, usedAtMs }] of this.#streams) {
      if (usedAtMs + this.#limits.positionTtl > nowMs) break;
      if (nodes.size === 0) this.#drop(channel);
    }
    for (const [channel, { stream }] of this.#streams) {
      if (this.#keptBytes <= this.#limits.historyBytes) return;
      if (stream.bytes > 0) this.#drop(channel);
    }
  }

  /** Who listens is told by the next event, which is of another epoch. */
  #drop(channel: string): void {
    const live = this.#streams.get(channel);
    if (live === undefined) return;
    this.#countBytes(live.stream, () => live.stream.restart(this.#nextEpoch()));
    if (live.nodes.size === 0) this.#streams.delete(channel);
  }

  #announceChange(change: PresenceChange): void {
    const live = this.#streams.get(change.channel);
    if (live !== undefined) this.#announce(live, undefined, change);
  }

  #announce(live: LiveStream, event: BrokerEvent | undefined, change: PresenceChange | undefined): void {
    this.#serial += 1;
    this.#untold.push({ live, event, change, serial: this.#serial });
    // What happens while something is told is told after it, so that everyone has one order.
    if (this.#untold.length === 1) this.#tell();
  }

  #tell(): void {
    for (let next = this.#untold[0]; next !== undefined; next = this.#untold[0]) {
      const { live, event, change, serial } = next;
      try {
        for (const [node, since] of live.nodes) {
          // Who came while it waited to be told was given what is behind it.
          if (serial <= since) continue;
          live.nodes.set(node, serial);
          if (event !== undefined) node.deliver(event);
          if (change !== undefined) node.meet(change);
        }
      } finally {
        this.#untold.shift();
      }
    }
  }

  /** The first event of the stream that was published while something is told, and that this node is to hear yet. */
  #firstUntold(live: LiveStream, node: BrokerNode): Position | undefined {
    const since = live.nodes.get(node) ?? 0;
    const { epoch } = live.stream.position;
    return this.#untold.find((each) => each.live === live && each.serial > since && each.event?.epoch === epoch)?.event;
  }

  #nextEpoch(): string {
    this.#epochs += 1;
    return `${this.#life}-${this.#epochs.toString(36)}`;
  }

  countInWindow(key: string, limit: RateLimit, nowMs: number): number {
    return this.#windows.take(key, limit, nowMs);
  }

  reserve(user: string, connection: string, limit: number, link: MemoryLink): boolean {
    const count = [...this.#links].reduce((sum, each) => sum + (each.connectionsOf.get(user)?.size ?? 0), 0);
    if (count >= limit) return false;
    link.put(user, connection, "reserved");
    return true;
  }

  isConnected(user: string): boolean {
    return [...this.#links].some((link) => link.users.has(user));
  }

  disconnectUser(user: string, code: number, reason: string): void {
    for (const link of this.#links) link.node.disconnectUser(user, code, reason);
  }

  revoke(revocation: Revocation, limit: number): void {
    const { revokedAtMs } = revocation;
    const others = this.#revocations.filter(
      (other) => !isSame(other, revocation) && (other.untilMs === undefined || other.untilMs > revokedAtMs),
    );
    this.#revocations = [...others, revocation].slice(-limit);
    for (const link of this.#links) link.node.revoke(revocation);
  }

  countUsers(): number {
    const [only, ...others] = this.#links;
    if (only !== undefined && others.length === 0) return only.users.size;
    return new Set([...this.#links].flatMap((link) => [...link.users.keys()])).size;
  }

  disconnect(link: MemoryLink): void {
    this.#links.delete(link);
    for (const [channel, { nodes }] of [...this.#streams]) {
      if (nodes.has(link.node)) this.unsubscribe(channel, link.node);
    }
    for (const change of this.#rosters.withdrawAll(link)) this.#announceChange(change);
  }
}

/** One channel, while somebody listens to it or something of it is remembered. */
interface LiveStream {
  readonly stream: Stream;
  /** Who listens → the serial of what it was told last, or of what had happened when it began to. */
  readonly nodes: Map<BrokerNode, number>;
  usedAtMs: number;
}

/** An event of a channel, or a change of those present there. */
interface Untold {
  readonly live: LiveStream;
  readonly event: BrokerEvent | undefined;
  readonly change: PresenceChange | undefined;
  readonly serial: number;
}

class MemoryLink implements BrokerLink {
  readonly node: BrokerNode;
  /** User → connection → what it is. */
  readonly connectionsOf: Map<string, Map<string, "reserved" | "open">> = new Map();
  /** User → open connections; those without any are left out. */
  readonly users: Map<string, number> = new Map();
  readonly #broker: MemoryBroker;

  constructor(broker: MemoryBroker, node: BrokerNode) {
    this.#broker = broker;
    this.node = node;
  }

  put(user: string, connection: string, state: "reserved" | "open"): void {
    const connections = this.connectionsOf.get(user) ?? new Map<string, "reserved" | "open">();
    this.connectionsOf.set(user, connections);
    const before = connections.get(connection);
    connections.set(connection, state);
    if (state === "open" && before !== "open") this.users.set(user, (this.users.get(user) ?? 0) + 1);
  }

  async publish(event: Publication): Promise<Position> {
    return this.#broker.publish(event);
  }

  read(channel: string, range: HistoryRange): HistoryPage {
    return this.#broker.read(channel, range, this.node);
  }

  subscribe(channel: string): Position {
    return this.#broker.subscribe(channel, this.node);
  }

  async unsubscribe(channel: string): Promise<void> {
    this.#broker.unsubscribe(channel, this.node);
  }

  async attend(channel: string, member: PresentMember): Promise<void> {
    this.#broker.attend(channel, member, this);
  }

  async withdraw(channel: string, id: string): Promise<void> {
    this.#broker.withdraw(channel, id, this);
  }

  members(channel: string, limit: number): Members {
    return this.#broker.members(channel, limit);
  }

  async reserve(user: string, connection: string, limit: number): Promise<boolean> {
    return this.#broker.reserve(user, connection, limit, this);
  }

  async arrive(user: string, connection: string): Promise<void> {
    this.put(user, connection, "open");
  }

  async depart(user: string, connection: string): Promise<void> {
    const connections = this.connectionsOf.get(user);
    const state = connections?.get(connection);
    connections?.delete(connection);
    if (connections?.size === 0) this.connectionsOf.delete(user);
    if (state !== "open") return;
    const count = (this.users.get(user) ?? 0) - 1;
    if (count > 0) this.users.set(user, count);
    else this.users.delete(user);
  }

  async isConnected(user: string): Promise<boolean> {
    return this.#broker.isConnected(user);
  }

  async disconnectUser(user: string, code: number, reason: string): Promise<void> {
    this.#broker.disconnectUser(user, code, reason);
  }

  async revoke(revocation: Revocation, limit: number): Promise<void> {
    this.#broker.revoke(revocation, limit);
  }

  async countInWindow(key: string, limit: RateLimit, nowMs: number): Promise<number> {
    return this.#broker.countInWindow(key, limit, nowMs);
  }

  async countUsers(): Promise<number> {
    return this.#broker.countUsers();
  }

  async close(): Promise<void> {
    this.#broker.disconnect(this);
  }
}

/** Of the same user, or of the same credential? */
function isSame(one: Revocation, other: Revocation): boolean {
  if ("user" in one) return "user" in other && one.user === other.user;
  return "tokenId" in other && one.tokenId === other.tokenId;
}
