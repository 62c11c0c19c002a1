import { isIPv6 } from "node:net";
import type { Limits } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";

/** How many may be here at a time: in all, waiting at the door, and of one address. */
export class Places {
  readonly #limits: Pick<Limits, "connections" | "connectionsPerAddress" | "pending">;
  readonly #ofAddress = new Map<string, number>();
  #connections = 0;
  #pending = 0;

  constructor(limits: Pick<Limits, "connections" | "connectionsPerAddress" | "pending">) {
    this.#limits = limits;
  }

  get pending(): number {
    return this.#pending;
  }

  /** Somebody is at the door. Undefined where so many are there that it can only be told by HTTP. */
  knock(): Place | undefined {
    if (this.#pending >= this.#limits.pending) return undefined;
    this.#pending += 1;
    return new Place(this);
  }

  /** Counts one more connection. Throws a `TidingsError` `overloaded` where there are too many. */
  enter(): void {
    if (this.#connections >= this.#limits.connections) throw new TidingsError("overloaded");
    this.#connections += 1;
  }

  exit(): void {
    this.#connections -= 1;
  }

  passDoor(): void {
    this.#pending -= 1;
  }

  /**
   * Counts one more of the address, and gives the name it is counted under; none for one that is not.
   *
   * Throws a `TidingsError` `too_many_connections` where there are too many.
   */
  takeAddress(address: string): string | undefined {
    const network = networkOf(address);
    if (network === undefined) return undefined;
    const count = this.#ofAddress.get(network) ?? 0;
    if (count >= this.#limits.connectionsPerAddress) throw new TidingsError("too_many_connections");
    this.#ofAddress.set(network, count + 1);
    return network;
  }

  leaveAddress(network: string): void {
    const left = (this.#ofAddress.get(network) ?? 0) - 1;
    if (left > 0) this.#ofAddress.set(network, left);
    else this.#ofAddress.delete(network);
  }
}

/** One upgrade's place, at the door and then inside. */
export class Place {
  readonly #places: Places;
  #isAtDoor = true;
  #isInside = false;
  #network: string | undefined;

  constructor(places: Places) {
    this.#places = places;
  }

  /** Counts as a connection, while its checks run too. Throws a `TidingsError` `overloaded` where there are too many. */
  enter(): void {
    this.#places.enter();
    this.#isInside = true;
  }

  /** Counts as one of the address. Throws a `TidingsError` `too_many_connections` where there are too many. */
  takeAddress(address: string): void {
    this.#network = this.#places.takeAddress(address);
  }

  /** It is open: nobody waits for it at the door. */
  passDoor(): void {
    if (this.#isAtDoor) this.#places.passDoor();
    this.#isAtDoor = false;
  }

  /** It is refused: it stays at the door alone, until it is gone. */
  refuse(): void {
    if (this.#isInside) this.#places.exit();
    this.#isInside = false;
    if (this.#network !== undefined) this.#places.leaveAddress(this.#network);
    this.#network = undefined;
  }

  /** It is gone. */
  leave(): void {
    this.refuse();
    this.passDoor();
  }
}

/**
 * What counts as one address: of IPv4 the address, of IPv6 its /64, which is what one customer is given (RFC 6177 §2).
 * Undefined for loopback, which is not counted.
 */
export function networkOf(address: string): string | undefined {
  const [bare = ""] = address.split("%", 1);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
  if (mapped === "::1" || mapped.startsWith("127.")) return undefined;
  return isIPv6(mapped) ? firstGroups(mapped).join(":") : mapped;
}

function firstGroups(address: string): readonly string[] {
  const [head = "", tail] = address.split("::");
  const heads = head === "" ? [] : head.split(":");
  const tails = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - heads.length - tails.length;
  return [...heads, ...new Array<string>(Math.max(0, zeros)).fill("0"), ...tails]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16));
}
