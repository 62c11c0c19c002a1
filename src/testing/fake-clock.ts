import type { Clock, Timer } from "../base/clock.js";
import { type Duration, durationMs } from "../base/duration.js";

/** A clock that stands until it is told to go on. It begins at the present time, so that fresh tokens are valid. */
export class FakeClock implements Clock {
  #nowMs = Date.now();
  #timers: FakeTimer[] = [];

  now(): number {
    return this.#nowMs;
  }

  elapsed(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): Timer {
    const timer: FakeTimer = { dueMs: this.#nowMs + ms, run };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Lets time pass. Timers run when they are due, in their order; what they cause is awaited before the next. */
  async advance(by: Duration): Promise<void> {
    const untilMs = this.#nowMs + durationMs(by, "advance");
    await settle();
    for (let next = this.#dueBy(untilMs); next !== undefined; next = this.#dueBy(untilMs)) {
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.run();
      await settle();
    }
    this.#nowMs = untilMs;
    await settle();
  }

  #dueBy(untilMs: number): FakeTimer | undefined {
    return this.#timers
      .filter((timer) => timer.dueMs <= untilMs)
      .reduce<FakeTimer | undefined>(
        (first, timer) => (first && first.dueMs <= timer.dueMs ? first : timer),
        undefined,
      );
  }
}

interface FakeTimer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** A few turns of the event loop: what was begun in memory has then reached whom it concerns. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLING_TURNS; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

const SETTLING_TURNS = 4;
