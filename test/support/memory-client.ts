import { EventEmitter } from "node:events";
import type { TestApp } from "tidings/testing";
import type { WebSocket } from "ws";
import { TidingsApp } from "../../src/app/app.js";
import { dialMemory, type MemoryPeer } from "../../src/transport/memory.js";
import { WsClient } from "./ws-client.js";

export interface MemoryDialOptions {
  readonly protocols?: readonly string[];
  /** Sent as `Authorization: Bearer …`. */
  readonly token?: string;
}

/**
 * Connects to an app that runs in memory, where no time passes by itself and no network buffers what is not read. What
 * comes of it is the same client as over a socket, so that it sees every message.
 */
export async function dialInMemory(
  { app }: TestApp,
  path: string,
  { protocols = [], token }: MemoryDialOptions = {},
): Promise<WsClient> {
  if (!(app instanceof TidingsApp)) throw new TypeError("This takes what createApp() made.");
  const headers = {
    ...(protocols.length > 0 && { "sec-websocket-protocol": protocols.join(", ") }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  const answer = await dialMemory((upgrade) => void app.answer(upgrade), { target: path, headers });
  if ("refused" in answer) throw new Error(`The handshake was refused: ${answer.refused.status}`);
  // It has all of a WebSocket that a WsClient uses.
  return new WsClient(new MemoryWebSocket(answer.peer, answer.subprotocol ?? "") as unknown as WebSocket);
}

/** The client's end of a connection in memory, as `ws` would show it. */
class MemoryWebSocket extends EventEmitter {
  readonly protocol: string;
  readonly bufferedAmount = 0;
  readonly #peer: MemoryPeer;

  constructor(peer: MemoryPeer, protocol: string) {
    super();
    this.protocol = protocol;
    this.#peer = peer;
    peer.listen({
      text: (text) => this.emit("message", Buffer.from(text), false),
      binary: (bytes) => this.emit("message", Buffer.from(bytes), true),
      pong: () => {},
      closed: (code, reason) => this.emit("close", code, Buffer.from(reason)),
    });
  }

  send(message: string | Uint8Array): void {
    this.#peer.send(message);
  }

  close(code?: number, reason?: string): void {
    this.#peer.close(code, reason);
  }

  terminate(): void {
    this.#peer.vanish();
  }

  pause(): void {
    this.#peer.stopReading();
  }

  resume(): void {
    this.#peer.startReading();
  }
}
