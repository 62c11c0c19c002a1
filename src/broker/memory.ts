import type { Clock } from "../base/clock.js";
import type { IdSource } from "../base/ids.js";
import { MultiMap } from "../base/multi-map.js";
import { defaultLimits, type Limits, type RateLimit } from "../protocol/limits.js";
import type {
  Broker,
  BrokerLink,
  BrokerNode,
  HistoryPage,
  HistoryRange,
  Members,
  Position,
  PresentMember,
  Publication,
  Revocation,
} from "./broker.js";
import { Rosters } from "./rosters.js";
import { SharedWindows } from "./shared-windows.js";
import { Streams, type StreamsState } from "./streams.js";

export interface MemoryBrokerOptions {
  readonly createId: IdSource;
  readonly clock: Pick<Clock, "elapsed">;
  readonly limits?: Pick<Limits, "historyBytes" | "positionTtl"> | undefined;
  /** What another one has left, to go on with. */
  readonly left?: MemoryLeft | undefined;
}

export interface MemoryLeft {
  readonly state: MemoryState;
  /** How long ago. */
  readonly agoMs: number;
}

/** What a broker hands on to the one that takes its place, as JSON has it. */
export interface MemoryState {
  readonly streams: StreamsState;
  readonly revocations: readonly Revocation[];
}

/**
 * The broker of one process: everything happens at the call itself. Apps of one process may share it, and then are to
 * each other what processes are with Redis.
 */
export class MemoryBroker implements Broker {
  readonly "~is" = "broker";
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #streams: Streams;
  readonly #links = new Set<MemoryLink>();
  readonly #rosters = new Rosters<MemoryLink>();
  /** The oldest first. */
  #revocations: Revocation[] = [];
  readonly #windows = new SharedWindows();

  constructor({ createId, clock, limits = defaultLimits, left }: MemoryBrokerOptions) {
    this.#clock = clock;
    this.#streams = new Streams(limits, createId().slice(0, 12));
    if (left === undefined) return;
    this.#streams.restore(left.state.streams, clock.elapsed() - left.agoMs);
    this.#revocations = [...left.state.revocations];
  }

  /** What another one can go on with. Rates, and who is present and connected, are of connections, and end with them. */
  state(): MemoryState {
    return { streams: this.#streams.state(this.#clock.elapsed()), revocations: this.#revocations };
  }

  async connect(node: BrokerNode): Promise<BrokerLink> {
    const link = new MemoryLink(this, node);
    this.#links.add(link);
    for (const revocation of this.#revocations) node.revoke(revocation);
    return link;
  }

  publish(publication: Publication): Position {
    return this.#streams.publish(publication, this.#clock.elapsed());
  }

  read(channel: string, range: HistoryRange, node: BrokerNode): HistoryPage {
    return this.#streams.read(channel, range, node, this.#clock.elapsed());
  }

  subscribe(channel: string, isKept: boolean, node: BrokerNode): Position {
    return this.#streams.subscribe(channel, isKept, node, this.#clock.elapsed());
  }

  unsubscribe(channel: string, node: BrokerNode): void {
    this.#streams.unsubscribe(channel, node, this.#clock.elapsed());
  }

  attend(channel: string, member: PresentMember, link: MemoryLink): void {
    // What a link that has closed asks for would stay for good.
    if (!this.#links.has(link) || !this.#rosters.attend(channel, member, link)) return;
    this.#streams.announceChange({ channel, joined: [member], left: [], count: this.#rosters.count(channel) });
  }

  withdraw(channel: string, id: string, link: MemoryLink): void {
    const left = this.#rosters.withdraw(channel, id, link);
    if (left === undefined) return;
    this.#streams.announceChange({ channel, joined: [], left: [left], count: this.#rosters.count(channel) });
  }

  members(channel: string, limit: number): Members {
    return this.#rosters.members(channel, limit);
  }

  countInWindow(user: string, scope: string, limit: RateLimit, nowMs: number): number {
    return this.#windows.take(JSON.stringify([scope, user]), limit, nowMs);
  }

  reserve(user: string, connection: string, limit: number, link: MemoryLink): boolean {
    const count = [...this.#links].reduce((sum, each) => sum + each.connectionsOf.count(user), 0);
    if (count >= limit) return false;
    link.connectionsOf.add(user, connection);
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

  notify(topic: string, json: string): void {
    for (const link of [...this.#links]) link.node.notified(topic, json);
  }

  countUsers(): number {
    const [only, ...others] = this.#links;
    if (only !== undefined && others.length === 0) return only.users.size;
    return new Set([...this.#links].flatMap((link) => [...link.users.keys()])).size;
  }

  countConnections(): number {
    return [...this.#links].reduce((sum, { node }) => sum + node.connectionCount, 0);
  }

  disconnect(link: MemoryLink): void {
    this.#links.delete(link);
    this.#streams.unsubscribeAll(link.node, this.#clock.elapsed());
    for (const change of this.#rosters.withdrawAll(link)) this.#streams.announceChange(change);
  }
}

class MemoryLink implements BrokerLink {
  readonly node: BrokerNode;
  /** User → connections, reserved or open. */
  readonly connectionsOf: MultiMap<string, string> = new MultiMap();
  /** User → those that are open. */
  readonly users: MultiMap<string, string> = new MultiMap();
  readonly #broker: MemoryBroker;

  constructor(broker: MemoryBroker, node: BrokerNode) {
    this.#broker = broker;
    this.node = node;
  }

  async publish(event: Publication): Promise<Position> {
    return this.#broker.publish(event);
  }

  read(channel: string, range: HistoryRange): HistoryPage {
    return this.#broker.read(channel, range, this.node);
  }

  subscribe(channel: string, isKept: boolean = false): Position {
    return this.#broker.subscribe(channel, isKept, this.node);
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

  reserve(user: string, connection: string, limit: number): boolean {
    return this.#broker.reserve(user, connection, limit, this);
  }

  arrive(user: string, connection: string): void {
    this.connectionsOf.add(user, connection);
    this.users.add(user, connection);
  }

  depart(user: string, connection: string): void {
    this.connectionsOf.delete(user, connection);
    this.users.delete(user, connection);
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

  countInWindow(user: string, scope: string, limit: RateLimit, nowMs: number): number {
    return this.#broker.countInWindow(user, scope, limit, nowMs);
  }

  async countUsers(): Promise<number> {
    return this.#broker.countUsers();
  }

  async countConnections(): Promise<number> {
    return this.#broker.countConnections();
  }

  async notify(topic: string, json: string): Promise<void> {
    this.#broker.notify(topic, json);
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
