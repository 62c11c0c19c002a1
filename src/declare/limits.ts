import type { Duration } from "../base/duration.js";
import type { Rate } from "../base/rate.js";
import type { Size } from "../base/size.js";

/** What one connection of an endpoint may use up. What is left out is the app's, and there PROTOCOL.md's default. */
export interface EndpointLimits {
  /** Bytes of one message. Default `"64kb"`; past it the connection closes with 1009. */
  messageSize?: Size | undefined;
  /** Frames of one message. Default 1,024; past it the connection closes with 1008. */
  fragments?: number | undefined;
  /** Messages that are handled, what a client publishes among them. Default `"10/1s"`; past it: the error `rate_limited`. */
  messages?: Rate | undefined;
  /**
   * Messages of one user that are handled, over all their connections; an app's counts all endpoints together, an
   * endpoint's own counts only its own. Default: none; past it: the error `rate_limited`.
   */
  messagesPerUser?: Rate | undefined;
  /** All else a client sends: what is no message of the app's, pings, pongs. Default `"200/10s"`; past it: `rate_limited`. */
  control?: Rate | undefined;
  /**
   * How often `rate_limited` is answered, or an error that had more than 100 issues. Default `"20/60s"`; past it the
   * connection closes with 1008 `rate_limited`.
   */
  strikes?: Rate | undefined;
  /** How long a handler may take. Default: no limit; past it: the error `timeout`, and the next message is handled. */
  handler?: Duration | undefined;
  /** Bytes that wait for a socket that does not take them. Default `"1mb"`; past it: closed with `slow_consumer`. */
  outbox?: Size | undefined;
  /** Messages that wait for a handler. Default 64; past it the socket is read no further. */
  waitingMessages?: number | undefined;
  /** Bytes of messages that wait for a handler. Default `"1mb"`; past it the socket is read no further. */
  waitingBytes?: Size | undefined;
  /** Channels a connection is on, and those it can come back to. Default 100; past it: `too_many_channels`. */
  channels?: number | undefined;
  /** Connections of one user, at all endpoints and in all processes. Default 50; past it: `too_many_connections`. */
  connectionsPerUser?: number | undefined;
}

/** What an app, and each connection to it, may use up. What is left out has PROTOCOL.md's default. */
export interface AppLimits extends EndpointLimits {
  /** Connections of this process. Default 100,000; past it a handshake is refused with `overloaded`. */
  connections?: number | undefined;
  /**
   * Connections of one address: of IPv6 a /64 is one, loopback is not counted. Default 1,000; past it:
   * `too_many_connections`.
   */
  connectionsPerAddress?: number | undefined;
  /** Connections that are not yet open, or refused and not yet gone. Default 10,000; past it: `overloaded`. */
  pending?: number | undefined;
  /** How long a request's headers may take, where the app listens itself. Default `"10s"`; past it: `handshake_timeout`. */
  handshake?: Duration | undefined;
  /** How long a credential by message, or `connect`, may take. Default `"10s"`; past it: closed with `auth_timeout`. */
  auth?: Duration | undefined;
  /** How long the credential's check and the dependencies may take. Default `"10s"`; past it: `unavailable`. */
  needs?: Duration | undefined;
  /** How long a closing connection may take: the peer's close frame, a handler that runs. Default `"5s"`. */
  close?: Duration | undefined;
  /** From a credential's expiry to the close with `token_expired`. Default `"25s"`. */
  expiryGrace?: Duration | undefined;
  /** How long a user without a connection is still present on a channel, where one was lost. Default `"5s"`. */
  presenceGrace?: Duration | undefined;
  /** Members of a channel that clients are told one by one. Default 1,000; past it only how many there are. */
  members?: number | undefined;
  /** Events that one answer to `history` has, and that are read at once for who catches up. Default 500; past it: cut. */
  historyPage?: number | undefined;
  /** Tasks that run at once in this process, beside those in worker threads. Default 16; past it they wait, and turns go round by user. */
  tasks?: number | undefined;
  /** Tasks of one user that wait or run in this process. Default 100; past it: `too_many_tasks`. */
  tasksPerUser?: number | undefined;
  /** Bytes of what a task gives, or fails with, as JSON. Default `"8kb"`; past it the task has failed with `internal`. */
  taskResult?: Size | undefined;
  /** Bytes of the body of a request to the HTTP API. Default `"1mb"`; past it: 413 `body_too_big`. */
  apiBody?: Size | undefined;
  /** How long that body may take to come. Default `"5s"`; past it: 408 `body_timeout`. */
  apiBodyTime?: Duration | undefined;
  /** Events of one batch. Default 1,000; past it: 400 `bad_request`. */
  apiBatch?: number | undefined;
  /** What is asked at once by the HTTP API, or over Redis. Default 64; past it: 429 `rate_limited`, and Redis is read no further. */
  apiRequests?: number | undefined;
  /**
   * Bytes that the memory broker keeps of all histories. Default `"64mb"`; past it the longest unused stream is forgotten,
   * and begins a new epoch.
   */
  historyBytes?: Size | undefined;
  /** How long the memory broker remembers the position of a stream that nobody uses. Default `"1d"`; past it: the same. */
  positionTtl?: Duration | undefined;
  /** Revocations that are remembered. Default 10,000; past it the oldest is forgotten, and logged. */
  revocations?: number | undefined;
}
