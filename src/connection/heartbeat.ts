import type { Limits } from "../protocol/limits.js";
import type { AgendaEntry } from "./agenda.js";
import type { Environment } from "./environment.js";

/** Whose heart beats. */
export interface HeartbeatPeer {
  /** Asks for a sign of life. */
  sendPing(): void;
  /** Do we not read what it says? Then its silence is ours. */
  readonly isPaused: boolean;
  /** There was none in time. */
  die(): void;
}

/** Asks a peer for a sign of life, and tells when there was none (PROTOCOL.md, Heartbeat). */
export class Heartbeat {
  readonly #environment: Surroundings;
  readonly #limits: Pick<Limits, "heartbeat" | "pong">;
  readonly #peer: HeartbeatPeer;
  #next: AgendaEntry | undefined;
  #isAsked = false;
  #isHeard = false;
  readonly #wake = (): void => (this.#isAsked ? this.#check() : this.#ask());

  constructor(environment: Surroundings, limits: Pick<Limits, "heartbeat" | "pong">, peer: HeartbeatPeer) {
    this.#environment = environment;
    this.#limits = limits;
    this.#peer = peer;
  }

  /** The first ping comes at a random moment in the second half of the interval, so that not all go at once. */
  start(): void {
    this.#in(this.#limits.heartbeat * (0.5 + this.#environment.random() / 2));
  }

  /** Any frame came. */
  heard(): void {
    this.#isHeard = true;
  }

  stop(): void {
    this.#next?.cancel();
    this.#next = undefined;
  }

  #ask(): void {
    this.#isAsked = true;
    this.#isHeard = false;
    this.#in(this.#limits.pong);
    this.#peer.sendPing();
  }

  #check(): void {
    const { heartbeat, pong } = this.#limits;
    if (this.#isHeard) {
      this.#isAsked = false;
      this.#in(Math.max(0, heartbeat - pong));
    } else if (this.#peer.isPaused) {
      this.#in(pong);
    } else {
      // A loop that was blocked runs its timers before it reads: the answer may be there already.
      this.#environment.turn.endOfTurn(() => this.#lookOnceMore());
    }
  }

  #lookOnceMore(): void {
    if (this.#next === undefined) return;
    if (this.#isHeard) this.#check();
    else this.#peer.die();
  }

  #in(ms: number): void {
    this.#next = this.#environment.agenda.after(ms, this.#wake);
  }
}

interface Surroundings extends Pick<Environment, "agenda" | "random"> {
  readonly turn: Pick<Environment["turn"], "endOfTurn">;
}
