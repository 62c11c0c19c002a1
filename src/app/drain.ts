import type { Agenda, AgendaEntry } from "../connection/agenda.js";
import type { LiveConnection } from "../connection/live-connection.js";

/** How an app says good-bye. */
export interface DrainTimes {
  /** Milliseconds over which clients are told to come back. */
  readonly reconnectWithinMs: number;
  /** Added to each: so long nobody is there to come back to. Default 0. */
  readonly absentMs?: number | undefined;
  /** Milliseconds after which whoever is still there is ended without more ado. */
  readonly deadlineMs: number;
}

export interface DrainOptions {
  readonly times: DrainTimes;
  readonly agenda: Agenda;
  readonly random: () => number;
  readonly connections: ReadonlyMap<string, LiveConnection>;
}

/** The code and the reason of the close frames. */
export interface Farewell {
  readonly code: number;
  readonly reason: string;
}

export const farewells = {
  goingAway: { code: 1001, reason: "going_away" },
  /** Another takes its place at once. */
  restarting: { code: 1012, reason: "restarting" },
} as const;

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
  async run(farewell: Farewell = farewells.goingAway): Promise<number> {
    const { connections, times, agenda, random } = this.#options;
    const { reconnectWithinMs, absentMs = 0, deadlineMs } = times;
    for (const connection of connections.values()) {
      connection.drain(Math.round(absentMs + random() * reconnectWithinMs));
    }
    const deadline = agenda.after(deadlineMs, () => this.#giveUp());
    await this.#closeInBatches(farewell);
    if (connections.size > 0 && !this.#isOver) await new Promise<void>((resolve) => (this.#emptied = resolve));
    deadline.cancel();
    return connections.size;
  }

  /** One of the connections has ended. */
  ended(): void {
    if (this.#options.connections.size === 0) this.#emptied?.();
  }

  async #closeInBatches({ code, reason }: Farewell): Promise<void> {
    const { agenda } = this.#options;
    const waiting = [...this.#options.connections.values()];
    while (waiting.length > 0 && !this.#isOver) {
      for (const connection of waiting.splice(0, BATCH)) connection.close(code, reason);
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
