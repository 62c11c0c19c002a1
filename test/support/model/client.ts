import type { App } from "tidings";
import { TidingsApp } from "../../../src/app/app.js";
import type { Position } from "../../../src/broker/broker.js";
import { dialMemory, type MemoryPeer } from "../../../src/transport/memory.js";
import { type Heard, type Phase, Reader, type ReaderOptions } from "./reader.js";

export type ChannelName = "one" | "two";
export const channelNames: readonly ChannelName[] = ["one", "two"];

/** The server's end, as the endpoint's `open` was given it. */
export interface ServerEnd {
  readonly id: string;
  isOn(channel: ChannelName): boolean;
  /** Is it on the channel, and was it sent that it is? */
  isTold(channel: ChannelName): boolean;
  send(type: "note", payload: { readonly stamp: number }): boolean;
  join(channel: ChannelName): Promise<void>;
  leave(channel: ChannelName): Promise<void>;
}

export interface ClientOptions {
  readonly name: string;
  /** Does it speak `tidings.v1`? */
  readonly isOurs: boolean;
  readonly readerOptions: (
    channel: ChannelName,
  ) => Pick<ReaderOptions, "kind" | "ledger" | "nowMs" | "isStable" | "pageSize">;
  readonly violate: (what: string) => void;
}

/** One client, over all its connections. */
export class ModelClient {
  readonly name: string;
  readonly isOurs: boolean;
  readonly #options: ClientOptions;
  /** Where it stood on its channels, also on connections before. */
  readonly positions = new Map<ChannelName, Position>();
  link: Link | undefined;
  dials = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.name = options.name;
    this.isOurs = options.isOurs;
  }

  get isStalled(): boolean {
    return this.link?.isStalled === true;
  }

  /** What the server opened for it is told by `opened`. */
  async dial(app: App, since: boolean): Promise<void> {
    if (!(app instanceof TidingsApp)) return;
    this.dials += 1;
    const answer = await dialMemory((upgrade) => void app.answer(upgrade), {
      target: `/ws?token=${this.name}`,
      headers: {
        "x-dial": String(this.dials),
        ...(this.isOurs && { "sec-websocket-protocol": "tidings.v1" }),
      },
    });
    if ("refused" in answer) {
      this.#options.violate(`${this.name} was refused: ${answer.refused.body}`);
      return;
    }
    const given = since ? new Map(this.positions) : new Map<ChannelName, Position>();
    this.link = new Link(answer.peer, this, this.isOurs ? given : new Map(), this.#options);
    if (this.isOurs) this.link.say("connect", since ? { since: Object.fromEntries(given) } : {});
  }

  opened(server: ServerEnd): void {
    if (this.link === undefined || this.link.server !== undefined) this.#early = server;
    else this.link.server = server;
  }

  #early: ServerEnd | undefined;
  /** A plain client's connection opens before its dial is answered. */
  takeEarly(): ServerEnd | undefined {
    const early = this.#early;
    this.#early = undefined;
    return early;
  }
}

/** One connection of a client. */
export class Link {
  server: ServerEnd | undefined;
  readonly readers: ReadonlyMap<ChannelName, Reader>;
  /** Where `connect` told that it stood; each counts for the first join. */
  readonly since: Map<ChannelName, Position>;
  isOpen = true;
  isStalled = false;
  /** May its outbox ever have been half full? */
  isPressed = false;
  /** It ended it itself. */
  isLeaving = false;
  readonly #peer: MemoryPeer;
  readonly #client: ModelClient;
  readonly #violate: (what: string) => void;
  readonly #requests = new Map<number, { readonly type: string; readonly channel: ChannelName; readonly n?: number }>();
  readonly #subscribing = new Map<ChannelName, { readonly since?: Position; readonly rewind?: number }>();
  readonly #notes: number[] = [];
  #lastStamp = 0;
  #lastId = 0;

  constructor(peer: MemoryPeer, client: ModelClient, since: Map<ChannelName, Position>, options: ClientOptions) {
    this.#peer = peer;
    this.#client = client;
    this.#violate = (what) => options.violate(`${client.name}, connection ${client.dials}: ${what}`);
    this.since = since;
    this.server = client.takeEarly();
    this.readers = new Map(
      channelNames.map((channel) => [
        channel,
        new Reader({
          ...options.readerOptions(channel),
          name: `${client.name}, connection ${client.dials}, channel ${channel}`,
          connectionId: () => this.server?.id ?? "",
          isPressed: () => this.isPressed,
          violate: options.violate,
        }),
      ]),
    );
    peer.listen({
      text: (text) => this.#hear(JSON.parse(text) as Heard), // the server wrote it
      binary: () => this.#violate("hears bytes"),
      pong: () => {},
      closed: (code, reason) => this.#closed(code, reason),
    });
  }

  reader(channel: ChannelName): Reader {
    return this.readers.get(channel) as Reader; // there is one for each
  }

  say(type: string, payload: object): void {
    this.#peer.send(JSON.stringify({ type, payload }));
  }

