import type { Clock } from "../base/clock.js";
import type { IdSource } from "../base/ids.js";
import type { Limits } from "../protocol/limits.js";
import type { AsyncApiDocument } from "./asyncapi-document.js";
import type { ChannelRef } from "./channel.js";
import type { AnyConnection } from "./connection.js";
import type { ChannelContract, EventOf } from "./contract.js";
import type { StartupWarning } from "./credential.js";
import type { Dependency } from "./dependency.js";
import type { MetricFamily } from "./metric-family.js";
import type { OpenApiDocument } from "./openapi-document.js";
import type { ProcessView } from "./process-view.js";

/** What `publish` takes beside the event. */
export interface PublishOptions {
  /** A connection that is not to hear it. Default: all hear it. */
  except?: { readonly id: string } | undefined;
  /**
   * Tells a repeat from another event that looks alike: 1 to 64 characters, remembered for 5 minutes for this channel. A
   * repeat resolves like the first, and is not delivered again.
   */
  key?: string | undefined;
}

/** The place of an event in the history of its channel. */
export interface Published {
  /** Which life of the channel's history it is in; undefined for a channel without history. */
  readonly epoch: string | undefined;
  /** Its position there; undefined for a channel without history. */
  readonly offset: number | undefined;
}

/** Which of the events that are kept. */
export interface HistoryRequest {
  /** How many at most: the newest. Default 100; past `limits.historyPage` (500) it is cut to that. */
  limit?: number | undefined;
  /** Only those before this offset. Default: up to the newest. */
  before?: number | undefined;
}

/** An event that is kept, as who hears it gets it. */
export type Stored<Events> = EventOf<Events> & {
  /** Its position in the channel's history. */
  readonly offset: number;
};

/** A channel whose members can be asked for. */
export type RefWithPresence<Contract extends ChannelContract> = [Contract["member"]] extends [never]
  ? "Give this channel a `presence` first."
  : ChannelRef<Contract>;

/** What `listen` takes beside the port. */
export interface ListenOptions {
  /** Default: `TIDINGS_HOST`, or `"127.0.0.1"`. */
  host?: string | undefined;
  /** For `wss://`. Default: it speaks `ws://`. */
  tls?: TlsFiles | undefined;
  /**
   * Signals that close the app; when it is closed, and nobody else listens to the signal, the process exits with 0. A second
   * one ends it at once, with 1. Default `["SIGTERM", "SIGINT"]`; none: `[]`.
   */
  signals?: readonly ("SIGTERM" | "SIGINT" | "SIGHUP")[] | undefined;
}

/** PEM texts: the certificate with its chain, and its private key. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** What is not to be let in any more, from now on. */
export type Revoked =
  /** All that was issued to this user until now. */
  | { readonly user: string }
  /** One credential: a JWT's `jti`, a session's id, a bearer's token. */
  | { readonly tokenId: string };

/** A handler that held up everybody else. */
export interface BlockedHandler {
  /** The path of its endpoint, as it was declared. */
  readonly endpoint: string;
  /** Such as `message "say"`. */
  readonly during: string;
  /** How often, since the app started. */
  readonly times: number;
  /** The longest that it held them up, in milliseconds. */
  readonly longestMs: number;
}

/** Where an app listens. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  /** Such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Where the pages are, where `http: { port }` gives them a port of their own. */
  readonly pages?: string | undefined;
}

/** A `node:http` or `node:https` server, as far as it matters here. */
export interface HttpServer {
  /** As Node has it. */
  on(event: "upgrade", listener: (...args: unknown[]) => void): unknown;
  /** As Node has it. */
  off(event: "upgrade", listener: (...args: unknown[]) => void): unknown;
  /** As Node has it. */
  listenerCount(event: "upgrade"): number;
  /** Replaced while an app is attached, so that its upgrades are told to no other listener; without it they are. */
  emit?: ((event: string, ...args: unknown[]) => boolean) | undefined;
}

/** A `node:http` request, as far as it matters here. */
export interface HttpRequest {
  /** Such as `GET`. */
  readonly method?: string | undefined;
  /** Path and query, such as `/healthz`. */
  readonly url?: string | undefined;
  /** Names and values in turns, as they were sent. Without them, and without an address, only health checks are answered. */
  readonly rawHeaders?: readonly string[] | undefined;
  /** 2 for HTTP/2, which has no `connection` header (RFC 9113 §8.2.2). */
  readonly httpVersionMajor?: number | undefined;
  /** Whose `remoteAddress` is the peer's. */
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
}

