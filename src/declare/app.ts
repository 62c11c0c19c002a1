import type { ChannelRef } from "./channel.js";
import type { AnyConnection } from "./connection.js";
import type { ChannelContract } from "./contract.js";

export interface PublishOptions {
  /** A connection that is not to hear it. */
  except?: { readonly id: string } | undefined;
}

export interface Published {
  /** Its position in the channel's history; undefined for a channel without history. */
  readonly offset: number | undefined;
}

export interface ListenOptions {
  /** Default `"127.0.0.1"`. */
  host?: string | undefined;
  /** PEM texts, for `wss://`. */
  tls?: { readonly cert: string; readonly key: string } | undefined;
}

export interface Listening {
  readonly host: string;
  readonly port: number;
  /** Such as `http://127.0.0.1:8000`. */
  readonly url: string;
}

/** A `node:http` or `node:https` server, as far as it matters here. */
export interface HttpServer {
  on(event: "upgrade", listener: (...args: unknown[]) => void): unknown;
  off(event: "upgrade", listener: (...args: unknown[]) => void): unknown;
  listenerCount(event: "upgrade"): number;
}

/** A `node:http` request, as far as it matters here. */
export interface HttpRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}

/** A `node:http` response, as far as it matters here. */
export interface HttpResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body?: string): unknown;
}

/** What happened so far in this process, as plain numbers. */
export interface Stats {
  readonly connections: number;
  readonly users: number;
  readonly channels: number;
  readonly connectionsOpened: number;
  readonly connectionsClosed: number;
  readonly handshakesRefused: number;
  readonly messagesReceived: number;
  readonly bytesReceived: number;
  readonly eventsPublished: number;
  readonly framesEncoded: number;
  readonly writes: number;
  readonly bytesWritten: number;
  readonly errorsAnswered: number;
  readonly handlerErrors: number;
  readonly slowConsumers: number;
}

export interface App extends AsyncDisposable {
  /**
   * Says it to everyone on the channel, in every process.
   *
   * Resolves when the broker has taken it and it is in the outboxes of this process. Left alone, a failure goes to
   * `onError`.
   *
   * Rejects with an `OutgoingPayloadError` where it does not fit its schema (then nothing leaves), and with a
   * `TidingsError` `unavailable` where the broker is away.
   */
  publish<Contract extends ChannelContract, Type extends keyof Contract["publishes"] & string>(
    channel: ChannelRef<Contract>,
    type: Type,
    payload: Contract["publishes"][Type],
    options?: PublishOptions,
  ): Promise<Published>;
  /** The open connections of this process. */
  connections(): Iterable<AnyConnection>;
  /** Has this user an open connection, in any process? */
  isConnected(user: string): Promise<boolean>;
  /** Closes every connection of a user, in every process. 1008 `forbidden` by default. */
  disconnectUser(user: string, how?: { code: number; reason?: string | undefined }): Promise<void>;
  stats(): Stats;
  /** Serves sockets and `http` on a server of its own. Port 0 picks a free one. */
  listen(port: number, options?: ListenOptions): Promise<Listening>;
  /** Takes the upgrades of a server. A path of no endpoint is left to its other listeners. */
  attach(server: HttpServer): void;
  /** Answers health checks, 426 on the paths of endpoints, and calls `next` for all else (404 without it). */
  http(request: HttpRequest, response: HttpResponse, next?: () => void): void;
  /** Closes every connection with 1001 `going_away`, awaits their `close` handlers, and stops listening. */
  close(): Promise<void>;
}
