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
  readonly #waiting = new Map<string, Socket>();
  readonly #ofNetwork = new Map<string, number>();

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
  }

  /** Who is there. */
  get sockets(): Iterable<Socket> {
    return this.#waiting.values();
  }

  /** From now on whoever comes to this server waits here until it asks; one too many is ended without an answer. */
  watch(server: Server): void {
    const forget = (socket: Socket) => {
      // What was asked for once is known when it is closed too; another may have come by the same port.
      if (this.#waiting.get(nameOf(socket)) === socket) this.leave(socket);
    };
    const forgetClosed = function (this: Socket) {
      forget(this);
    };
    server.on("connection", (socket: Socket) => {
      if (this.enter(socket)) socket.on("close", forgetClosed);
      else socket.destroy();
    });
    const hasAsked = ({ socket }: { readonly socket: Socket }) => {
      // Who has asked may stay for days: nothing of this stays with them.
      this.leave(socket)?.off("close", forgetClosed);
    };
    server.prependListener("request", hasAsked);
    server.prependListener("upgrade", hasAsked);
  }

  /** False where there is no room. */
  enter(socket: Socket): boolean {
    const { limits } = this.#options;
    // Who has gone already has no address, and needs no place.
    if (socket.remoteAddress === undefined) return true;
    if (this.#waiting.size >= limits.pending) return false;
    const network = this.#networkOf(socket);
    const count = network === undefined ? 0 : (this.#ofNetwork.get(network) ?? 0);
    if (count >= limits.connectionsPerAddress) return false;
    // One that comes by the port of another is what that has become: it has gone, and was not told of yet.
    this.leave(socket);
    this.#waiting.set(nameOf(socket), socket);
    if (network !== undefined) this.#ofNetwork.set(network, (this.#ofNetwork.get(network) ?? 0) + 1);
    return true;
  }

  /** Gives who was there, where it was. */
  leave(peer: Peer): Socket | undefined {
    const name = nameOf(peer);
    const socket = this.#waiting.get(name);
    if (socket === undefined) return undefined;
    this.#waiting.delete(name);
    const network = this.#networkOf(peer);
    if (network === undefined) return socket;
    const left = (this.#ofNetwork.get(network) ?? 0) - 1;
    if (left > 0) this.#ofNetwork.set(network, left);
    else this.#ofNetwork.delete(network);
    return socket;
  }

  /** Undefined: it is not counted. */
  #networkOf({ remoteAddress = "" }: Peer): string | undefined {
    return this.#options.isProxy(remoteAddress) ? undefined : networkOf(remoteAddress);
  }
}

function nameOf({ remoteAddress, remotePort }: Peer): string {
  return `${remoteAddress} ${remotePort}`;
}
