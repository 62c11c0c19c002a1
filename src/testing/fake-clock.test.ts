import { expect, test } from "vitest";
import { ConfigError } from "../base/config-error.js";
import { FakeClock, settle } from "./fake-clock.js";

test("it begins at the present time and stands still", async () => {
  const before = Date.now();
  const clock = new FakeClock();
  const beganMs = clock.now();
  expect(beganMs).toBeGreaterThanOrEqual(before);
  expect(beganMs).toBeLessThanOrEqual(Date.now());
  await settle();
  expect(clock.now()).toBe(beganMs);
});

test("it advances by what it is told, and not by more than a timer's time for the timer", async () => {
  const clock = new FakeClock();
  const beganMs = clock.now();
  const ran: number[] = [];
  clock.after(1_500, () => ran.push(clock.now() - beganMs));
  clock.after(0, () => ran.push(clock.now() - beganMs));
  clock.after(2_001, () => ran.push(clock.now() - beganMs));
  expect(ran).toEqual([]);
  await clock.advance("2s");
  expect(ran).toEqual([0, 1_500]);
  expect(clock.now() - beganMs).toBe(2_000);
  await clock.advance("1ms");
  expect(ran).toEqual([0, 1_500, 2_001]);
});

test("timers run when they are due: earlier ones first, equal ones in the order they were set", async () => {
  const clock = new FakeClock();
  const ran: string[] = [];
  for (const [ms, name] of [
    [20, "c"],
    [10, "a"],
    [20, "d"],
    [10, "b"],
  ] as const) {
    clock.after(ms, () => ran.push(name));
  }
  await clock.advance("1s");
  expect(ran).toEqual(["a", "b", "c", "d"]);
});

test("a timer runs once, and not at all when it was cancelled", async () => {
  const clock = new FakeClock();
  const ran: string[] = [];
  const cancelled = clock.after(10, () => ran.push("cancelled"));
  const later = clock.after(20, () => ran.push("cancelled by another"));
  clock.after(10, () => {
    ran.push("kept");
    later.cancel();
  });
  cancelled.cancel();
  cancelled.cancel();
  await clock.advance("1s");
  await clock.advance("1s");
  later.cancel();
  expect(ran).toEqual(["kept"]);
});

test("a timer that a timer sets runs too where it is due, in its turn", async () => {
  const clock = new FakeClock();
  const ran: string[] = [];
  clock.after(10, () => {
    ran.push("at 10");
    clock.after(10, () => ran.push("at 20"));
    clock.after(100, () => ran.push("at 110"));
  });
  clock.after(15, () => ran.push("at 15"));
  await clock.advance("50ms");
  expect(ran).toEqual(["at 10", "at 15", "at 20"]);
  await clock.advance("1m");
  expect(ran.at(-1)).toBe("at 110");
});

test("what a timer causes has happened before the next one runs", async () => {
  const clock = new FakeClock();
  const ran: string[] = [];
  clock.after(10, async () => {
    await undefined;
    await new Promise((resolve) => setImmediate(resolve));
    ran.push("caused by the first");
  });
  clock.after(10, () => ran.push("the second"));
  await clock.advance("10ms");
  expect(ran).toEqual(["caused by the first", "the second"]);
});

test("what was begun before time passes has happened first", async () => {
  const clock = new FakeClock();
  const ran: string[] = [];
  clock.after(0, () => ran.push("timer"));
  setImmediate(() => ran.push("begun before"));
  await clock.advance("0ms");
  expect(ran).toEqual(["begun before", "timer"]);
});

test("what is no duration is refused", async () => {
  const clock = new FakeClock();
  await expect(clock.advance("soon" as never)).rejects.toThrow(ConfigError);
  await expect(clock.advance("-1s")).rejects.toThrow("advance");
});
