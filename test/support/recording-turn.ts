import { Outbox, type OutboxOwner } from "../../src/delivery/outbox.js";
import { Turn } from "../../src/delivery/turn.js";
import { createCounters } from "../../src/observe/observe.js";
import { RecordingSocket } from "./recording-socket.js";

/** A turn of the event loop that ends when a test says so, and outboxes whose sockets keep what is written. */
export class RecordingTurn {
  readonly counters = createCounters();
  readonly turn: Turn = new Turn((run) => this.#due.push(run), this.counters);
  readonly #due: (() => void)[] = [];

  /** How many times the end of the turn is waited for. */
  get dueCount(): number {
    return this.#due.length;
  }

  /** The turn ends; what was asked for meanwhile is for the next. */
  end(): void {
    for (const run of this.#due.splice(0)) run();
  }

  open({ limit = 1 << 20, overflow = () => {}, fellBehind = () => {} }: Partial<OpenOptions> = {}): Opened {
    const socket = new RecordingSocket();
    return { socket, outbox: new Outbox(this.turn, socket, limit, { overflow, fellBehind }) };
  }

  openMany(count: number): Opened[] {
    return Array.from({ length: count }, () => this.open());
  }
}

interface OpenOptions extends OutboxOwner {
  readonly limit: number;
}

export interface Opened {
  readonly socket: RecordingSocket;
  readonly outbox: Outbox;
}
