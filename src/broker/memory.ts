import type { IdSource } from "../base/ids.js";
import type { Broker, BrokerEvent, BrokerLink, BrokerNode, Position, Publication } from "./broker.js";

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
  readonly #untold: { readonly stream: Stream; readonly event: BrokerEvent }[] = [];

  constructor(createId: IdSource) {
    this.#life = createId().slice(0, 12);
  }

  async connect(node: BrokerNode): Promise<BrokerLink> {
    const link = new MemoryLink(this, node);
    this.#links.add(link);
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

  isConnected(user: string): boolean {
    return [...this.#links].some((link) => link.connectionsOf.has(user));
  }

  disconnectUser(user: string, code: number, reason: string): void {
    for (const link of this.#links) link.node.disconnectUser(user, code, reason);
  }

  countUsers(): number {
    const [only, ...others] = this.#links;
    if (only !== undefined && others.length === 0) return only.connectionsOf.size;
    return new Set([...this.#links].flatMap((link) => [...link.connectionsOf.keys()])).size;
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
  /** User → ids of the open connections. */
  readonly connectionsOf: Map<string, Set<string>> = new Map();
  readonly #broker: MemoryBroker;

  constructor(broker: MemoryBroker, node: BrokerNode) {
    this.#broker = broker;
    this.node = node;
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

  async arrive(user: string, connection: string): Promise<void> {
    const connections = this.connectionsOf.get(user);
    if (connections === undefined) this.connectionsOf.set(user, new Set([connection]));
    else connections.add(connection);
  }

  async depart(user: string, connection: string): Promise<void> {
    const connections = this.connectionsOf.get(user);
    connections?.delete(connection);
    if (connections?.size === 0) this.connectionsOf.delete(user);
  }

  async isConnected(user: string): Promise<boolean> {
    return this.#broker.isConnected(user);
  }

  async disconnectUser(user: string, code: number, reason: string): Promise<void> {
    this.#broker.disconnectUser(user, code, reason);
  }

  async countUsers(): Promise<number> {
    return this.#broker.countUsers();
  }

  async close(): Promise<void> {
    this.#broker.disconnect(this);
  }
}
