import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Limits } from "../protocol/limits.js";
import { networkOf } from "./places.js";

export interface WaitingRoomOptions {
  readonly limits: Pick<Limits, "pending" | "connectionsPerAddress">;
  /** Many clients come from its address. */
  readonly isProxy: (address: string) => boolean;
}

/** What is looked at of a socket: the same for a TLS socket and the one that it stands on. */
type Peer = Pick<Socket, "remoteAddress" | "remotePort">;

/**
 * Connections that have not asked for anything yet: `limits.pending` in all, and of one address no more than may be connected from
 * there, so that nobody keeps all others out by saying nothing.
 */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  readonly #places = new Map<string, Place>();
  readonly #ofNetwork = new Map<string, number>();

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
  }

  /** Who is there. */
  get sockets(): readonly Socket[] {
    return [...this.#places.values()].map(({ socket }) => socket);
  }

  /** From now on whoever comes to this server waits here until it asks; one too many is ended without an answer. */
  watch(server: Server): void {
    server.on("connection", (socket: Socket) => {
      if (!this.enter(socket)) socket.destroy();
    });
    const hasAsked = ({ socket }: { readonly socket: Socket }) => this.leave(socket);
    server.prependListener("request", hasAsked);
    server.prependListener("upgrade", hasAsked);
  }

  /** Until it asks, or is closed. False where there is no room. */
  enter(socket: Socket): boolean {
    const { limits, isProxy } = this.#options;
    const { remoteAddress: address } = socket;
    // Who has gone already has no address, and needs no place.
    if (address === undefined) return true;
    if (this.#places.size >= limits.pending) return false;
    const network = isProxy(address) ? undefined : networkOf(address);
    if (this.#countOf(network) >= limits.connectionsPerAddress) return false;
    const name = nameOf(socket);
    // Who came by this port before has gone, and nobody was told yet.
    this.#free(this.#places.get(name));
    // By its end a socket need not know any more where it came from.
    const place: Place = { socket, name, network, free: () => this.#free(place) };
    this.#places.set(name, place);
    if (network !== undefined) this.#ofNetwork.set(network, this.#countOf(network) + 1);
    socket.on("close", place.free);
    return true;
  }

  /** It has asked, and may stay for days: nothing of this stays with it. */
  leave(peer: Peer): void {
    this.#free(this.#places.get(nameOf(peer)));
  }

  #free(place: Place | undefined): void {
    if (place === undefined || this.#places.get(place.name) !== place) return;
    const { socket, name, network, free } = place;
    socket.off("close", free);
    this.#places.delete(name);
    if (network === undefined) return;
    const left = this.#countOf(network) - 1;
    if (left > 0) this.#ofNetwork.set(network, left);
    else this.#ofNetwork.delete(network);
  }

  /** Undefined: it is not counted. */
  #countOf(network: string | undefined): number {
    return network === undefined ? 0 : (this.#ofNetwork.get(network) ?? 0);
  }
}

interface Place {
  readonly socket: Socket;
  readonly name: string;
  /** Undefined: it is not counted. */
  readonly network: string | undefined;
  readonly free: () => void;
}

function nameOf({ remoteAddress, remotePort }: Peer): string {
  return `${remoteAddress} ${remotePort}`;
}
