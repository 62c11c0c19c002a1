import { expect, test, vi } from "vitest";
import { LoopMonitor } from "./loop-monitor.js";
import { type Schedule, startLoopTimer } from "./loop-timer.js";

/** A loop whose timer and time are moved by hand. */
function start(everyMs?: number) {
  const time = { nowMs: 1_000.5 };
  const scheduled: { run: () => void; ms: number }[] = [];
  const schedule: Schedule = (run, ms) => {
    const timer = { run, ms };
    scheduled.push(timer);
    return { cancel: () => void scheduled.splice(scheduled.indexOf(timer), 1) };
  };
  const now = () => time.nowMs;
  const [lates, looks]: [number[], number[]] = [[], []];
  const onLook = (lateMs: number) => looks.push(lateMs);
  const timer = startLoopTimer({ thresholdMs: 100, late: (ms) => lates.push(ms) }, { everyMs, now, onLook, schedule });
  /** The timer runs after so long. */
  const tick = (afterMs: number) => {
    time.nowMs += afterMs;
    for (const { run } of scheduled) run();
  };
  return { timer, scheduled, lates, looks, tick, now, schedule };
}

test("a timer that is in time says nothing, nor one that is late by the threshold", () => {
  const { lates, tick } = start();
  for (const afterMs of [20, 20.25, 19.5, 60, 120]) tick(afterMs);
  expect(lates).toEqual([]);
});

test("a timer that is late by more tells by how much", () => {
  const { lates, tick } = start();
  for (const afterMs of [20, 120.5, 20, 520]) tick(afterMs);
  expect(lates).toEqual([100.5, 500]);
});

test("each look is told, be it late, in time or early", () => {
  const { looks, tick } = start();
  for (const afterMs of [20, 20.25, 19.5, 520]) tick(afterMs);
  expect(looks).toEqual([0, 0.25, -0.5, 500]);
});

test("the time between two looks can be set, and is 20 ms", () => {
  expect(start().scheduled).toMatchObject([{ ms: 20 }]);
  const { scheduled, lates, tick } = start(20);
  expect(scheduled).toMatchObject([{ ms: 20 }]);
  for (const afterMs of [120, 121]) tick(afterMs);
  expect(lates).toEqual([101]);
});

test("when it is stopped there is no timer any more", () => {
  const { timer, scheduled } = start();
  timer.stop();
  expect(scheduled).toEqual([]);
});

test("a handler that holds the loop after its first await is named", () => {
  const told: unknown[] = [];
  const { tick, now, schedule } = start();
  const monitor = new LoopMonitor({ now, onBlocked: (what) => told.push(what) });
  startLoopTimer(monitor, { now, schedule });
  tick(20);
  void monitor.run("/ws", "open", () => new Promise(() => {}));
  tick(300);
  expect(told).toEqual([{ endpoint: "/ws", during: "open", blockedMs: 280, certain: true }]);
});

test("the real timer is an interval that does not keep the process alive, and is cleared when it is stopped", () => {
  const set = vi.spyOn(globalThis, "setInterval");
  const cleared = vi.spyOn(globalThis, "clearInterval");
  try {
    const timer = startLoopTimer({ thresholdMs: 100, late: () => {} });
    const interval = set.mock.results[0]?.value;
    expect(set.mock.calls[0]?.[1]).toBe(20);
    expect(interval?.hasRef()).toBe(false);
    expect(cleared).not.toHaveBeenCalled();
    timer.stop();
    expect(cleared).toHaveBeenCalledWith(interval);
  } finally {
    vi.restoreAllMocks();
  }
});
