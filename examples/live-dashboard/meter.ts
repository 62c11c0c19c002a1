import { cpus } from "node:os";
import { createHistogram } from "node:perf_hooks";

/** What a server knows of itself, over the time since it was last asked. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Of all processors of this computer, in percent. */
  readonly cpu: number;
  /** Megabytes that this process has. */
  readonly memory: number;
  /** Requests a second. */
  readonly requests: number;
  /** Milliseconds that half of the requests took at most, and that 95 % of them did. */
  readonly median: number;
  readonly p95: number;
}

/** Counts requests, and reads what the system counts. */
export class Meter {
  readonly #tookUs = createHistogram();
  #since = { ms: performance.now(), cpu: cpuTimes() };

  /** A request was answered. */
  record(tookMs: number): void {
    this.#tookUs.record(Math.max(1, Math.round(tookMs * 1_000)));
  }

  sample(): Sample {
    const since = this.#since;
    const now = { ms: performance.now(), cpu: cpuTimes() };
    this.#since = now;
    const took = this.#tookUs;
    const sample = {
      at: Date.now(),
      cpu: rounded((100 * (now.cpu.busy - since.cpu.busy)) / Math.max(1, now.cpu.all - since.cpu.all)),
      memory: rounded(process.memoryUsage.rss() / 1_048_576),
      requests: rounded((1_000 * took.count) / Math.max(1, now.ms - since.ms)),
      median: rounded(took.percentile(50) / 1_000),
      p95: rounded(took.percentile(95) / 1_000),
    };
    took.reset();
    return sample;
  }
}

function cpuTimes(): { readonly busy: number; readonly all: number } {
  const times = cpus().map(({ times }) => times);
  const all = times.reduce((sum, each) => sum + each.user + each.nice + each.sys + each.idle + each.irq, 0);
  return { busy: all - times.reduce((sum, { idle }) => sum + idle, 0), all };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