  /** A subscription that it may be let in with: one at a time. */
  subscribe(channel: ChannelName, how: { readonly since?: Position; readonly rewind?: number }): void {
    if (this.server?.isOn(channel) === true) this.ask("subscribe", channel, {});
    else if (!this.#subscribing.has(channel)) {
      this.#subscribing.set(channel, how);
      this.ask("subscribe", channel, { ...how, presence: true });
    }
  }

  /** A subscription has come to its turn, and is let in: how it was asked for. */
  arrival(channel: ChannelName): Pick<Phase, "since" | "rewind"> {
    const { since, rewind = 0 } = this.#subscribing.get(channel) ?? {};
    this.#subscribing.delete(channel);
    return { since, rewind };
  }

  ask(type: string, channel: ChannelName, payload: object, n?: number): void {
    this.#lastId += 1;
    this.#requests.set(this.#lastId, { type, channel, ...(n !== undefined && { n }) });
    this.#peer.send(JSON.stringify({ type, id: this.#lastId, payload: { channel, ...payload } }));
  }

  note(stamp: number): void {
    if (this.server?.send("note", { stamp }) === true) this.#notes.push(stamp);
  }

  stall(): void {
    this.isStalled = true;
    this.isPressed = true;
    this.#peer.stopReading();
  }

  read(): void {
    this.isStalled = false;
    this.#peer.startReading();
  }

  end(how: "vanish" | "close"): void {
    this.isLeaving = true;
    this.read();
    if (how === "vanish") this.#peer.vanish();
    else this.#peer.close(1000);
    this.isOpen = false;
  }

  /** Everybody has read everything, and something was said last. */
  finish(): void {
    if (!this.isOpen) return;
    for (const [channel, reader] of this.readers) reader.finish(this.server?.isOn(channel) === true);
    for (const note of this.#notes) this.#violate(`was not sent the note ${note}`);
    for (const { type, channel } of this.#requests.values()) this.#violate(`"${type}" of ${channel} was not answered`);
  }

  #hear(heard: Heard): void {
    if (!this.isOpen) return;
    const { type, channel, id, payload } = heard;
    const request = id === undefined ? undefined : this.#requests.get(id);
    if (request !== undefined) this.#requests.delete(id ?? 0);
    else if (id !== undefined) this.#violate(`"${type}" answers nothing`);
    if (type === "note") {
      this.#hearNote(payload.stamp ?? 0);
      return;
    }
    if (type === "connected") return;
    if (type === "ping") {
      this.#peer.send("pong");
      return;
    }
    if (type === "error") {
      if (request?.type === "subscribe") this.#subscribing.delete(request.channel);
      const isLost = payload.code === "unavailable" || payload.code === "forbidden";
      // Its state was not there in time, or the server took it off before.
      if (request?.type === "subscribe" && isLost) this.reader(request.channel).failed();
      else if (!EXPECTED.has(payload.code ?? "")) this.#violate(`error ${payload.code}: ${payload.message}`);
      return;
    }
    if (type === "reply") {
      if (request?.n !== undefined) this.#checkReply(request.channel, request.n, payload.offset);
      return;
    }
    if (channel !== "one" && channel !== "two") {
      this.#violate(`hears "${type}" of ${channel}`);
      return;
    }
    const reader = this.reader(channel);
    if (type === "subscribed") reader.subscribed(payload, id !== undefined);
    else if (type === "unsubscribed") reader.unsubscribed(payload);
    else if (type === "gap") reader.gap(payload);
    else if (type === "presence") reader.presence(payload);
    else if (type === "said") this.#hearEvent(reader, heard);
    else this.#violate(`hears "${type}"`);
    const { position } = reader;
    if (position !== undefined) this.#client.positions.set(channel, position);
  }

  #hearNote(stamp: number): void {
    if (this.#notes.shift() !== stamp) this.#violate(`hears the note ${stamp} out of order`);
    this.#checkOrder(stamp);
  }

  #hearEvent(reader: Reader, heard: Heard): void {
    const said = reader.event(heard);
    if (said !== undefined && reader.isLive(said)) this.#checkOrder(said.stamp);
  }

  #checkOrder(stamp: number): void {
    if (stamp < this.#lastStamp)
      this.#violate(`hears what was said as number ${stamp} after number ${this.#lastStamp}`);
    this.#lastStamp = Math.max(this.#lastStamp, stamp);
  }

  #checkReply(channel: ChannelName, n: number, offset: number | undefined): void {
    const problem = this.reader(channel).checkReply(n, offset);
    if (problem !== undefined) this.#violate(problem);
  }

  #closed(code: number, reason: string): void {
    this.isOpen = false;
    if (this.isLeaving || (this.isPressed && PRESSED.has(reason))) return;
    this.#violate(`was closed with ${code} ${reason}`);
  }
}

/** What who reads slowly, or not at all, is closed with. */
const PRESSED: ReadonlySet<string> = new Set(["slow_consumer", "ping_timeout"]);
/** What a client that asks at random is answered. */
const EXPECTED: ReadonlySet<string> = new Set(["already_subscribed", "not_subscribed", "forbidden"]);
