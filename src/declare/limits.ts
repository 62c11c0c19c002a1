import type { Duration } from "../base/duration.js";
import type { Size } from "../base/size.js";

/** What one connection of an endpoint may use up. What is left out is the app's, and there PROTOCOL.md's default. */
export interface EndpointLimits {
  /** Bytes of one message. Default `"64kb"`; past it the connection closes with 1009. */
  messageSize?: Size | undefined;
  /** Frames of one message. Default 1,024; past it the connection closes with 1008. */
  fragments?: number | undefined;
  /** Bytes that wait for a socket that does not take them. Default `"1mb"`; past it: closed with `slow_consumer`. */
  outbox?: Size | undefined;
  /** Messages that wait for a handler. Default 64; past it the socket is read no further. */
  waitingMessages?: number | undefined;
  /** Bytes of messages that wait for a handler. Default `"1mb"`; past it the socket is read no further. */
  waitingBytes?: Size | undefined;
  /** Channels a connection is on. Default 100; past it `join` throws `too_many_channels`. */
  channels?: number | undefined;
}

export interface AppLimits extends EndpointLimits {
  /** Connections of this process. Default 100,000; past it a handshake is refused with `overloaded`. */
  connections?: number | undefined;
  /** How long a connection may take to say `connect`. Default `"10s"`; past it: closed with `auth_timeout`. */
  auth?: Duration | undefined;
  /** How long a closing connection may take: the peer's close frame, a handler that runs. Default `"5s"`. */
  close?: Duration | undefined;
}
