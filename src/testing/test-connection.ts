import type { Closed } from "../declare/closed.js";
import type { Arrivals, At, EndpointContract, PayloadArgs } from "../declare/contract.js";
import { barePing } from "../protocol/message.js";
import { type Issue, TidingsError } from "../protocol/tidings-error.js";
import type { MemoryPeer } from "../transport/memory.js";
import { Inbox } from "./inbox.js";

/** The client's end of a connection to an endpoint that speaks messages. */
export interface TestConnection<Contract extends EndpointContract> {
  /** Resolves when it has closed, with what a client is told. */
  readonly closed: Promise<Closed>;
  /** What arrived and was not asked for by `next`, oldest first. */
  readonly unread: readonly TestArrival[];
  send<Type extends keyof Contract["receives"] & string>(
    type: Type,
    ...payload: PayloadArgs<Contract["receives"][Type]>
  ): void;
  /** Sends with an `id` and resolves with the reply. Rejects with the `TidingsError` it was answered with. */
  request<Type extends keyof Contract["receives"] & string>(
    type: Type,
    ...payload: PayloadArgs<Contract["receives"][Type]>
  ): Promise<At<Contract["replies"], Type>>;
  /** The payload of the oldest unread message of this type, or of the first that comes. */
  next<Type extends keyof TestArrivals<Contract> & string>(type: Type): Promise<At<TestArrivals<Contract>, Type>>;
  /**
   * Says `auth` with a fresh token, and resolves when it was taken. Rejects with the `TidingsError` it was answered with,
   * or when the connection closes.
   */
  authenticate(token: string): Promise<{ readonly expiresInMs: number | undefined }>;
  /** Sends a frame as it is: for what no well-behaved client sends. */
  sendFrame(frame: string | Uint8Array): void;
  /** Resolves when the server has read all that was sent, and what it sent till then has arrived. */
  ping(): Promise<void>;
  close(code?: number, reason?: string): void;
  /** The network is lost. */
  vanish(): void;
  startReading(): void;
  stopReading(): void;
}

/** What can be asked for by `next`: what the endpoint may send, and errors. */
export type TestArrivals<Contract extends EndpointContract> = Arrivals<Contract> & { error: TidingsError };

/** The client's end of a connection to a raw endpoint. */
export interface RawTestConnection {
  readonly closed: Promise<Closed>;
  /** The frames that arrived and were not asked for by `next`, oldest first. */
  readonly unread: readonly (string | Uint8Array)[];
  send(frame: string | Uint8Array): void;
  /** The oldest unread frame, or the first that comes. */
  next(): Promise<string | Uint8Array>;
  close(code?: number, reason?: string): void;
  vanish(): void;
  startReading(): void;
  stopReading(): void;
}

/** A message as it arrived. */
export interface TestArrival {
  readonly type: string;
  readonly payload: unknown;
  readonly id?: string | number | undefined;
  readonly channel?: string | undefined;
}

abstract class PeerEnd {
  readonly closed: Promise<Closed>;
  protected readonly peer: MemoryPeer;

  constructor(peer: MemoryPeer) {
    this.peer = peer;
    this.closed = new Promise((resolve) => {
      peer.listen({
        text: (text) => this.arrive(text),
        binary: (bytes) => this.arrive(bytes),
        pong: () => {},
        closed: (code, reason) => {
          this.ended({ code, reason });
          resolve({ code, reason });
        },
      });
    });
  }

  protected abstract arrive(frame: string | Uint8Array): void;
  protected abstract ended(closed: Closed): void;

  close(code?: number, reason?: string): void {
    this.peer.close(code, reason);
  }

  vanish(): void {
    this.peer.vanish();
  }

  /** From now on no ping is answered. */
  ignorePings(): void {
    this.peer.ignorePings();
  }

  startReading(): void {
    this.peer.startReading();
  }

  stopReading(): void {
    this.peer.stopReading();
  }
}

export class FramesEnd extends PeerEnd implements RawTestConnection {
  readonly #inbox = new Inbox<string | Uint8Array>((frame) => JSON.stringify(frame));

  get unread(): readonly (string | Uint8Array)[] {
    return this.#inbox.items;
  }

  send(frame: string | Uint8Array): void {
    this.peer.send(frame);
  }

  next(): Promise<string | Uint8Array> {
    return this.#inbox.next("A frame", () => true);
  }

  protected arrive(frame: string | Uint8Array): void {
    this.#inbox.put(frame);
  }

  protected ended({ code, reason }: Closed): void {
    this.#inbox.end(`the connection closed with ${code} ${reason}`.trimEnd());
  }
}

export class MessagesEnd extends PeerEnd implements TestConnection<EndpointContract> {
  readonly #isOurClient: boolean;
  readonly #inbox = new Inbox<TestArrival>(({ type }) => type);
  readonly #requests = new Map<number, { resolve(payload: unknown): void; reject(error: Error): void }>();
  readonly #pings: (() => void)[] = [];
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
    const id = this.#nextId;
    this.#nextId += 1;
    if (this.#isOver) return Promise.reject(new TidingsError("connection_lost", `"${type}" was asked after the end.`));
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

  sendFrame(frame: string | Uint8Array): void {
    this.peer.send(frame);
  }

  ping(): Promise<void> {
    return new Promise((resolve) => {
      this.#pings.push(resolve);
      this.peer.send(barePing);
    });
  }

  override ignorePings(): void {
    super.ignorePings();
    this.#answersPings = false;
  }

  /** Says `connect` and waits for `connected`. */
  async greet(token: string | undefined): Promise<void> {
    this.send("connect", { token });
    await this.#inbox.next('A message "connected"', ({ type }) => type === "connected");
  }

  async authenticate(token: string): Promise<{ readonly expiresInMs: number | undefined }> {
    // PROTOCOL.md, What a client may send.
    const { expiresInMs } = (await this.request("auth", { token })) as { readonly expiresInMs?: number };
    return { expiresInMs };
  }

  protected arrive(frame: string | Uint8Array): void {
    if (frame === "pong") {
      this.#pings.shift()?.();
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
    } else if (!this.#isOurClient || !OUR_CLIENTS_AFFAIR.has(arrival.type)) this.#inbox.put(arrival);
  }

  protected ended({ code, reason }: Closed): void {
    this.#isOver = true;
    this.#inbox.end(`the connection closed with ${code} ${reason}`.trimEnd());
    for (const { reject } of this.#requests.values()) reject(new TidingsError("connection_lost"));
    this.#requests.clear();
    for (const resolve of this.#pings.splice(0)) resolve();
  }
}

const ANSWERS: ReadonlySet<string> = new Set(["reply", "auth_success", "error"]);

/** What a client of `tidings.v1` deals with itself. */
const OUR_CLIENTS_AFFAIR: ReadonlySet<string> = new Set(["subscribed", "unsubscribed", "drain"]);

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
