import { WebSocket } from "ws";
import type { Random } from "../../src/testing/random.js";
import { handshakeRequest, RawClient } from "../support/raw-client.js";
import { type DialOptions, dial, WsClient } from "../support/ws-client.js";
import { API_KEY } from "./soak-app.js";
import type { SoakPromise } from "./soak-report.js";

export interface VisitorOptions {
  /** Tells it from all others. */
  readonly name: string;
  readonly random: Random;
  /** The processes of the world that it visits. */
  readonly urls: () => readonly string[];
  readonly checked: (promise: SoakPromise) => void;
  readonly violate: (promise: SoakPromise, what: string) => void;
}

/** Somebody who comes for a moment, well or badly behaved. Whatever it opens ends with it. */
export class Visitor implements Disposable {
  readonly name: string;
  readonly random: Random;
  readonly #options: VisitorOptions;
  readonly #ends: (() => void)[] = [];

  constructor(options: VisitorOptions) {
    this.#options = options;
    this.name = options.name;
    this.random = options.random;
  }

  /** One of the processes. */
  get url(): string {
    return this.random.pick(this.#options.urls());
  }

  /** Notes that a promise was looked at; where it does not hold, that it is broken. */
  expect(promise: SoakPromise, holds: boolean, what: string | (() => string)): void {
    this.#options.checked(promise);
    if (!holds) this.#options.violate(promise, `${this.name}: ${typeof what === "string" ? what : what()}`);
  }

  /** The same of two things that must look alike. */
  expectSame(promise: SoakPromise, given: unknown, wanted: unknown): void {
    const [is, should] = [JSON.stringify(given), JSON.stringify(wanted)];
    this.expect(promise, is === should, () => `${is}, and not ${should}`);
  }

  /** A plain client. It offers to be sent compressed messages. */
  async dial(path: string, options: DialOptions = {}, url = this.url): Promise<WsClient> {
    return this.#own(await dial(url + path, options));
  }

  /** At the desk, as itself or as somebody of its own. */
  dialDesk(who?: string): Promise<WsClient> {
    return this.dial("/ws/desk", { token: who === undefined ? this.name : `${this.name}-${who}` });
  }

  /** One that takes everything as it is. */
  async dialUncompressed(path: string, token: string): Promise<WsClient> {
    const webSocket = new WebSocket(this.url + path, {
      perMessageDeflate: false,
      headers: { authorization: `Bearer ${token}` },
    });
    const client = this.#own(new WsClient(webSocket));
    await new Promise<void>((resolve, reject) => {
      webSocket.once("open", resolve);
      webSocket.once("error", reject);
    });
    return client;
  }

  /** Bytes over TCP. */
  async dialRaw(): Promise<RawClient> {
    const client = await RawClient.open(this.url);
    this.#ends.push(() => client[Symbol.dispose]());
    return client;
  }

  /** The same, past the handshake. */
  async openRaw(path: string): Promise<RawClient> {
    const client = await this.dialRaw();
    client.write(handshakeRequest(path, { headers: { authorization: `Bearer ${this.name}` } }));
    const { status } = await client.nextResponse();
    if (status !== 101) throw new Error(`The handshake was refused: ${status}`);
    return client;
  }

  /** Asks over HTTP. Rejects where nobody answers, or not now. */
  async ask(path: string, body?: object, key = API_KEY): Promise<{ readonly status: number; readonly body: unknown }> {
    const response = await fetch(this.url + path, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json", connection: "close" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await response.text();
    if (response.status === 503) throw new Error(`${path} is unavailable`);
    const isJson = response.headers.get("content-type")?.includes("json");
    return { status: response.status, body: isJson ? JSON.parse(text) : text };
  }

  /** As another backend does. Rejects where it is not known whether it was taken. */
  async publish(event: object): Promise<{ readonly epoch: string; readonly offset: number }> {
    const { status, body } = await this.ask("/api/publish", event);
    if (status !== 200) throw new Error(`publish is answered with ${status} ${JSON.stringify(body)}`);
    return body as { readonly epoch: string; readonly offset: number }; // as docs/reference/http-api.md says
  }

  /** The network is lost, wherever it is. */
  [Symbol.dispose](): void {
    for (const end of this.#ends.splice(0)) end();
  }

  #own(client: WsClient): WsClient {
    this.#ends.push(() => client.terminate());
    return client;
  }
}

const PATIENCE_MS = 15_000;
