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
  /** While a ping waits for a sign of life. */
  #check: AgendaEntry | undefined;
  #isStopped = false;
  #isHeard = false;
  /** When it was asked, of the asking that `#check` waits for. */
  #askedAtMs = 0;

  constructor(environment: Surroundings, limits: Pick<Limits, "heartbeat" | "pong">, peer: HeartbeatPeer) {
    this.#environment = environment;
    this.#limits = limits;
    this.#peer = peer;
  }

  /** The first ping comes at a random moment in the second half of the interval, so that not all go at once. */
  start(): void {
    this.#askIn(this.#limits.heartbeat * (0.5 + this.#environment.random() / 2));
  }

  /** Any frame came. */
  heard(): void {
    this.#isHeard = true;
  }

  /** It was asked at that time, by the clock's `now`, and nothing has come since; undefined: there was a sign of life. */
  get unansweredSinceMs(): number | undefined {
    return this.#check === undefined || this.#isHeard ? undefined : this.#askedAtMs;
  }

  stop(): void {
    this.#isStopped = true;
    this.#next?.cancel();
    this.#check?.cancel();
  }

  /** It is time to ask. Also while we do not read, and while the last ping may still be answered: the peer waits for it. */
  due(): void {
    this.#askIn(this.#limits.heartbeat);
    if (this.#check === undefined) {
      this.#isHeard = false;
      this.#askedAtMs = this.#environment.clock.now();
      this.#lookLater();
    }
    this.#peer.sendPing();
  }

  #look(): void {
    this.#check = undefined;
    if (this.#isHeard) return;
    if (this.#peer.isPaused) this.#lookLater();
    // A loop that was blocked runs its timers before it reads: the answer may be there already.
    else this.#environment.turn.endOfTurn(() => this.#lookOnceMore());
  }

  #lookOnceMore(): void {
    if (this.#isStopped || this.#isHeard) return;
    this.stop();
    this.#peer.die();
  }

  #askIn(ms: number): void {
    this.#next = this.#environment.agenda.after(ms, this);
  }

  #lookLater(): void {
    this.#check = this.#environment.agenda.after(this.#limits.pong, () => this.#look());
  }
}

interface Surroundings extends Pick<Environment, "agenda" | "clock" | "random"> {
  readonly turn: Pick<Environment["turn"], "endOfTurn">;
}
