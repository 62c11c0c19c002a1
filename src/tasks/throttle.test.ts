import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.js";
import { Throttle } from "./throttle.js";

function createThrottle() {
  const clock = new FakeClock();
  const beganMs = clock.now();
  let latest = 0;
  const ran: [atMs: number, what: number][] = [];
  const run = async () => void ran.push([clock.now() - beganMs, latest]);
  const throttle = new Throttle({ clock, everyMs: 250, run });
  const push = (what: number) => {
    latest = what;
    return throttle.push();
  };
  return { clock, throttle, ran, push };
}

test("the first is run at once, and the last of those that follow when the time is over", async () => {
  const { clock, ran, push } = createThrottle();
  for (const what of [1, 2, 3]) await push(what);
  expect(ran).toEqual([[0, 1]]);
  await clock.advance("250ms");
  expect(ran).toEqual([
    [0, 1],
    [250, 3],
  ]);
  await clock.advance("1s");
  expect(ran).toHaveLength(2);
  await push(4);
  expect(ran.at(-1)).toEqual([1_250, 4]);
});

test("a flush runs what is due, and only that; afterwards nothing runs by itself", async () => {
  const { clock, throttle, ran, push } = createThrottle();
  await throttle.flush();
  expect(ran).toEqual([]);
  await push(1);
  await throttle.flush();
  expect(ran).toEqual([[0, 1]]);
  await push(2);
  await push(3);
  await throttle.flush();
  await clock.advance("1s");
  expect(ran.map(([, what]) => what)).toEqual([1, 2, 3]);
});

test("what was stopped never runs", async () => {
  const { clock, throttle, ran, push } = createThrottle();
  await push(1);
  await push(2);
  throttle.stop();
  await clock.advance("1s");
  expect(ran).toEqual([[0, 1]]);
});

test("whenever it is pushed, it runs no more than once in its time, in order, and the last is never lost", async () => {
  const property = fc.asyncProperty(fc.array(fc.nat(400), { minLength: 1, maxLength: 30 }), async (waits) => {
    const { clock, throttle, ran, push } = createThrottle();
    for (const [index, ms] of waits.entries()) {
      await clock.advance(`${ms}ms`);
      await push(index);
    }
    await throttle.flush();
    const times = ran.map(([atMs]) => atMs).slice(0, -1);
    for (const [index, atMs] of times.entries()) {
      if (index > 0) expect(atMs - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(250);
    }
    const told = ran.map(([, what]) => what);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.at(-1)).toBe(waits.length - 1);
  });
  await fc.assert(property, { numRuns: 50 });
});
