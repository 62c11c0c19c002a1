import type { ConnectionReport } from "../declare/connection-report.js";

/** How many are remembered. */
const KEPT = 1_000;

/** The last connections that have closed, as they were until then. */
export class ClosedConnections {
  readonly #limit: number;
  /** A ring: when it is full the oldest makes room. */
  readonly #reports: ConnectionReport[] = [];
  #next = 0;

  constructor(limit: number = KEPT) {
    this.#limit = limit;
  }

  add(report: ConnectionReport): void {
    this.#reports[this.#next] = report;
    this.#next = (this.#next + 1) % this.#limit;
  }

  /** The newest first. */
  *[Symbol.iterator](): Generator<ConnectionReport> {
    const { length } = this.#reports;
    for (let back = 1; back <= length; back += 1) {
      const report = this.#reports[(this.#next - back + length) % length];
      if (report !== undefined) yield report;
    }
  }
}
