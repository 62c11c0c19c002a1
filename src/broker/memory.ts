import type { IdSource } from "../base/ids.js";
import type { RateLimit } from "../protocol/limits.js";
import type { Broker, BrokerEvent, BrokerLink, BrokerNode, Position, Publication, Revocation } from "./broker.js";
import { SharedWindows } from "./shared-windows.js";

/**
 * The broker of one process: everything happens at the call itself. Apps of one process may share it, and then are to
 * each other what processes are with Redis.
 */
export class MemoryBroker implements Broker {
  readonly "~is" = "broker";
  readonly #life: string;
  #epochs = 0;
  readonly #streams = new Map<string, Stream>();
  readonly #links = new Set<MemoryLink>();
  /** The oldest first. */
  #revocations: Revocation[] = [];
  readonly #windows = new SharedWindows();
  readonly #untold: { readonly stream: Stream; readonly event: BrokerEvent }[] = [];

  constructor(createId: IdSource) {
    this.#life = createId().slice(0, 12);
  }

  async connect(node: BrokerNode): Promise<BrokerLink> {
    const link = new MemoryLink(this, node);
    this.#links.add(link);
    for (const revocation of this.#revocations) node.revoke(revocation);
    return link;
  }

  publish(event: Publication): Position {
    const stream = this.#streams.get(event.channel);
    // Nobody listens and nothing is kept: there is no stream that could go on.
    if (stream === undefined) return { epoch: this.#nextEpoch(), offset: 1 };
    stream.offset += 1;
    const { epoch, offset } = stream;
    this.#untold.push({ stream, event: { ...event, epoch, offset } });
    // What is published while an event is told is told after it, so that everyone has one order.
    if (this.#untold.length === 1) this.#tell();
    return { epoch, offset };
  }

  #tell(): void {
    for (let next = this.#untold[0]; next !== undefined; next = this.#untold[0]) {
      const { stream, event } = next;
      try {
        for (const [node, position] of stream.nodes) if (event.offset > position) node.deliver(event);
      } finally {
        this.#untold.shift();
      }
    }
  }

  subscribe(channel: string, node: BrokerNode): Position {
    let stream = this.#streams.get(channel);
    if (stream === undefined) {
      stream = { epoch: this.#nextEpoch(), offset: 0, nodes: new Map() };
      this.#streams.set(channel, stream);
    }
    stream.nodes.set(node, stream.offset);
    return { epoch: stream.epoch, offset: stream.offset };
  }

  unsubscribe(channel: string, node: BrokerNode): void {
    const stream = this.#streams.get(channel);
    stream?.nodes.delete(node);
    if (stream?.nodes.size === 0) this.#streams.delete(channel);
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
    for (const [channel, stream] of this.#streams) {
      if (stream.nodes.has(link.node)) this.unsubscribe(channel, link.node);
    }
  }
}

/** One channel, while somebody listens to it. */
interface Stream {
  readonly epoch: string;
  offset: number;
  /** Who listens → the offset it began to listen after. */
  readonly nodes: Map<BrokerNode, number>;
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

  async subscribe(channel: string): Promise<Position> {
    return this.#broker.subscribe(channel, this.node);
  }

  async unsubscribe(channel: string): Promise<void> {
    this.#broker.unsubscribe(channel, this.node);
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