/** A `node:http` response, as far as it matters here. */
export interface HttpResponse {
  /** Begins the answer. */
  writeHead(status: number, headers: Record<string, string>): unknown;
  /** Ends it, with its body. */
  end(body?: string | Uint8Array): unknown;
  /** Where it is there, `connection: close` is set while the app closes, and later: what is kept alive would keep the server from closing. */
  setHeader?(name: string, value: string): unknown;
}

/** What happened so far in this process, and what is so now. */
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
  /** Messages that were written, those of the protocol too. */
  readonly messagesSent: number;
  readonly bytesWritten: number;
  readonly errorsAnswered: number;
  readonly handlerErrors: number;
  readonly slowConsumers: number;
  /** Events that `overflow: "drop-oldest"` or `"drop-newest"` kept from a connection that was behind. */
  readonly eventsDropped: number;
  /** Events that a later one of the same key took the place of, with `overflow: { keepLatestBy }`. */
  readonly eventsConflated: number;
  /** Messages `gap`: each told one connection that events of one channel are lost to it. */
  readonly gaps: number;
  /** How often a connection fell so far behind on a channel that its events wait in the history, or for a new snapshot. */
  readonly catchUps: number;
  /** Events read back from a history and sent: to who came back, was behind, or asked to rewind. */
  readonly eventsReplayed: number;
  /** Times that somebody came back to a channel with `since` and nothing was missing. */
  readonly resumes: number;
  /** Times that what they had missed could not be told: `recovered: false`. */
  readonly resumesFailed: number;
  /** Members that joined or left a channel that this process listens to. */
  readonly presenceChanges: number;
  readonly pingTimeouts: number;
  readonly rateLimited: number;
  /** Times that the broker went away. */
  readonly brokerOutages: number;
  /** Is it away now? Then `/readyz` is 503, and what needs it is refused with `unavailable`. */
  readonly isBrokerAway: boolean;
  /** Bytes that wait for handlers, and bytes that wait for sockets, of all connections. */
  readonly waitingBytes: number;
  readonly outboxBytes: number;
  /**
   * Handshakes that were not answered yet, connections that are not open yet, and those refused that are not gone yet. TCP
   * connections that have not asked for anything are bounded by the same limit, and not counted here.
   */
  readonly pending: number;
  /** Handlers that blocked the event loop for more than 100 ms. */
  readonly blocked: readonly BlockedHandler[];
}

