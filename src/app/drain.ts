import type { Agenda, AgendaEntry } from "../connection/agenda.js";
import type { LiveConnection } from "../connection/live-connection.js";

/** How an app says good-bye. */
export interface DrainTimes {
  /** Milliseconds over which clients are told to come back. */
  readonly reconnectWithinMs: number;
  /** Milliseconds after which whoever is still there is ended without more ado. */
  readonly deadlineMs: number;
}

export interface DrainOptions {
  readonly times: DrainTimes;
  readonly agenda: Agenda;
  readonly random: () => number;
  readonly connections: ReadonlyMap<string, LiveConnection>;
}

/**
 * The end of all connections: each is told when to dial again, then they are closed in batches, so that neither their
 * `close` handlers nor their coming back is one great wave.
 */
export class Drain {
  readonly #options: DrainOptions;
  #emptied: (() => void) | undefined;
  #isOver = false;
  #pause: AgendaEntry | undefined;
  #endPause: (() => void) | undefined;

  constructor(options: DrainOptions) {
    this.#options = options;
  }

  /** Resolves when no connection is left, or when the time is up and all were ended; with how many those were. */
  async run(): Promise<number> {
    const { connections, times, agenda, random } = this.#options;
    for (const connection of connections.values()) {
      connection.drain(Math.round(random() * times.reconnectWithinMs));
    }
    const deadline = agenda.after(times.deadlineMs, () => this.#giveUp());
    await this.#closeInBatches();
    if (connections.size > 0 && !this.#isOver) await new Promise<void>((resolve) => (this.#emptied = resolve));
    deadline.cancel();
    return connections.size;
  }

  /** One of the connections has ended. */
  ended(): void {
    if (this.#options.connections.size === 0) this.#emptied?.();
  }

  async #closeInBatches(): Promise<void> {
    const { agenda } = this.#options;
    const waiting = [...this.#options.connections.values()];
    while (waiting.length > 0 && !this.#isOver) {
      for (const connection of waiting.splice(0, BATCH)) connection.close(1001, "going_away");
      if (waiting.length === 0) break;
      await new Promise<void>((resolve) => {
        this.#pause = agenda.after(PAUSE_MS, resolve);
        this.#endPause = resolve;
      });
    }
  }

  #giveUp(): void {
    this.#isOver = true;
    this.#pause?.cancel();
    this.#endPause?.();
    for (const connection of [...this.#options.connections.values()]) connection.terminate();
    this.#emptied?.();
  }
}

const BATCH = 500;
const PAUSE_MS = 50;
