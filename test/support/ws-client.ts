import type { IncomingMessage } from "node:http";
import { type RawData, WebSocket } from "ws";
import { guarded, Inbox } from "./inbox.js";

export interface DialOptions {
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `Authorization: Bearer …`. */
  readonly token?: string;
  /** A certificate to trust, as PEM, and the name in it. */
  readonly tls?: { readonly ca: string; readonly servername: string };
}

/** Opens a WebSocket at an `http:` or `https:` URL. Rejects with a `Refusal` where the server answers with HTTP. */
export function dial(url: string, { protocols = [], headers = {}, token, tls }: DialOptions = {}): Promise<WsClient> {
  const webSocket = new WebSocket(url, [...protocols], {
    headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    ...tls,
  });
  // It listens from the start: the server may speak in the very packet that completes the handshake.
  const client = new WsClient(webSocket);
  return new Promise((resolve, reject) => {
    webSocket.once("open", () => resolve(client));
    webSocket.once("error", reject);
    webSocket.once("unexpected-response", (request, response) => {
      readRefusal(response)
        .then(reject, reject)
        .finally(() => request.destroy());
    });
  });
}

/** How a dial is refused by HTTP. Throws where it is not. */
export async function dialRefused(url: string, options: DialOptions = {}): Promise<Refusal> {
  const refused = await dial(url, options).catch((error: unknown) => error);
  if (refused instanceof Refusal) return refused;
  throw new Error(refused instanceof WsClient ? "The handshake was completed." : "The handshake failed.", {
    cause: refused,
  });
}

/** A client of `tidings.v1` that has said `connect`. */
export async function dialTidings(url: string, options: DialOptions = {}): Promise<WsClient> {
  const client = await dial(url, { ...options, protocols: ["tidings.v1"] });
  client.send({ type: "connect" });
  return client;
}

/** The HTTP answer that refused a handshake. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** Parsed, where it is JSON. */
  readonly body: unknown;

  constructor(status: number, headers: IncomingMessage["headers"], body: string) {
    super(`The handshake was refused: ${status} ${body}`);
    this.status = status;
    this.headers = headers;
    this.body = headers["content-type"]?.startsWith("application/json") ? JSON.parse(body) : body;
  }
}

async function readRefusal(response: IncomingMessage): Promise<Refusal> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return new Refusal(response.statusCode ?? 0, response.headers, Buffer.concat(chunks).toString());
}

/** A message of the server, as far as every one has it. */
export interface Arrival {
  readonly type: string;
  readonly payload?: unknown;
  readonly id?: string | number;
  readonly channel?: string;
}

export interface ClosedWith {
  readonly code: number;
  readonly reason: string;
}

/** The client's end of one WebSocket. What arrives waits until it is asked for. */
export class WsClient {
  readonly #webSocket: WebSocket;
  readonly #inbox = new Inbox<string | Uint8Array>("The next frame");
  #closed: ClosedWith | undefined;
  #pings = 0;

  constructor(webSocket: WebSocket) {
    this.#webSocket = webSocket;
    webSocket.on("message", (data: RawData, isBinary: boolean) => {
      // With the default `binaryType` a message is one Buffer.
      const bytes = data as Buffer;
      this.#inbox.put(isBinary ? bytes : bytes.toString());
    });
    webSocket.on("error", () => {}); // what went wrong is told by the close
    webSocket.once("close", (code, reason) => {
      this.#closed = { code, reason: reason.toString() };
      this.#inbox.end(`closed with ${code} ${reason}`.trimEnd());
    });
  }

  /** The subprotocol that the server selected; empty for none. */
  get protocol(): string {
    return this.#webSocket.protocol;
  }

  /** What arrived and was not asked for. */
  get unread(): readonly (string | Uint8Array)[] {
    return this.#inbox.unread;
  }

  /** Bytes that this end could not hand to the network yet. */
  get bufferedBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  /** How it ended, when it has. */
  get closed(): Promise<ClosedWith> {
    if (this.#closed !== undefined) return Promise.resolve(this.#closed);
    const { promise, resolve } = guarded<ClosedWith>(
      () => `It did not close in time. Unread: ${this.unread.join(" · ") || "nothing"}`,
    );
    this.#webSocket.once("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    return promise;
  }

  nextFrame(): Promise<string | Uint8Array> {
    return this.#inbox.next();
  }

  async nextText(): Promise<string> {
    const frame = await this.nextFrame();
    if (typeof frame !== "string") throw new Error(`A binary frame of ${frame.byteLength} bytes came.`);
    return frame;
  }

  /** The next message. */
  async next(): Promise<Arrival> {
    return JSON.parse(await this.nextText()) as Arrival;
  }

  /** The next so many messages. */
  async take(count: number): Promise<Arrival[]> {
    const messages: Arrival[] = [];
    while (messages.length < count) messages.push(await this.next());
    return messages;
  }

  /** All messages that come before the one with this `id`, which is passed over. */
  async takeUntil(id: string | number): Promise<Arrival[]> {
    const messages: Arrival[] = [];
    for (let next = await this.next(); next.id !== id; next = await this.next()) messages.push(next);
    return messages;
  }

  /**
   * All messages that come before the answer to a ping that is sent now. A ping is answered as it is read: what waits for
   * a handler then may come after it.
   */
  takeAll(): Promise<Arrival[]> {
    this.#pings += 1;
    const id = `ping-${this.#pings}`;
    this.send({ type: "ping", id });
    return this.takeUntil(id);
  }

  /** Sends a message, and gives its answer: whatever next carries its `id`. What comes before must have been taken. */
  async ask(type: string, payload: unknown, id: string | number = `ask-${type}`): Promise<Arrival> {
    this.send({ type, payload, id });
    const answer = await this.next();
    if (answer.id !== id) throw new Error(`In the place of the answer came ${JSON.stringify(answer)}`);
    return answer;
  }

  send(message: object): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.#webSocket.send(text);
  }

  sendBinary(bytes: Uint8Array): void {
    this.#webSocket.send(bytes);
  }

  close(code?: number, reason?: string): void {
    this.#webSocket.close(code, reason);
  }

  /** The network is lost: no close frame is sent. */
  terminate(): void {
    this.#webSocket.terminate();
  }

  /** Reads nothing more from its socket, so that the kernel's buffers, and then the server's, fill up. */
  stopReading(): void {
    this.#webSocket.pause();
  }

  startReading(): void {
    this.#webSocket.resume();
  }
}
