import type { Clock } from "../base/clock.js";
import type { Surroundings } from "../client/surroundings.js";
import { dialMemory, type MemoryAnswer, type MemoryDial } from "../transport/memory.js";
import { PageSocket } from "./page-socket.js";

export interface UplinkOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Runs a function in a later turn of the event loop. */
  readonly later: (run: () => void) => void;
  /** Of the page. */
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly address: string | undefined;
  /** Is a server there to be reached? */
  readonly isUp: () => boolean;
  readonly answer: Parameters<typeof dialMemory>[0];
}

/** From 0 to 1 by chance, between these. */
export interface Delay {
  readonly fromMs: number;
  readonly toMs: number;
}

/** One client's way to the server, and all its connections. */
export class Uplink implements Surroundings {
  readonly clock: Clock;
  readonly random: () => number;
  readonly base: string;
  readonly #options: UplinkOptions;
  readonly #sockets = new Set<PageSocket>();
  readonly #listeners = new Set<(isThere: boolean) => void>();
  #delay: Delay = { fromMs: 0, toMs: 0 };
  #isSilent = false;
  #refusesDials = false;
  #knowsNoNetwork = false;
  #isReading = true;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.random = options.random;
    this.base = options.origin;
  }

  /** Is the device without network, and knows it? */
  get isOffline(): boolean {
    return this.#knowsNoNetwork;
  }

  /** Connections of which an end is left. */
  get openCount(): number {
    return this.#sockets.size;
  }

  /** Connections that the client has not given up. */
  get usedCount(): number {
    return [...this.#sockets].filter(({ isUsed }) => isUsed).length;
  }

  /** Who listens to whether the network is there. */
  get listenerCount(): number {
    return this.#listeners.size;
  }

  readonly open = (url: string, protocols: readonly string[]): PageSocket => {
    const { pathname, search } = new URL(url);
    const socket = new PageSocket({
      clock: this.clock,
      later: this.#options.later,
      delayMs: () => this.#delayMs(),
      protocols,
      dial: (isGone) => this.#dial({ ...this.#handshake(protocols), target: `${pathname}${search}`, isGone }),
      ended: (ended) => this.#sockets.delete(ended),
    });
    this.#sockets.add(socket);
    // A device that knows it has no network does not even try.
    if (this.#isSilent && !this.#knowsNoNetwork) socket.hold();
    socket.setReading(this.#isReading);
    socket.dial();
    return socket;
  };

  readonly onNetwork = (listener: (isThere: boolean) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Every connection breaks, and both ends are told. */
  cut(): void {
    for (const socket of [...this.#sockets]) socket.breakOff();
  }

  /** The server's ends are gone. */
  endServerSide(): void {
    for (const socket of [...this.#sockets]) socket.endServerSide();
  }

  silence(): void {
    this.#isSilent = true;
    for (const socket of this.#sockets) socket.hold();
  }

  refuseDials(): void {
    this.#refusesDials = true;
  }

  goOffline(): void {
    if (this.#knowsNoNetwork) return;
    this.#knowsNoNetwork = true;
    // The device knows: what was open stays so for the page, and nothing passes.
    this.silence();
    for (const listener of [...this.#listeners]) listener(false);
  }

  setReading(isReading: boolean): void {
    this.#isReading = isReading;
    for (const socket of this.#sockets) socket.setReading(isReading);
  }

  setDelay(delay: Delay): void {
    this.#delay = delay;
  }

  mend(): void {
    const wasOffline = this.#knowsNoNetwork;
    this.#isSilent = false;
    this.#knowsNoNetwork = false;
    this.#refusesDials = false;
    this.setReading(true);
    for (const socket of [...this.#sockets]) socket.release();
    if (wasOffline) for (const listener of [...this.#listeners]) listener(true);
  }

  #dial(dial: MemoryDial): Promise<MemoryAnswer> | undefined {
    const { isUp, answer } = this.#options;
    return this.#refusesDials || this.#knowsNoNetwork || !isUp() ? undefined : dialMemory(answer, dial);
  }

  #handshake(protocols: readonly string[]): Omit<MemoryDial, "target"> {
    const { headers, origin, address } = this.#options;
    const offered = protocols.length > 0 && { "sec-websocket-protocol": protocols.join(", ") };
    return { address, headers: { ...headers, origin, ...offered } };
  }

  #delayMs(): number {
    const { fromMs, toMs } = this.#delay;
    return toMs === 0 ? 0 : Math.round(fromMs + this.#options.random() * (toMs - fromMs));
  }
}
