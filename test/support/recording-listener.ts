import type { SocketListener } from "../../src/transport/transport.js";

export type Heard =
  | readonly ["text", string]
  | readonly ["binary", Uint8Array]
  | readonly ["ping", string]
  | readonly ["pong"]
  | readonly ["closing", number, string]
  | readonly ["closed", number, string];

/** Keeps what a transport says of one socket, in order. */
export class RecordingListener implements SocketListener {
  readonly calls: Heard[] = [];
  /** What is done within `closing`, such as a last write. */
  onClosing: (() => void) | undefined;
  #asked = 0;
  readonly #waiting: (() => void)[] = [];

  text(text: string): void {
    this.#hear(["text", text]);
  }

  binary(bytes: Uint8Array): void {
    this.#hear(["binary", bytes]);
  }

  ping(data: Uint8Array): void {
    this.#hear(["ping", Buffer.from(data).toString()]);
  }

  pong(): void {
    this.#hear(["pong"]);
  }

  closing(code: number, reason: string): void {
    this.#hear(["closing", code, reason]);
    this.onClosing?.();
  }

  closed(code: number, reason: string): void {
    this.#hear(["closed", code, reason]);
  }

  /** The oldest call that was not asked for yet, or the first that comes. */
  async next(): Promise<Heard> {
    const index = this.#asked;
    this.#asked += 1;
    for (;;) {
      const call = this.calls[index];
      if (call !== undefined) return call;
      await this.#more();
    }
  }

  /** All calls, when `closed` is among them. */
  async whenClosed(): Promise<readonly Heard[]> {
    while (!this.calls.some(([name]) => name === "closed")) await this.#more();
    return this.calls;
  }

  #hear(call: Heard): void {
    this.calls.push(call);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
