import type { OrTell } from "./advice.js";
import type { PayloadArgs } from "./contract.js";
import type { Identity } from "./identity.js";

/** The server's end of one socket, as every part of an app sees it. */
export interface AnyConnection {
  /** Unguessable and never given twice. */
  readonly id: string;
  /** Who is behind it; undefined where the endpoint has no `auth`. */
  readonly user: Identity | undefined;
  /** The names of the channels it is on. */
  readonly channels: ReadonlySet<string>;
  /** Bytes that wait for the socket to take them. */
  readonly bufferedBytes: number;
  /** Aborted when the connection closes, so that `fetch(url, { signal })` stops with it. */
  readonly signal: AbortSignal;
  /**
   * Sends what is queued, then the close frame, then nothing.
   *
   * @param code 1000 by default; 1000–1003, 1007–1009, 1011–1013 or an app's own 3000–4999 (RFC 6455 §7.4)
   * @param reason at most 123 bytes of UTF-8 (RFC 6455 §5.5.1); what is longer is cut
   * @throws RangeError for a code that a server may not send
   */
  close(code?: number, reason?: string): void;
}

/** The connection of an endpoint that speaks messages. */
export interface Connection<User extends Identity | undefined, Sends, Ref> extends AnyConnection {
  readonly user: User;
  readonly send: SendFunction<Sends>;
  /**
   * Puts it on these channels: it hears what is published to them from now on. Nothing happens for one it is on.
   *
   * Resolves when that is true; left alone, a failure goes to `onError`, and `open` is over when the joins it began are.
   *
   * @throws TidingsError `too_many_channels` past `limits.channels`
   */
  join(...channels: readonly OrTell<Ref, "List this channel in the endpoint's `channels` first.">[]): Promise<void>;
  /** Takes it off these channels: what was published before is still sent, nothing after. */
  leave(...channels: readonly OrTell<Ref, "List this channel in the endpoint's `channels` first.">[]): Promise<void>;
}

/**
 * Sends one message to this connection alone. False where it has closed.
 *
 * Throws an `OutgoingPayloadError` where the payload does not fit its schema; then nothing is sent.
 */
export type SendFunction<Messages> = [Declared<Messages>] extends [never]
  ? (type: "Declare this message in the endpoint's `sends` first.", payload?: unknown) => boolean
  : <Type extends keyof Messages>(type: Type, ...payload: PayloadArgs<Messages[Type]>) => boolean;

/** The names that were declared; `sends: undefined` declares none. */
type Declared<Messages> = string extends keyof Messages ? never : keyof Messages;

/** The connection of a raw endpoint. */
export interface RawConnection<User extends Identity | undefined> extends AnyConnection {
  readonly user: User;
  /** Sends a text frame for a string, a binary frame for bytes. False where it has closed. */
  send(frame: string | Uint8Array): boolean;
  /** The frames that arrive, in order, until it closes. Only in `run`, and only once. */
  frames(): AsyncIterable<string | Uint8Array>;
}
