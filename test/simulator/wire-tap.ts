import type { Socket, Surroundings } from "../../src/client/surroundings.js";
import type { Network } from "../../src/testing/network.js";
import type { Uplink } from "../../src/testing/uplink.js";
import type { Conduct } from "./conduct.js";

/** Shows the client's conduct to whoever judges it. */
export class WireTap {
  readonly #conduct: Conduct;
  readonly #repeats: () => boolean;

  /** @param repeats is the next event to come twice, as after a server's own trouble? */
  constructor(conduct: Conduct, repeats: () => boolean) {
    this.#conduct = conduct;
    this.#repeats = repeats;
  }

  /** Taps the way of the client that `make` makes. */
  around<Client>(network: Network, make: () => Client): Client {
    const { add } = network;
    network.add = (uplink) => {
      add.call(network, uplink);
      this.#tap(uplink);
    };
    try {
      return make();
    } finally {
      network.add = add;
    }
  }

  #tap(uplink: Uplink): void {
    const surroundings: Changeable<Surroundings> = uplink;
    const { open, random, onNetwork } = uplink;
    const conduct = this.#conduct;
    surroundings.open = (url, protocols) => new TappedSocket(open(url, protocols), conduct, this.#repeats);
    surroundings.random = () => {
      const chance = random();
      conduct.drew(chance);
      return chance;
    };
    surroundings.onNetwork = (listener) =>
      onNetwork((isThere) => conduct.hearsOfNetwork(isThere, () => listener(isThere)));
  }
}

type Changeable<Of> = { -readonly [Name in keyof Of]: Of[Name] };

/** A page's socket, and all that passes it for as long as the page uses it. */
class TappedSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((message: { readonly data: unknown }) => void) | null = null;
  onerror: ((error: never) => void) | null = null;
  onclose: ((closed: { readonly code: number; readonly reason: string }) => void) | null = null;
  readonly #socket: Socket;
  readonly #conduct: Conduct;
  #isUsed = true;

  constructor(socket: Socket, conduct: Conduct, repeats: () => boolean) {
    this.#socket = socket;
    this.#conduct = conduct;
    socket.onopen = () => this.onopen?.();
    socket.onerror = (error) => this.onerror?.(error);
    socket.onclose = (closed) => this.onclose?.(closed);
    socket.onmessage = ({ data }) => {
      const text = String(data);
      this.#hear(text);
      if (isEvent(text) && repeats()) this.#hear(text);
    };
  }

  send(text: string): void {
    if (this.#isUsed) this.#conduct.says(text);
    this.#socket.send(text);
  }

  close(code?: number, reason?: string): void {
    this.#isUsed = false;
    this.#socket.close(code, reason);
  }

  #hear(data: string): void {
    const pass = () => this.onmessage?.({ data });
    if (this.#isUsed) this.#conduct.hears(data, pass);
    else pass();
  }
}

/** One that has a place in its channel's history. */
function isEvent(text: string): boolean {
  const { id, channel, offset } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  return id === undefined && channel !== undefined && offset !== undefined;
}
