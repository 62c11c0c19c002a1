export interface PeerClosed {
  readonly code: number;
  readonly reason: string;
}

/** What arrived at the client's end of a connection. */
export class Arrivals {
  readonly unread: (string | Buffer)[] = [];
  readonly closed: Promise<PeerClosed>;
  readonly #close: (closed: PeerClosed) => void;
  readonly #waiting: ((message: string | Buffer) => void)[] = [];

  constructor() {
    let close: (closed: PeerClosed) => void = () => {};
    this.closed = new Promise((resolve) => {
      close = resolve;
    });
    this.#close = close;
  }

  /** The oldest message that was not asked for yet, or the first that comes. */
  next(): Promise<string | Buffer> {
    const message = this.unread.shift();
    return message === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(message);
  }

  protected arrive(message: string | Buffer): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.unread.push(message);
    else waiting(message);
  }

  protected end(code: number, reason: string): void {
    this.#close({ code, reason });
  }
}
