import type { IncomingMessage } from "node:http";
import { type ClientOptions, WebSocket } from "ws";
import { troubleOfAnswer, troubleOfDial, troubleOfLine } from "./dial-trouble.js";
import type { Trouble } from "./trouble.js";

/** Of what a server that refuses says, more is not read. */
const LONGEST_ANSWER_BYTES = 4_096;

/** Dials over `ws`, and knows what became of it: a browser's WebSocket, whose events our client has, tells nobody. */
export class Dialler {
  /** Why there was no connection the last time. */
  trouble: Trouble | undefined;
  /** Is told each text frame before whoever dialled is. */
  onText: ((text: string) => void) | undefined;
  readonly #headers: Readonly<Record<string, string>>;
  #socket: WebSocket | undefined;

  constructor(headers: Readonly<Record<string, string>>) {
    this.#headers = headers;
  }

  dial(url: string, protocols: readonly string[]): WebSocket {
    this.trouble = undefined;
    const socket = new WebSocket(url, [...protocols], { ...SETTINGS, headers: this.#headers });
    socket.on("unexpected-response", (_, response) => void this.#refused(socket, response));
    let isThere = false;
    socket.once("open", () => {
      isThere = true;
    });
    socket.on("error", (error) => {
      this.trouble ??= isThere ? troubleOfLine(error) : troubleOfDial(error, new URL(url));
    });
    socket.on("message", (data, isBinary) => isBinary || this.onText?.(data.toString()));
    this.#socket = socket;
    return socket;
  }

  /** Reads no further until `resume`: what comes waits with the server. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Resolves when the last connection is gone. */
  ended(): Promise<void> {
    const socket = this.#socket;
    // Otherwise it would not hear the server's close.
    if (socket?.isPaused) socket.resume();
    return new Promise((resolve) => {
      if (socket === undefined || socket.readyState === WebSocket.CLOSED) resolve();
      else socket.once("close", () => resolve());
    });
  }

  /** Never rejects. */
  async #refused(socket: WebSocket, response: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of response) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > LONGEST_ANSWER_BYTES) break;
      }
    } catch {
      // What was said till then will do.
    }
    this.trouble = troubleOfAnswer(response, Buffer.concat(chunks).toString("utf8", 0, LONGEST_ANSWER_BYTES));
    socket.terminate();
  }
}

const SETTINGS: ClientOptions & { readonly closeTimeout: number } = {
  // How long a server has to answer a close; by then it is gone. Its types do not know it.
  closeTimeout: 2_000,
  // A message is held whole, and printed.
  maxPayload: 16 * 1_024 * 1_024,
};
