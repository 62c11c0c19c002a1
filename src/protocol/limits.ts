/** So many in a window: one passes when fewer than `count` passed in the last `windowMs` milliseconds. */
export interface RateLimit {
  readonly count: number;
  readonly windowMs: number;
}

/**
 * Every bound there is, by its name.
 *
 * Durations are in milliseconds, sizes in bytes, all else counts. `undefined` is no bound.
 */
export type Limits = {
  /** Bytes of one message, inflated. Past it: close 1009. */
  readonly messageSize: number;
  /** Frames that one message may come in. Past it: close 1008. */
  readonly fragments: number;

  /** Milliseconds from the connection of the socket to the end of the request's headers. Past it: `handshake_timeout`. */
  readonly handshake: number;
  /** Milliseconds for the credential to come, where it comes by message. Past it: `auth_timeout`. */
  readonly auth: number;
  /** Milliseconds for the credential's check and the dependencies. Past it: `unavailable`. */
  readonly needs: number;
  /** Milliseconds a handler may take. Past it: the error `timeout`. */
  readonly handler: number | undefined;
  /** Milliseconds that we wait for the peer's close. Past it: TCP is ended. */
  readonly close: number;
  /** The same after a refusal. */
  readonly refusalClose: number;

  /** Messages that wait for a connection's handler. From then on its socket is read no further. */
  readonly waitingMessages: number;
  /** Bytes of the messages that wait. From then on the socket is read no further. */
  readonly waitingBytes: number;

  /** An app's messages from one connection, and what it publishes. Past it: `rate_limited`. */
  readonly messages: RateLimit;
  /** The same from all of a user's connections. Past it: `rate_limited`. */
  readonly messagesPerUser: RateLimit | undefined;
  /** Errors `rate_limited` to one connection, and those of more than 100 issues. Past it: closed with it. */
  readonly strikes: RateLimit;
  /** All else a client sends, control frames too. Past it: `rate_limited`. */
  readonly control: RateLimit;

  /** Refreshes of a credential that run or wait. Past it: `rate_limited`. */
  readonly refreshes: number;

  /** Channels one connection is on, and entries of its `since`. Past it: `too_many_channels`. */
  readonly channels: number;
  /** Connections of this process. Past it: `overloaded`. */
  readonly connections: number;
  /** Past it: `too_many_connections`. */
  readonly connectionsPerUser: number;
  /** Of IPv6 a /64 is one address; loopback is not counted. Past it: `too_many_connections`. */
  readonly connectionsPerAddress: number;
  /** Connections not yet open, or refused and not yet gone. Past it: `overloaded`. */
  readonly pending: number;
  /** Bytes that a connection's socket has not taken. Past it: the channel's overflow policy, or `slow_consumer`. */
  readonly outbox: number;

  /** Characters of a message's type. Past it: `invalid_message`. */
  readonly type: number;
  /** Characters of a message's id. Past it: `invalid_message`. */
  readonly id: number;
  /** Characters of a publish's key. Past it: `invalid_message`. */
  readonly key: number;
  /** Bytes of a param's value. Past it: `not_found`. */
  readonly param: number;
  /** Bytes of a channel's name. Past it: `not_found`. */
  readonly channelName: number;
  /** Bytes of a credential. Past it: `bad_request`. */
  readonly token: number;

  /** Milliseconds between two pings. */
  readonly heartbeat: number;
  /** Milliseconds without a frame after a ping. Past it: `ping_timeout`. */
  readonly pong: number;
  /** Milliseconds from a credential's expiry to the close with `token_expired`. */
  readonly expiryGrace: number;
  /** Milliseconds from the end of a member's last connection to its `left`. */
  readonly presenceGrace: number;
  /** Revocations that are remembered. Past it: the oldest is forgotten. */
  readonly revocations: number;
  /** Milliseconds that what a process told the others of its connections holds without being renewed. */
  readonly lease: number;

  /** Members that are sent one by one. Past it: `count` alone. */
  readonly members: number;
  /** Events in one answer to `history`. Past it: cut. */
  readonly historyPage: number;
  /** Issues in one error. Past it: cut. */
  readonly issues: number;

  /** Tasks that run at once in this process, beside those in worker threads. From then on they wait: turns go round by user. */
  readonly tasks: number;
  /** Tasks of one user that wait or run in this process. Past it: `too_many_tasks`. */
  readonly tasksPerUser: number;
  /** Bytes of what a task gives, or fails with, as JSON. Past it: the task has failed with `internal`. */
  readonly taskResult: number;

  /** Bytes of the body of a request to the HTTP API. Past it: `body_too_big`. */
  readonly apiBody: number;
  /** Milliseconds for it to come. Past it: `body_timeout`. */
  readonly apiBodyTime: number;
  /** Events of one batch. Past it: `bad_request`. */
  readonly apiBatch: number;
  /** What is asked at once from without, by HTTP or Redis. Past it: `rate_limited`; Redis is read no further. */
  readonly apiRequests: number;

  /** Bytes the memory broker keeps of all histories. Past it: the longest unused stream is forgotten, and begins a new epoch. */
  readonly historyBytes: number;
  /** Milliseconds that the position of an unused stream is remembered. Past it: the same. */
  readonly positionTtl: number;
};

/** What holds where an app says nothing: milliseconds, bytes and counts, as in {@link Limits}. */
export const defaultLimits: Limits = {
  messageSize: 65_536,
  fragments: 1_024,

  handshake: 10_000,
  auth: 10_000,
  needs: 10_000,
  handler: undefined,
  close: 5_000,
  refusalClose: 2_000,

  waitingMessages: 64,
  waitingBytes: 1_048_576,

  messages: { count: 10, windowMs: 1_000 },
  messagesPerUser: undefined,
  strikes: { count: 20, windowMs: 60_000 },
  control: { count: 200, windowMs: 10_000 },

  refreshes: 8,

  channels: 100,
  connections: 100_000,
  connectionsPerUser: 50,
  connectionsPerAddress: 1_000,
  pending: 10_000,
  outbox: 1_048_576,

  type: 64,
  id: 64,
  key: 64,
  param: 128,
  channelName: 255,
  token: 8_192,

  heartbeat: 30_000,
  pong: 10_000,
  expiryGrace: 25_000,
  presenceGrace: 5_000,
  revocations: 10_000,
  lease: 60_000,

  members: 1_000,
  historyPage: 500,
  issues: 10,

  tasks: 16,
  tasksPerUser: 100,
  taskResult: 8_192,

  apiBody: 1_048_576,
  apiBodyTime: 5_000,
  apiBatch: 1_000,
  apiRequests: 64,

  historyBytes: 67_108_864,
  positionTtl: 86_400_000,
};
