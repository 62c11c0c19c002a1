import { once } from "node:events";
import { type WebSocket, WebSocketServer } from "ws";

/** A server of `tidings.v1` that does to each connection what a test says, good or bad. */
export class ScriptedServer implements AsyncDisposable {
  readonly url: string;
  /** How many have come so far. */
  connections = 0;
  readonly #server: WebSocketServer;

  /** `act` is called with each connection, and its number from 0. */
  static async start(act: (socket: WebSocket, index: number) => void): Promise<ScriptedServer> {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "tidings.v1" });
    await once(server, "listening");
    return new ScriptedServer(server, act);
  }

  private constructor(server: WebSocketServer, act: (socket: WebSocket, index: number) => void) {
    this.#server = server;
    this.url = `http://127.0.0.1:${Object(server.address()).port}`;
    server.on("connection", (socket) => {
      socket.on("error", () => {}); // what a test breaks, breaks
      act(socket, this.connections);
      this.connections += 1;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** What it says as text. */
export function message(type: string, payload?: unknown, more: object = {}): string {
  return JSON.stringify({ type, payload, ...more });
}

/** Lets in whoever says `connect`, answers what is asked with `null`, and says this in between. */
export function letInAndSay(socket: WebSocket, frames: readonly (string | Uint8Array)[]): void {
  socket.on("message", (data) => {
    const { type, id } = JSON.parse(String(data)) as { readonly type: string; readonly id?: number };
    if (type === "connect") {
      socket.send(message("connected", { connection: "c", heartbeatMs: 30_000 }));
      for (const frame of frames) socket.send(frame);
    } else if (type !== "subscribe" && id !== undefined) socket.send(message("reply", null, { id }));
  });
}
