import type { Agenda, AgendaEntry } from "./agenda.js";

export interface HeartbeatOptions {
  readonly agenda: Agenda;
  /** Milliseconds between two pings. */
  readonly everyMs: number;
  /** Milliseconds that a sign of life may take after a ping. */
  readonly patienceMs: number;
  /** Runs a function when what has arrived by now was read. */
  readonly afterReading: (run: () => void) => void;
  /** From 0 to 1: when in the second half of the first interval the first ping goes, so that not all go at once. */
  readonly random: () => number;
  readonly ping: () => void;
  /** Do we not read what it says? Then its silence is ours. */
  readonly isPaused: () => boolean;
  readonly dead: () => void;
}

/** Asks a peer for a sign of life, and tells when there was none (PROTOCOL.md, Heartbeat). */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #next: AgendaEntry | undefined;
  #isHeard = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  start(): void {
    const { everyMs, random } = this.#options;
    this.#in(everyMs * (0.5 + random() / 2), this.#ping);
  }

  /** Any frame came. */
  heard(): void {
    this.#isHeard = true;
  }

  stop(): void {
    this.#next?.cancel();
    this.#next = undefined;
  }

  readonly #ping = (): void => {
    const { patienceMs, ping } = this.#options;
    this.#isHeard = false;
    this.#in(patienceMs, this.#check);
    ping();
  };

  readonly #check = (): void => {
    const { everyMs, patienceMs, isPaused, afterReading } = this.#options;
    if (this.#isHeard) this.#in(Math.max(0, everyMs - patienceMs), this.#ping);
    else if (isPaused()) this.#in(patienceMs, this.#check);
    // A loop that was blocked runs its timers before it reads: the answer may be there already.
    else afterReading(this.#lookOnceMore);
  };

  readonly #lookOnceMore = (): void => {
    if (this.#next === undefined) return;
    if (this.#isHeard) this.#check();
    else this.#options.dead();
  };

  #in(ms: number, run: () => void): void {
    this.#next = this.#options.agenda.after(ms, run);
  }
}
