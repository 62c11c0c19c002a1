import type { HistoryRequest } from "../declare/app.js";
import type { ChannelRef } from "../declare/channel.js";
import type { Closed } from "../declare/closed.js";
import type { EndpointContract } from "../declare/contract.js";
import { barePing } from "../protocol/message.js";
import { type Issue, TidingsError } from "../protocol/tidings-error.js";
import type { MemoryPeer } from "../transport/memory.js";
import { Inbox } from "./inbox.js";
import { PeerEnd } from "./peer-end.js";
import type { TestChannels, TestPosition, TestPublishOptions, TestSubscribeOptions } from "./test-channels.js";
import type { TestArrival, TestConnection } from "./test-connection.js";

/** What waits for an answer. */
interface Asked {
  resolve(payload: unknown): void;
  reject(error: Error): void;
}

type Channels = keyof TestChannels<EndpointContract>;

/**
 * The client's end of a connection that speaks messages. Of what it hears the endpoint's contract knows the types; which
 * channels are listed is a matter of types alone, so that here any will do.
 */
export class MessagesEnd
  extends PeerEnd
  implements Omit<TestConnection<EndpointContract>, Channels>, Record<Channels, object>
{
  readonly #isOurClient: boolean;
  readonly #inbox = new Inbox<TestArrival>(describe);
  /** What our client deals with itself, and a test need not look at. */
  readonly #affairs = new Inbox<TestArrival>(describe);
  readonly #requests = new Map<number, Asked>();
  readonly #pings: Asked[] = [];
  #nextId = 1;
  #answersPings = true;
  #isOver = false;

  constructor(peer: MemoryPeer, isOurClient: boolean) {
    super(peer);
    this.#isOurClient = isOurClient;
  }

  get unread(): readonly TestArrival[] {
    return this.#inbox.items;
  }

  send(type: string, payload?: unknown): void {
    this.sendFrame(JSON.stringify({ type, payload }));
  }

  request(type: string, payload?: unknown): Promise<never> {
    if (this.#isOver) return Promise.reject(lost(`"${type}" was asked after the end.`));
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      // The reply is what the contract says of this message.
      this.#requests.set(id, { resolve: resolve as (payload: unknown) => void, reject });
      this.sendFrame(JSON.stringify({ type, payload, id }));
    });
  }

  async next(type: string): Promise<never> {
    const arrival = await this.#inbox.next(`A message "${type}"`, (each) => each.type === type);
    return (type === "error" ? toError(arrival) : arrival.payload) as never; // the contract says what it is
  }

  subscribe({ channel }: ChannelRef, { since, rewind, presence }: TestSubscribeOptions = {}): Promise<never> {
    return this.request("subscribe", { channel, since, rewind, presence });
  }

  async unsubscribe({ channel }: ChannelRef): Promise<void> {
    await this.request("unsubscribe", { channel });
  }

  async publish(
    { channel }: ChannelRef,
    type: string,
    payload: unknown,
    { key }: TestPublishOptions = {},
  ): Promise<{ readonly offset: number | undefined }> {
    // PROTOCOL.md, What a client may send.
    const { offset } = (await this.request("publish", { channel, type, payload, key })) as { readonly offset?: number };
    return { offset };
  }

  presence({ channel }: ChannelRef, { watch }: { watch?: boolean | undefined } = {}): Promise<never> {
    return this.request("presence", { channel, watch });
  }

  history({ channel }: ChannelRef, { limit, before }: HistoryRequest = {}): Promise<never> {
    return this.request("history", { channel, limit, before });
  }

  async nextOn({ channel }: ChannelRef, type: string): Promise<never> {
    const inbox = this.#isAffair(type) ? this.#affairs : this.#inbox;
    const isIt = (each: TestArrival) => each.type === type && each.channel === channel;
    const { payload, offset } = await inbox.next(`A message "${type}" on ${channel}`, isIt);
    return (ABOUT_CHANNELS.has(type) ? payload : { payload, offset }) as never; // the contract says what it is
  }

  sendFrame(frame: string | Uint8Array): void {
    this.peer.send(frame);
  }

  ping(): Promise<void> {
    if (this.#isOver) return Promise.reject(lost("It was pinged after the end."));
    return new Promise((resolve, reject) => {
      this.#pings.push({ resolve: () => resolve(), reject });
      this.peer.send(barePing);
    });
  }

  override ignorePings(): void {
    super.ignorePings();
    this.#answersPings = false;
  }

  /** Says `connect` and waits for `connected`. */
  async greet(token: string | undefined, since: Readonly<Record<string, TestPosition>> | undefined): Promise<void> {
    this.send("connect", { token, since });
    await this.#inbox.next('A message "connected"', ({ type }) => type === "connected");
  }

  async authenticate(token: string): Promise<{ readonly expiresInMs: number | undefined }> {
    // PROTOCOL.md, What a client may send.
    const { expiresInMs } = (await this.request("auth", { token })) as { readonly expiresInMs?: number };
    return { expiresInMs };
  }

  protected arrive(frame: string | Uint8Array): void {
    if (frame === "pong") {
      this.#pings.shift()?.resolve(undefined);
      return;
    }
    const arrival = JSON.parse(String(frame)) as TestArrival;
    const request = typeof arrival.id === "number" ? this.#requests.get(arrival.id) : undefined;
    if (request !== undefined && ANSWERS.has(arrival.type)) {
      this.#requests.delete(Number(arrival.id));
      if (arrival.type === "error") request.reject(toError(arrival));
      else request.resolve(arrival.payload);
      return;
    }
    if (arrival.type === "ping") {
      if (this.#answersPings) this.send("pong");
    } else if (this.#isAffair(arrival.type)) this.#affairs.put(arrival);
    else this.#inbox.put(arrival);
  }

  protected ended({ code, reason }: Closed): void {
    this.#isOver = true;
    for (const inbox of [this.#inbox, this.#affairs]) {
      inbox.end(`the connection closed with ${code} ${reason}`.trimEnd());
    }
    const asked = [...this.#requests.values(), ...this.#pings.splice(0)];
    this.#requests.clear();
    for (const { reject } of asked) reject(lost());
  }

  #isAffair(type: string): boolean {
    return this.#isOurClient && OUR_CLIENTS_AFFAIR.has(type);
  }
}

const ANSWERS: ReadonlySet<string> = new Set(["reply", "subscribed", "unsubscribed", "auth_success", "pong", "error"]);

/** What a client of `tidings.v1` deals with itself. */
const OUR_CLIENTS_AFFAIR: ReadonlySet<string> = new Set(["subscribed", "unsubscribed", "drain"]);

/** What the protocol says of a channel itself: no events. */
const ABOUT_CHANNELS: ReadonlySet<string> = new Set(["gap", "presence", "subscribed", "unsubscribed"]);

function describe({ type, channel }: TestArrival): string {
  return channel === undefined ? type : `${type} on ${channel}`;
}

function lost(message?: string): TidingsError {
  return new TidingsError("connection_lost", message);
}

function toError({ payload }: TestArrival): TidingsError {
  // PROTOCOL.md, What a server sends.
  const { code, message, issues, retryAfterMs } = payload as {
    readonly code: string;
    readonly message: string;
    readonly issues?: readonly Issue[];
    readonly retryAfterMs?: number;
  };
  return new TidingsError(code, message, { issues, retryAfterMs });
}
