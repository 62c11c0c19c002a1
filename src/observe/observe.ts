/**
 * The port between the core and whoever watches it.
 *
 * Counters are plain numbers that the core adds to where it happens; `happened` is for what is rare enough to be told
 * one by one. Neither may throw, and neither may carry a token.
 */
export interface Observer {
  readonly counters: Counters;
  readonly loop: LoopWatch;
  /** Undefined: nobody follows what goes from process to process. */
  readonly tracing?: Tracing | undefined;
  happened(what: Happening): void;
  /** A client was answered an error with this code. */
  answered(code: string): void;
}

/** Sees how long handlers take, and who blocks the event loop. */
export interface LoopWatch {
  /** Runs a handler: measures its synchronous part, and knows it in progress until what it returned is settled. */
  run<Result>(endpoint: string, during: string, call: () => Result): Result;
}

export interface Counters {
  connectionsOpened: number;
  connectionsClosed: number;
  /** Connections whose `open` began and that have closed: so often was `close` run. */
  closeHandlers: number;
  handshakesRefused: number;
  messagesReceived: number;
  /** Of messages; for text in UTF-16 units, which for ASCII are bytes. */
  bytesReceived: number;
  eventsPublished: number;
  framesEncoded: number;
  writes: number;
  /** Messages in them, those of the protocol too. */
  messagesSent: number;
  bytesWritten: number;
  errorsAnswered: number;
  /** Handlers that threw something else than a `TidingsError`. */
  handlerErrors: number;
  slowConsumers: number;
  /** Events that a full outbox did not take, and whose channel lets them go. */
  eventsDropped: number;
  /** Of those, the ones on channels that drop the newest. */
  newestDropped: number;
  /** Events that made room for a later one of the same word. */
  eventsConflated: number;
  /** `gap` messages, one for each connection. */
  gaps: number;
  /** Times that a connection fell behind a channel, and was to catch up. */
  catchUps: number;
  /** Events that were sent out of a channel's history. */
  eventsReplayed: number;
  /** Connections that came back to a channel and were given all that they had missed, and those that could not be. */
  resumes: number;
  resumesFailed: number;
  /** Members that joined or left a channel. */
  presenceChanges: number;
  pingTimeouts: number;
  /** Messages and control frames that were one too many. */
  rateLimited: number;
  /** Times that the broker went away. */
  brokerOutages: number;
}

export function createCounters(): Counters {
  return {
    connectionsOpened: 0,
    connectionsClosed: 0,
    closeHandlers: 0,
    handshakesRefused: 0,
    messagesReceived: 0,
    bytesReceived: 0,
    eventsPublished: 0,
    framesEncoded: 0,
    writes: 0,
    messagesSent: 0,
    bytesWritten: 0,
    errorsAnswered: 0,
    handlerErrors: 0,
    slowConsumers: 0,
    eventsDropped: 0,
    newestDropped: 0,
    eventsConflated: 0,
    gaps: 0,
    catchUps: 0,
    eventsReplayed: 0,
    resumes: 0,
    resumesFailed: 0,
    presenceChanges: 0,
    pingTimeouts: 0,
    rateLimited: 0,
    brokerOutages: 0,
  };
}

export type Happening =
  | Connected
  | Refused
  | Disconnected
  | Failed
  | Blocked
  | Warned
  | ApiKeyRefused
  | PageRefused
  | BrokerAway
  | BrokerBack
  | Draining
  | Drained;

