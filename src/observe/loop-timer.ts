import type { LoopMonitor } from "./loop-monitor.js";

export interface LoopTimerOptions {
  /** Milliseconds between two looks. Default 20. */
  readonly everyMs?: number | undefined;
  /** Milliseconds of a clock that nobody sets. Default `performance.now`. */
  readonly now?: (() => number) | undefined;
  /** Told at each look how late it is, in milliseconds. */
  readonly onLook?: ((lateMs: number) => void) | undefined;
  /** Runs something again and again. By default an interval that does not keep the process alive. */
  readonly schedule?: Schedule | undefined;
}

/** Runs `run` every `ms` milliseconds, until it is cancelled. */
export type Schedule = (run: () => void, ms: number) => { cancel(): void };

/** Measures how late the event loop is, and tells the monitor where that is more than its threshold. */
export function startLoopTimer(
  monitor: Pick<LoopMonitor, "thresholdMs" | "late">,
  options: LoopTimerOptions = {},
): { stop(): void } {
  const { everyMs = defaults.everyMs, now = defaults.now, onLook, schedule = defaults.schedule } = options;
  let lastMs = now();
  const timer = schedule(() => {
    const nowMs = now();
    const lateMs = nowMs - lastMs - everyMs;
    lastMs = nowMs;
    onLook?.(lateMs);
    if (lateMs > monitor.thresholdMs) monitor.late(lateMs);
  }, everyMs);
  return { stop: () => timer.cancel() };
}

const defaults = {
  everyMs: 20,
  now: (): number => performance.now(),
  schedule: (run: () => void, ms: number): { cancel(): void } => {
    const interval = setInterval(run, ms);
    interval.unref();
    return { cancel: () => clearInterval(interval) };
  },
};
