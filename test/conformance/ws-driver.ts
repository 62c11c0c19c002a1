import { once } from "node:events";
import { type ClientRequest, createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket } from "ws";
import { WsTransport } from "../../src/transport/ws.js";
import { Arrivals } from "../support/recording-peer.js";
import { tlsCertificate } from "./tls-certificate.js";
import type { Answer, Dial, Dialled, Peer, TransportDriver } from "./transport.js";

/** Dials a `node:http` server with the client of `ws`. */
export async function openWsDriver(): Promise<WsDriver> {
  return WsDriver.open("ws", createServer());
}

/** The same with `node:https`. */
export async function openTlsDriver(): Promise<WsDriver> {
  return WsDriver.open("wss", createTlsServer(tlsCertificate));
}

export class WsDriver implements TransportDriver {
  readonly port: number;
  readonly #scheme: "ws" | "wss";
  readonly #server: Server;
  readonly #transport = new WsTransport();
  readonly #streams: Duplex[] = [];

  static async open(scheme: "ws" | "wss", server: Server): Promise<WsDriver> {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new WsDriver(scheme, server);
  }

  private constructor(scheme: "ws" | "wss", server: Server) {
    this.#scheme = scheme;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port; // it listens on a port
  }

  async dial({ target = "/", headers = {}, subprotocols = [], offer }: Dial = {}): Promise<Dialled> {
    const upgrading = this.nextUpgrade();
    // A header's name may be written in any case.
    const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
    const webSocket = new WebSocket(`${this.#scheme}://127.0.0.1:${this.port}${target}`, [...subprotocols], {
      headers: named,
      rejectUnauthorized: false,
      perMessageDeflate: offer !== undefined,
      finishRequest(request: ClientRequest) {
        // It has its own idea of what to offer.
        if (offer !== undefined) request.setHeader("Sec-WebSocket-Extensions", offer);
        request.end();
      },
    });
    const answer = new Promise<Answer>((resolve, reject) => {
      const peer = new WsEnd(webSocket);
      webSocket.once("open", () => resolve({ peer }));
      webSocket.once("unexpected-response", (_, response) => resolve(readRefusal(response)));
      webSocket.once("error", reject);
    });
    answer.catch(() => {}); // who does not look at the answer does not care
    return { ...(await upgrading), answer };
  }

  /** The next upgrade that the server gets, from whomever. */
  async nextUpgrade(): Promise<Pick<Dialled, "upgrade"> & { readonly stream: Duplex }> {
    const [request, stream, head] = (await once(this.#server, "upgrade")) as [IncomingMessage, Duplex, Buffer];
    this.#streams.push(stream);
    return { upgrade: this.#transport.upgrade(request, stream, head), stream };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.#streams) stream.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

async function readRefusal(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
  return { refused: { status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks).toString() } };
}

class WsEnd extends Arrivals implements Peer {
  readonly #webSocket: WebSocket;
  extensions: string | undefined;

  constructor(webSocket: WebSocket) {
    super();
    this.#webSocket = webSocket;
    webSocket.once("upgrade", ({ headers }) => {
      this.extensions = headers["sec-websocket-extensions"];
    });
    webSocket.on("message", (data: Buffer, isBinary: boolean) => this.arrive(isBinary ? data : data.toString()));
    webSocket.on("pong", (data: Buffer) => this.arriveControl("pong", data));
    webSocket.once("close", (code, reason) => this.end(code, reason.toString()));
    webSocket.on("error", () => {});
  }

  get subprotocol(): string | undefined {
    return this.#webSocket.protocol || undefined;
  }

  send(message: string | Uint8Array): void {
    this.#webSocket.send(message, () => {}); // what can't be sent any more is no error here
  }

  ping(data: Uint8Array): void {
    this.#webSocket.ping(data, undefined, () => {});
  }

  close(code?: number, reason?: string): void {
    this.#webSocket.close(code, reason);
  }

  vanish(): void {
    this.#webSocket.terminate();
  }

  stopReading(): void {
    this.#webSocket.pause();
  }

  startReading(): void {
    this.#webSocket.resume();
  }
}