export interface Connected {
  readonly event: "connected";
  readonly connection: string;
  /** The endpoint's path as it was declared: a real one may hold what nobody should read. */
  readonly endpoint: string;
  readonly user: string | undefined;
  readonly address: string;
}
export interface Refused {
  readonly event: "refused";
  readonly code: string;
  readonly status: number | undefined;
  readonly closeCode: number | undefined;
  /** What whoever was refused was told. */
  readonly reason: string;
  /** What they were not told: why the error came about. */
  readonly detail: string | undefined;
  readonly endpoint: string | undefined;
  readonly address: string;
}
export interface Disconnected {
  readonly event: "disconnected";
  readonly connection: string;
  readonly endpoint: string;
  readonly user: string | undefined;
  readonly address: string;
  readonly code: number;
  readonly reason: string;
  readonly durationMs: number;
}
export interface Failed {
  readonly event: "error";
  readonly error: unknown;
  /** What was being done, such as `open` or `message "say"`. */
  readonly during: string;
  readonly connection: string | undefined;
  readonly endpoint: string | undefined;
}
/** A handler blocked the event loop; `certain: false`: it, or another of those told of. */
export interface Blocked {
  readonly event: "blocked";
  readonly endpoint: string;
  readonly during: string;
  readonly blockedMs: number;
  readonly certain: boolean;
}
/** Something works and should not be left so. */
export interface Warned {
  readonly event: "warning";
  readonly code: string;
  readonly message: string;
  readonly fix: string;
}
/** Keys of the HTTP API that nobody knows: told of once a while. */
export interface ApiKeyRefused {
  readonly event: "api_key_refused";
  /** Of who showed the last one; empty where it is not known. */
  readonly address: string;
  /** Since the last line. */
  readonly times: number;
}
/** Passwords, or other credentials, that a guard of the pages lets nobody in with: told of once a while. */
export interface PageRefused {
  readonly event: "page_refused";
  /** Of who showed the last one; empty where it is not known. */
  readonly address: string;
  /** Since the last line. */
  readonly times: number;
}
/** The broker can't be reached: what it is asked for is refused, or waits. */
export interface BrokerAway {
  readonly event: "broker_away";
  readonly reason: unknown;
}
export interface BrokerBack {
  readonly event: "broker_back";
  readonly awayMs: number;
}
/** The app begins to close. */
export interface Draining {
  readonly event: "draining";
  readonly connections: number;
}
/** The app has closed. */
export interface Drained {
  readonly event: "drained";
  /** Connections that were open when it began. */
  readonly connections: number;
  /** Connections whose `close` ran meanwhile. */
  readonly closeHandlers: number;
  /** Connections that were not over in time. */
  readonly abandoned: number;
  readonly durationMs: number;
}

/**
 * Follows what is done from process to process, such as OpenTelemetry.
 *
 * Each method must call what it is given exactly once, at once, and give what that gives, or throw what that throws, and must
 * not throw of itself. A promise may be looked at, and must be given on as it is.
 *
 * `trace` is a W3C `traceparent` as it came, which may be anything; undefined: there is none.
 */
export interface Tracing {
  /** A handshake is answered. Resolves with why it was refused, and never rejects. */
  handshake(what: TracedHandshake, answer: () => Promise<TracedRefusal | undefined>): Promise<unknown>;
  /** A message is handled. What that throws, or rejects with, is what it is answered with. */
  message<Result>(what: TracedMessage, handle: () => Result): Result;
  /** An event is given to the broker, with the trace that it is to carry: at most 55 bytes. */
  publish<Result>(what: TracedEvent, publish: (trace: string | undefined) => Result): Result;
  /** An event that carries a trace is said to those of this process who listen. */
  delivery(what: TracedDelivery, deliver: () => void): void;
}

/** Gives an app, as it starts, who follows it. */
export interface TracingSource {
  /**
   * Called at each start of an app.
   *
   * @param failed is told what the tracer threw; what was being done goes on. Must not throw.
   */
  start(failed: (error: unknown) => void): Tracing;
}

export interface TracedHandshake {
  /** The endpoint's path as it was declared; undefined where there is none. */
  readonly endpoint: string | undefined;
  readonly address: string;
  readonly trace: string | undefined;
}
export interface TracedRefusal {
  readonly code: string;
  /** Undefined where it was accepted and closed at once, with `closeCode`. */
  readonly status: number | undefined;
  readonly closeCode: number | undefined;
  /** What could not be told; undefined where the refusal is all there is. */
  readonly error: unknown;
}
export interface TracedMessage {
  readonly endpoint: string;
  readonly type: string;
  readonly connection: string;
  readonly trace: string | undefined;
}
export interface TracedEvent {
  /** The channel's name as it was declared: a real one may hold what nobody should read. */
  readonly channel: string;
  readonly type: string;
}
export interface TracedDelivery extends TracedEvent {
  readonly trace: string;
  readonly offset: number;
  /** How many are told at once; not those who catch up later. */
  readonly listeners: number;
}
