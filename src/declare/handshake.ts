/** The request that opens a connection, as checks before `open` see it. Its tokens have been taken out. */
export interface Handshake {
  readonly url: URL;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** All but `authorization`, `cookie`, and a token offered as a subprotocol. */
  readonly headers: Headers;
  /**
   * Name → value (RFC 6265 §5.4).
   *
   * A page of any site can make a browser send them: reading them on behalf of a page whose origin is not allowed throws
   * a `TidingsError` `origin_not_allowed`.
   */
  readonly cookies: Readonly<Record<string, string>>;
  /** The address of the peer; where that is a trusted proxy, of whom it speaks for. */
  readonly address: string;
}
