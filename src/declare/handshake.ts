/** The request that opens a connection, as checks before `open` see it. Its tokens have been taken out. */
export interface Handshake {
  readonly url: URL;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Headers;
  /** The address of the peer. */
  readonly address: string;
}
