import { systemClock } from "../../src/app/system.js";

/**
 * Watches the lives of a process's connections from the inside: no early talk, one at a time and in order, `close` exactly once
 * (PROTOCOL.md, promises 3, 4 and 6). Of a connection that has closed nothing is kept.
 */
export class Vigil {
  readonly #lives = new Map<string, Life>();
  readonly #closeMs: number;
  readonly #violate: (promise: WatchedPromise, what: string) => void;
  /** How often each promise was looked at. */
  readonly checks: Record<WatchedPromise, number> = { "no early talk": 0, "one at a time": 0, once: 0 };

  /** @param closeMs `limits.close`: so long what runs is waited for */
  constructor(closeMs: number, violate: (promise: WatchedPromise, what: string) => void) {
    this.#closeMs = closeMs;
    this.#violate = violate;
  }

  /** Those whose `open` has begun and whose `close` has not run. */
  get living(): readonly string[] {
    return [...this.#lives.keys()];
  }

  /** Runs `open`. */
  async opens({ id, signal }: Watched, open: () => Promise<unknown> | undefined): Promise<void> {
    this.checks.once += 1;
    if (this.#lives.has(id)) this.#violate("once", `${id} opens twice`);
    const life: Life = { isOpen: false, isOpening: true, running: undefined, last: 0, closingAtMs: undefined };
    signal.addEventListener("abort", () => {
      life.closingAtMs = systemClock.elapsed();
    });
    this.#lives.set(id, life);
    try {
      await open();
      life.isOpen = true;
    } finally {
      life.isOpening = false;
    }
  }

  /** The handler of the client's n-th message begins; call what this returns when it has ended. */
  handles({ id }: Watched, n: number): () => void {
    const life = this.#lives.get(id);
    this.checks["no early talk"] += 1;
    this.checks["one at a time"] += 1;
    if (life === undefined) {
      this.#violate("no early talk", `${id} is handled ${n}, and never opened or has closed`);
      return () => {};
    }
    if (!life.isOpen) this.#violate("no early talk", `${id} is handled ${n} before its \`open\` is done`);
    if (life.running !== undefined) this.#violate("one at a time", `${id} is handled ${n} while ${life.running} runs`);
    if (n <= life.last) this.#violate("one at a time", `${id} is handled ${n} after ${life.last}`);
    life.last = n;
    life.running = n;
    return () => {
      if (life.running === n) life.running = undefined;
    };
  }

  closes({ id }: Watched): void {
    this.checks.once += 1;
    const life = this.#lives.get(id);
    this.#lives.delete(id);
    if (life === undefined) {
      this.#violate("once", `${id} closes twice, or never opened`);
      return;
    }
    const { isOpening, running, closingAtMs } = life;
    const wasGivenTime = closingAtMs !== undefined && systemClock.elapsed() - closingAtMs >= this.#closeMs;
    const goesOn = running === undefined ? "its `open`" : `the handler of ${running}`;
    if ((running !== undefined || isOpening) && !wasGivenTime)
      this.#violate("once", `${id} closes while ${goesOn} runs`);
  }
}

export type WatchedPromise = "no early talk" | "one at a time" | "once";

/** A connection, as its handlers have it. */
interface Watched {
  readonly id: string;
  /** Aborted when it begins to close. */
  readonly signal: AbortSignal;
}

interface Life {
  /** `open` is done, and has not failed. */
  isOpen: boolean;
  isOpening: boolean;
  /** The message whose handler runs. */
  running: number | undefined;
  /** The message that was handled last. */
  last: number;
  closingAtMs: number | undefined;
}
