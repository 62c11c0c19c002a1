/**
 * The port between the core and whoever watches it.
 *
 * Counters are plain numbers that the core adds to where it happens; `happened` is for what is rare enough to be told
 * one by one. Neither may throw, and neither may carry a token.
 */
export interface Observer {
  readonly counters: Counters;
  happened(what: Happening): void;
}

export interface Counters {
  connectionsOpened: number;
  connectionsClosed: number;
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
}

export function createCounters(): Counters {
  return {
    connectionsOpened: 0,
    connectionsClosed: 0,
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
  };
}

export type Happening = Connected | Refused | Disconnected | Failed;

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
  readonly endpoint: string | undefined;
  readonly address: string;
}
export interface Disconnected {
  readonly event: "disconnected";
  readonly connection: string;
  readonly endpoint: string;
  readonly user: string | undefined;
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