/** An app: what was declared, and what is done with it from without. Disposing of it closes it. */
export interface App extends AsyncDisposable {
  /**
   * Says it to everyone on the channel, in every process.
   *
   * Resolves when the broker has taken it and it is in the outboxes of this process. Left alone, a failure goes to
   * `onError`.
   *
   * Rejects with an `OutgoingPayloadError` where it does not fit its schema (then nothing leaves), with a `TidingsError`
   * `unavailable` where the broker is away, and with a TypeError for a `key` that cannot be.
   */
  publish<Contract extends ChannelContract, Type extends keyof Contract["publishes"] & string>(
    channel: ChannelRef<Contract>,
    type: Type,
    payload: Contract["publishes"][Type],
    options?: PublishOptions,
  ): Promise<Published>;
  /**
   * Who is on a channel, in any process, in the order they joined: a user once, with all their devices; someone without a
   * user once for each connection. At most `limits.members` (1,000) of them.
   *
   * Rejects with a TypeError for a channel without `presence`, and with a `TidingsError` `unavailable` where the broker is
   * away.
   */
  presence<Contract extends ChannelContract>(
    channel: RefWithPresence<Contract>,
  ): Promise<readonly Contract["member"][]>;
  /**
   * Events of a channel that are kept, oldest first; none for a channel without `history`.
   *
   * Rejects with a TypeError for a `limit` or `before` that is no whole number of at least 1, and with a `TidingsError`
   * `unavailable` where the broker is away.
   */
  history<Contract extends ChannelContract>(
    channel: ChannelRef<Contract>,
    range?: HistoryRequest,
  ): Promise<readonly Stored<Contract["events"]>[]>;
  /** The open connections of this process. */
  connections(): Iterable<AnyConnection>;
  /** Has this user an open connection, in any process? */
  isConnected(user: string): Promise<boolean>;
  /** Closes every connection of a user, in every process. 1008 `forbidden` by default. */
  disconnectUser(user: string, how?: { code: number; reason?: string | undefined }): Promise<void>;
  /**
   * Closes the connections that entered with it, in every process, with `unauthorized`, and refuses it until it expires.
   *
   * Of a user it is every JWT that was issued until now, by `iat` (one without counts as old), and the tokens and sessions
   * of the connections that were closed; a session that is not connected is the store's to forget. `iat` has whole seconds:
   * a token of the very second of the revocation is refused, though it be issued after. At most `limits.revocations` are
   * remembered. Rejects with a TypeError for anything but one of the two.
   */
  revoke(what: Revoked): Promise<void>;
  /** The value of a dependency of scope `"app"`; made, where no endpoint needed it yet. */
  get<Value>(dependency: Dependency<Value, "app">): Promise<Value>;
  /** What happened so far in this process, and what is so now. */
  stats(): Stats;
  /**
   * Its AsyncAPI 3 document, made of the declarations: what `/asyncapi.json` answers. While it listens it says where.
   */
  asyncapi(): AsyncApiDocument;
  /** The OpenAPI 3.1 document of its HTTP API, made of the declarations: what `/openapi.json` answers, where there is one. */
  openapi(): OpenApiDocument;
  /**
   * What is counted in this process, as Prometheus has it: to feed a registry that is there already. Without samples while it
   * does not run; names, types and labels are always the same.
   */
  metrics(): readonly MetricFamily[];
  /**
   * Serves sockets and `http` on a server of its own. Port 0 picks a free one; without one it is `TIDINGS_PORT`, or 8000.
   */
  listen(port?: number, options?: ListenOptions): Promise<Listening>;
  /**
   * Begins: makes what the app needs before anybody is let in. `listen` does so too. Beside a server of yours, await it before that
   * listens, and a mistake ends your program; without it the first handshake, or `/readyz`, tries again what failed.
   *
   * Rejects with a ConfigError for what can't be, and with what `onStart`, an app-wide dependency or the broker failed with.
   */
  start(): Promise<void>;
  /** Takes the upgrades of a server. A path of no endpoint is left to its other listeners. What fails at the start goes to `onError`. */
  attach(server: HttpServer): void;
  /** Answers health checks, 426 on the paths of endpoints, and calls `next` for all else (404 without it). */
  http(request: HttpRequest, response: HttpResponse, next?: () => void): void;
  /**
   * From the next handshake on a listening server shows this certificate; connections that are open stay.
   *
   * @throws ConfigError `not_tls` where nothing listens with TLS, `invalid_certificate` where the two can't be used; then
   * the old ones stay
   */
  reloadTls(tls: TlsFiles): void;
  /**
   * Drains: refuses who comes, tells clients of `tidings.v1` when to dial again, closes everybody in batches with 1001
   * `going_away`, awaits their `close` handlers, disposes of the app's dependencies, and stops listening.
   */
  close(): Promise<void>;
  /** For the parts of this package that stand beside its core. It runs then, where it did not. */
  "~host"(): Promise<AppHost>;
  /**
   * What works and should not be left so, as a start that listens there would log it. It does not start by this.
   *
   * @throws ConfigError where a credential can't work
   */
  "~warnings"(listen?: ListenOptions): readonly StartupWarning[];
}

/** What a running app has for the parts of this package that stand beside its core, such as tasks. */
export interface AppHost {
  readonly clock: Clock;
  readonly createId: IdSource;
  readonly limits: Limits;
  /** What this process knows, for whoever looks at it. */
  readonly view: ProcessView;
  /** Everything that is kept of a channel, and where its stream stood then. */
  read(channel: ChannelRef): Promise<KeptOf>;
  /** Tells every process, this one included. Nobody is told later. */
  notify(topic: string, what: unknown): Promise<void>;
  /** Calls with what any process said on this topic. */
  onNotice(topic: string, listener: (what: unknown) => void): void;
  /**
   * Called when the app closes and its connections are over, while it can still publish. What it does is awaited, for a
   * bounded time. Throws a `TidingsError` `unavailable` where that time is over.
   */
  onClosing(run: () => Promise<unknown>): void;
  /** Runs app code, and names it where it blocks the event loop. */
  watch<Result>(during: string, call: () => Result): Result;
  /** Hands an error to `onError` that nobody else can be told of. */
  report(error: unknown, during: string): void;
}

/** Events of one stream, oldest first, their payloads as JSON text, and the place of its newest. */
export interface KeptOf {
  readonly epoch: string;
  readonly offset: number;
  readonly events: readonly { readonly type: string; readonly payloadJson: string }[];
}
