import { Histogram } from "./histogram.js";
import { Reasons } from "./reasons.js";

/** What is counted while a server is loaded. */
export class Tally {
  /** How long handshakes took, with what is said first. */
  readonly openings: Histogram = new Histogram();
  readonly failed: Reasons = new Reasons();
  /** Connections that the server, or the network, ended. */
  readonly lost: Reasons = new Reasons();
  readonly roundTrips: Histogram = new Histogram();
  /** Answers that are errors. */
  readonly refused: Reasons = new Reasons();
  opened = 0;
  sent = 0;
  /** Due, and not said: the connection was gone, had too much without an answer, or this process can't say so much. */
  held = 0;
  /** Said more than a timer's grain after they were due: then that counts, and not when they were said. */
  late = 0;
  /** Without an answer so far. */
  waiting = 0;
  /** Whose connection was closed before they were answered. */
  unanswered = 0;
  received = 0;
  receivedBytes = 0;
  #settled: (() => void) | undefined;

  get errors(): number {
    return this.failed.total + this.lost.total + this.refused.total + this.unanswered + this.waiting;
  }

  hear(bytes: number): void {
    this.received += 1;
    this.receivedBytes += bytes;
  }

  answer(ms: number, code: string | undefined): void {
    if (code === undefined) this.roundTrips.add(ms);
    else this.refused.add(code);
    this.#release(1);
  }

  lose(count: number): void {
    this.unanswered += count;
    this.#release(count);
  }

  /** Calls back as soon as nothing waits for an answer. */
  whenSettled(run: () => void): void {
    this.#settled = run;
    this.#release(0);
  }

  #release(count: number): void {
    this.waiting -= count;
    if (this.waiting === 0) this.#settled?.();
  }
}
