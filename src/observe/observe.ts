/**
 * The port between the core and whoever watches it.
 *
 * Counters are plain numbers that the core adds to where it happens; `happened` is for what is rare enough to be told
 * one by one. Neither may throw, and neither may carry a token.
 */
export interface Observer {
  readonly counters: Counters;
  readonly loop: LoopWatch;
  happened(what: Happening): void;
}

/** Sees who blocks the event loop. */
export interface LoopWatch {
  /** Runs the synchronous part of a handler, and measures it. */
  watch<Result>(endpoint: string, during: string, call: () => Result): Result;
  /** A handler goes on after it has returned. What this gives is called when it is over. */
  began(endpoint: string, during: string): () => void;
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
  bytesWritten: number;
  errorsAnswered: number;
  /** Handlers that threw something else than a `TidingsError`. */
  handlerErrors: number;
  slowConsumers: number;
  /** Events that a full outbox did not take, and whose channel lets them go. */
  eventsDropped: number;
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
    bytesWritten: 0,
    errorsAnswered: 0,
    handlerErrors: 0,
    slowConsumers: 0,
    eventsDropped: 0,
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
