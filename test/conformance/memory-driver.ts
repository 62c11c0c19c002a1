import { dialMemory, type MemoryAnswer, type MemoryPeer } from "../../src/transport/memory.js";
import type { Upgrade } from "../../src/transport/transport.js";
import { Arrivals } from "../support/recording-peer.js";
import type { Answer, Dial, Dialled, Peer, TransportDriver } from "./transport.js";

/** Dials in memory. */
export async function openMemoryDriver(): Promise<TransportDriver> {
  return { dial, [Symbol.asyncDispose]: async () => {} };
}

async function dial({ target = "/", headers = {}, subprotocols = [], offer }: Dial = {}): Promise<Dialled> {
  const offered = {
    ...(subprotocols.length > 0 && { "sec-websocket-protocol": subprotocols.join(", ") }),
    ...(offer !== undefined && { "sec-websocket-extensions": offer }),
  };
  let answer: Promise<Answer> | undefined;
  const upgrade = await new Promise<Upgrade>((resolve) => {
    const dialled = dialMemory(resolve, { target, headers: { ...headers, ...offered } });
    answer = dialled.then((result) => ("refused" in result ? result : { peer: new MemoryEnd(result) }));
  });
  return { upgrade, answer: answer as Promise<Answer> }; // it was set before the upgrade came
}

class MemoryEnd extends Arrivals implements Peer {
  readonly subprotocol: string | undefined;
  readonly extensions: string | undefined;
  readonly #peer: MemoryPeer;

  constructor({ peer, subprotocol, extensions }: Extract<MemoryAnswer, { readonly peer: MemoryPeer }>) {
    super();
    this.#peer = peer;
    this.subprotocol = subprotocol;
    this.extensions = extensions;
    peer.listen({
      text: (text) => this.arrive(text),
      binary: (bytes) => this.arrive(Buffer.from(bytes)),
      pong: (data) => this.arriveControl("pong", data),
      closed: (code, reason) => this.end(code, reason),
    });
  }

  send(message: string | Uint8Array): void {
    this.#peer.send(message);
  }

  ping(data: Uint8Array): void {
    this.#peer.ping(data);
  }

  close(code?: number, reason?: string): void {
    this.#peer.close(code, reason);
  }

  vanish(): void {
    this.#peer.vanish();
  }

  stopReading(): void {
    this.#peer.stopReading();
  }

  startReading(): void {
    this.#peer.startReading();
  }
}
