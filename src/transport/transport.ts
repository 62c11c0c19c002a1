/**
 * The port between the core and whatever carries WebSockets.
 *
 * A transport hands each upgrade request on as an `Upgrade`; the core answers it once, with `accept` or `refuse`.
 * Everything a peer is sent goes through `Socket.write` as whole, ready WebSocket frames (RFC 6455 §5.2, unmasked), so
 * that one frame can be encoded once and written to many.
 */
export interface Upgrade {
  readonly method: string;
  /** Of the request, such as `1.1`. */
  readonly httpVersion: string;
  /** Path and query as they were sent, such as `/ws/rooms/lobby?token=…`. */
  readonly target: string;
  /** A header by its lower-case name. Several of one name are joined as `node:http` does. */
  header(name: string): string | undefined;
  /** Names and values in turns, as they were sent. */
  readonly rawHeaders: readonly string[];
  /** The peer's address. */
  readonly address: string;
  /** Did it come over TLS? */
  readonly isSecure: boolean;
  /** Has the peer hung up before it was answered? */
  readonly isGone: boolean;
  /**
   * Completes the handshake. Undefined where the peer has hung up: then the listener hears nothing.
   *
   * The listener must not hear anything before this has returned.
   */
  accept(options: AcceptOptions, listen: (socket: Socket) => SocketListener): Socket | undefined;
  /** Answers with HTTP and ends the connection. */
  refuse(response: RefusalResponse): void;
}

export interface AcceptOptions {
  readonly subprotocol: string | undefined;
  /**
   * May `permessage-deflate` be negotiated (RFC 7692)? It must then be without context takeover on either side, and with a
   * server's window of 32 KiB. An offer that can't be taken is passed over, not refused.
   */
  readonly compression: boolean;
  /** Bytes of one message, as it was sent and inflated; past it the transport closes with 1009. */
  readonly messageSize: number;
  /** Frames of one message; past it the transport closes with 1008. */
  readonly fragments: number;
  /** How long the peer may take to answer a close frame; then the transport ends the connection. */
  readonly closeMs: number;
}

export interface RefusalResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The server's end of one open WebSocket. */
export interface Socket {
  /** Bytes written and not yet taken by the network. */
  readonly bufferedBytes: number;
  /**
   * Was `permessage-deflate` negotiated? Then what is written may have compressed frames among the others: RSV1 set, the
   * payload deflated, each message by itself (RFC 7692 §7.2.1). The transport never compresses by itself.
   */
  readonly isCompressing: boolean;
  /** Writes whole frames, in the order of the calls. Dropped without an error once the socket is closing. */
  write(frames: Uint8Array): void;
  /**
   * Calls `run` once when the network has taken all that was written until now, or later: in a later microtask at the
   * earliest. Never after the connection has ended, and not at all where that comes first, or where the socket is closing
   * already.
   */
  afterTaken(run: () => void): void;
  /** Sends a close frame behind all that was written; the first call counts. What arrives after it is dropped. */
  close(code: number, reason: string): void;
  /** Ends the connection at once, without a close frame. */
  terminate(): void;
  /** Stops reading. What one read held may still arrive, of compressed messages one at the most. */
  pause(): void;
  resume(): void;
}

/** What the core hears of one socket, one call after another. */
export interface SocketListener {
  text(text: string): void;
  /** The bytes belong to the listener. */
  binary(bytes: Uint8Array): void;
  /** A ping frame. The transport does not answer it (RFC 6455 §5.5.2): the listener writes the pong. At most 125 bytes. */
  ping(data: Uint8Array): void;
  /** A pong frame, asked for or not (RFC 6455 §5.5.3). */
  pong(): void;
  /**
   * The end has begun, and not by `close()`: the peer sent a close frame, or broke the protocol, for which we end it. What is written within
   * this call still goes out before the answering close frame, nothing after. At most once.
   */
  closing(code: number, reason: string, begunBy: "peer" | "us"): void;
  /**
   * The connection is gone. Exactly once, and the last call. After `closing` with the same; otherwise what the peer's close
   * frame had, 1005 for one without a code, 1006 without a close frame (RFC 6455 §7.1.5).
   */
  closed(code: number, reason: string): void;
}
