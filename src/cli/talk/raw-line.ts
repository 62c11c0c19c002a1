import { type RawData, WebSocket } from "ws";
import type { Closed } from "../../client/node.js";
import { TidingsError } from "../../index.js";
import { troubleOfClose } from "./dial-trouble.js";
import { Dialler } from "./dialler.js";
import type { Talk } from "./talk-options.js";
import type { Trouble } from "./trouble.js";

/** One frame: a text, or bytes, as base64. */
export type Frame = { readonly text: string } | { readonly base64: string };

/** One connection to any WebSocket server, by frames. It is not dialled again. Disposing of it closes, and waits until that is done. */
export class RawLine implements AsyncDisposable {
  readonly closed: Promise<Closed>;
  readonly dialler: Dialler;
  readonly #socket: WebSocket;
  readonly #timeoutMs: number;

  constructor(address: URL, { token, headers, timeoutMs }: Talk) {
    this.dialler = new Dialler({ ...(token !== undefined && { Authorization: `Bearer ${token}` }), ...headers });
    this.#timeoutMs = timeoutMs;
    const socket = this.dialler.dial(address.href, []);
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once("close", (code, reason) => resolve({ code, reason: reason.toString("utf8") }));
    });
  }

  /** Rejects with a `Trouble`. */
  async opened(): Promise<void> {
    const opened = new Promise<true>((resolve) => this.#socket.once("open", () => resolve(true)));
    const closed = await this.#inTime(Promise.race([opened, this.closed]));
    if (closed !== true) throw this.troubleOf(closed);
  }

  troubleOf(closed: Closed): Trouble {
    return this.dialler.trouble ?? troubleOfClose(closed);
  }

  hear(listener: (frame: Frame) => void): void {
    this.#socket.on("message", (data, isBinary) => listener(readFrame(data, isBinary)));
  }

  /** Says it, and resolves when the server, which had it by then, has closed. Rejects where it closed with an error. */
  async tell(text: string): Promise<void> {
    await this.opened();
    this.#socket.send(text);
    this.#socket.close(1000);
    const closed = await this.#inTime(this.closed);
    if (closed.code !== 1000 && closed.code !== 1005) throw this.troubleOf(closed);
  }

  /** Says it, and resolves with the first frame that comes after. */
  async ask(text: string): Promise<Frame> {
    await this.opened();
    const answer = new Promise<Frame>((resolve) => {
      this.#socket.once("message", (data, isBinary) => resolve(readFrame(data, isBinary)));
    });
    this.#socket.send(text);
    const said = await this.#inTime(Promise.race([answer, this.closed]));
    if ("code" in said) throw this.troubleOf(said);
    return said;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.terminate();
    else this.#socket.close(1000);
    await this.dialler.ended();
  }

  async #inTime<Value>(promise: Promise<Value>): Promise<Value> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new TidingsError("timeout")), this.#timeoutMs);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function readFrame(data: RawData, isBinary: boolean): Frame {
  const bytes = data as Buffer; // `ws` gives no other, unless its `binaryType` is set
  if (!isBinary) return { text: bytes.toString("utf8") };
  return { base64: bytes.toString("base64") };
}
