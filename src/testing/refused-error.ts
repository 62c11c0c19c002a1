/** How a client was refused: what it can know, and no more. */
export class RefusedError extends Error {
  override readonly name: string = "RefusedError";
  /** The HTTP status; 101 where the handshake was completed and closed; undefined in a browser, which hides it. */
  readonly status: number | undefined;
  /** The word of PROTOCOL.md's table; undefined in a browser that was refused by HTTP. */
  readonly code: string | undefined;
  /** What the client's `close` event tells: 1006 where the handshake was refused by HTTP. */
  readonly closeCode: number;
  /** Of the HTTP answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor({ status, code, closeCode, headers = {}, message }: RefusedErrorDetails) {
    super(message ?? `The handshake was refused: ${status ?? closeCode} ${code ?? ""}`.trimEnd());
    this.status = status;
    this.code = code;
    this.closeCode = closeCode;
    this.headers = headers;
  }
}

export interface RefusedErrorDetails {
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly closeCode: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly message?: string | undefined;
}
