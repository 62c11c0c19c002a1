export interface PeerClosed {
  readonly code: number;
  readonly reason: string;
}

/** What arrived at the client's end of a connection. */
export class Arrivals {
  readonly unread: (string | Buffer)[] = [];
  readonly closed: Promise<PeerClosed>;
  readonly #close: (closed: PeerClosed) => void;
  /** Everything so far in its order, also what was asked for: `message hi`, `ping data`, `pong data`. */
  readonly order: string[] = [];
  readonly #waiting: ((message: string | Buffer) => void)[] = [];
  readonly #waitingForOrder: (() => void)[] = [];

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

  /** Resolves with the order so far, when this is in it. */
  async until(what: string): Promise<readonly string[]> {
    while (!this.order.includes(what)) await new Promise<void>((resolve) => this.#waitingForOrder.push(resolve));
    return this.order;
  }

  protected arriveControl(name: "ping" | "pong", data: Uint8Array): void {
    this.#note(`${name} ${Buffer.from(data).toString()}`);
  }

  protected arrive(message: string | Buffer): void {
    this.#note(`message ${message.toString()}`);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.unread.push(message);
    else waiting(message);
  }

  protected end(code: number, reason: string): void {
    this.#close({ code, reason });
  }

  #note(what: string): void {
    this.order.push(what);
    for (const resolve of this.#waitingForOrder.splice(0)) resolve();
  }
}
