import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { LoopDelay } from "../declare/process-view.js";

/** Between two looks at the loop. */
const RESOLUTION_MS = 10;

/** How late the event loop is, measured from the first time that somebody asks. */
export class LoopDelayMeter {
  #histogram: IntervalHistogram | undefined;

  /** Since it was asked last. */
  read(): LoopDelay {
    if (this.#histogram === undefined) {
      this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      this.#histogram.enable();
      return NONE;
    }
    const { count } = this.#histogram;
    const delay = count === 0 ? NONE : delayIn(this.#histogram);
    this.#histogram.reset();
    return delay;
  }

  stop(): void {
    this.#histogram?.disable();
    this.#histogram = undefined;
  }
}

const NONE: LoopDelay = { medianMs: 0, maxMs: 0 };

/** What it measures is the time between two looks. */
function delayIn(histogram: IntervalHistogram): LoopDelay {
  const lateMs = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  return { medianMs: lateMs(histogram.percentile(50)), maxMs: lateMs(histogram.max) };
}
