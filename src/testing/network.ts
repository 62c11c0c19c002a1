import { type Duration, durationMs } from "../base/duration.js";
import type { Uplink } from "./uplink.js";

/**
 * The network between the server and what `client()` made. Each of these is of one client, or of all where none is named;
 * the bare connections that `connect()` made have their own `vanish()` and `stopReading()`.
 */
export interface TestNetwork {
  /** How long each message is on its way, in each direction; of two, some time between them. At first: not at all. */
  setLatency(time: Duration | readonly [from: Duration, to: Duration], client?: object): void;
  /** Connections break: what is on its way is lost, and both ends are told. It can dial again at once. */
  cut(client?: object): void;
  /** Half open: nothing passes, and nobody is told. Until `mend()`; then what waited passes, if both ends are still there. */
  silence(client?: object): void;
  /** Nobody answers who dials, until `mend()`. What is open stays so. */
  refuseDials(client?: object): void;
  /** As `silence()`, and the device knows: a page hears `offline`, and with `mend()` `online`. */
  goOffline(client?: object): void;
  /** It takes nothing from its socket, until `mend()`: what it is sent piles up at the server. */
  stopReading(client?: object): void;
  /** All passes again. The latency stays. */
  mend(client?: object): void;
}

/** All clients' ways to one server. */
export class Network implements TestNetwork {
  readonly #uplinks = new Map<object, Uplink>();
  #delay = { fromMs: 0, toMs: 0 };

  /** Every way there is. */
  get all(): readonly Uplink[] {
    return [...this.#uplinks.values()];
  }

  /** The way of a client that is about to be made. */
  add(uplink: Uplink): void {
    uplink.setDelay(this.#delay);
  }

  connect(client: object, uplink: Uplink): void {
    this.#uplinks.set(client, uplink);
  }

  setLatency(time: Duration | readonly [from: Duration, to: Duration], client?: object): void {
    const [from, to] = typeof time === "string" ? [time, time] : time;
    const delay = { fromMs: durationMs(from, "latency"), toMs: durationMs(to, "latency") };
    if (client === undefined) this.#delay = delay;
    for (const uplink of this.#those(client)) uplink.setDelay(delay);
  }

  cut(client?: object): void {
    for (const uplink of this.#those(client)) uplink.cut();
  }

  silence(client?: object): void {
    for (const uplink of this.#those(client)) uplink.silence();
  }

  refuseDials(client?: object): void {
    for (const uplink of this.#those(client)) uplink.refuseDials();
  }

  goOffline(client?: object): void {
    for (const uplink of this.#those(client)) uplink.goOffline();
  }

  stopReading(client?: object): void {
    for (const uplink of this.#those(client)) uplink.setReading(false);
  }

  mend(client?: object): void {
    for (const uplink of this.#those(client)) uplink.mend();
  }

  #those(client: object | undefined): readonly Uplink[] {
    return client === undefined ? this.all : [this.of(client)];
  }

  /** One client's way. */
  of(client: object): Uplink {
    const uplink = this.#uplinks.get(client);
    if (uplink === undefined) throw new TypeError("The network knows what `client()` of the same test app made.");
    return uplink;
  }
}
