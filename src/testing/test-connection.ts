import type { Closed } from "../declare/closed.js";
import type { Arrivals, At, EndpointContract, PayloadArgs } from "../declare/contract.js";
import type { TidingsError } from "../protocol/tidings-error.js";
import type { TestChannels } from "./test-channels.js";

/** The client's end of a connection to an endpoint that speaks messages. */
export interface TestConnection<Contract extends EndpointContract> extends TestChannels<Contract> {
  /** Resolves when it has closed, with what a client is told. */
  readonly closed: Promise<Closed>;
  /**
   * What arrived and was not asked for, oldest first. Without what our client deals with itself: `subscribed`,
   * `unsubscribed` and `drain`.
   */
  readonly unread: readonly TestArrival[];
  /** Sends a message without an `id`: nothing answers, but an error. */
  send<Type extends keyof Contract["receives"] & string>(
    type: Type,
    ...payload: PayloadArgs<Contract["receives"][Type]>
  ): void;
  /** Sends with an `id` and resolves with the reply. Rejects with the `TidingsError` it was answered with. */
  request<Type extends keyof Contract["receives"] & string>(
    type: Type,
    ...payload: PayloadArgs<Contract["receives"][Type]>
  ): Promise<At<Contract["replies"], Type>>;
  /**
   * The payload of the oldest unread message of this type, or of the first that comes, on whatever channel. Rejects when no
   * more can come, or none came in 2 s of real time, with what is unread.
   */
  next<Type extends keyof TestArrivals<Contract> & string>(type: Type): Promise<At<TestArrivals<Contract>, Type>>;
  /**
   * Says `auth` with a fresh token, and resolves when it was taken. Rejects with the `TidingsError` it was answered with,
   * or when the connection closes.
   */
  authenticate(token: string): Promise<{ readonly expiresInMs: number | undefined }>;
  /** Sends a frame as it is: for what no well-behaved client sends. */
  sendFrame(frame: string | Uint8Array): void;
  /**
   * Resolves when the server has read all that was sent, and what it sent till then has arrived. Rejects with a
   * `TidingsError` `connection_lost` where the connection has ended, or ends first.
   */
  ping(): Promise<void>;
  /** Closes it, with 1000 by default. What `closed` resolves with is the server's answer. */
  close(code?: number, reason?: string): void;
  /** The network is lost. */
  vanish(): void;
  /** Takes from its socket again. */
  startReading(): void;
  /** Takes nothing from its socket: what it is sent piles up at the server. */
  stopReading(): void;
}

/** What can be asked for by `next`: what the endpoint may send, and errors. */
export type TestArrivals<Contract extends EndpointContract> = Arrivals<Contract> & { error: TidingsError };

/** The client's end of a connection to a raw endpoint. */
export interface RawTestConnection {
  readonly closed: Promise<Closed>;
  /** The frames that arrived and were not asked for by `next`, oldest first. */
  readonly unread: readonly (string | Uint8Array)[];
  /** Sends a text or a binary frame. */
  send(frame: string | Uint8Array): void;
  /** The oldest unread frame, or the first that comes. */
  next(): Promise<string | Uint8Array>;
  /** Closes it, with 1000 by default. What `closed` resolves with is the server's answer. */
  close(code?: number, reason?: string): void;
  /** The network is lost. */
  vanish(): void;
  /** Takes from its socket again. */
  startReading(): void;
  /** Takes nothing from its socket: what it is sent piles up at the server. */
  stopReading(): void;
}

/** A message as it arrived. */
export interface TestArrival {
  readonly type: string;
  readonly payload: unknown;
  /** The request's, of an answer. */
  readonly id?: string | number | undefined;
  /** The channel that it is of. */
  readonly channel?: string | undefined;
  /** Of an event on a channel with history. */
  readonly offset?: number | undefined;
}
