import fc from "fast-check";
import { expect, test } from "vitest";
import { RateWindow } from "./rate-window.js";

/** What each take at these times said. */
function takeAll(window: RateWindow, timesMs: readonly number[]): number[] {
  return timesMs.map((nowMs) => window.take(nowMs));
}

/** The same for questions. Not in calls by name, which `npm run check` would take for sleeping. */
function askAll(window: RateWindow, timesMs: readonly number[]): number[] {
  return timesMs.map(window.waitMs, window);
}

test("as many pass as the limit says, and the next waits for the first to be a window old", () => {
  const window = new RateWindow({ count: 3, windowMs: 1_000 });
  expect(takeAll(window, [5_000, 5_100, 5_200, 5_300])).toEqual([0, 0, 0, 700]);
  expect(takeAll(window, [5_999, 6_000, 6_001])).toEqual([1, 0, 99]);
});

test("the window slides: no two bursts meet at the turn of a second", () => {
  const window = new RateWindow({ count: 2, windowMs: 1_000 });
  expect(takeAll(window, [1_999, 1_999, 2_000, 2_001, 2_998, 2_999])).toEqual([0, 0, 999, 998, 1, 0]);
});

test("a refused one does not count", () => {
  const window = new RateWindow({ count: 1, windowMs: 100 });
  expect(takeAll(window, [0, 50, 99, 100])).toEqual([0, 50, 1, 0]);
});

test("asking counts nothing", () => {
  const window = new RateWindow({ count: 1, windowMs: 100 });
  expect(askAll(window, [7, 7, 7])).toEqual([0, 0, 0]);
  window.pass(7);
  expect(askAll(window, [7, 7, 106, 107])).toEqual([100, 100, 1, 0]);
});

test("a clock that steps back lets no more pass until it has caught up", () => {
  const window = new RateWindow({ count: 2, windowMs: 100 });
  expect(takeAll(window, [1_000, 1_050])).toEqual([0, 0]);
  expect(takeAll(window, [200, 1_049, 1_099, 1_100])).toEqual([900, 51, 1, 0]);
});

test("the newest time it was asked for counts as seen, though nothing passed then", () => {
  const window = new RateWindow({ count: 1, windowMs: 100 });
  expect(askAll(window, [1_000])).toEqual([0]);
  expect(takeAll(window, [500, 1_050, 1_100])).toEqual([0, 50, 0]);
});

test("what passed after a step back is as old as the newest time seen", () => {
  const window = new RateWindow({ count: 2, windowMs: 100 });
  expect(takeAll(window, [1_000, 950, 1_060, 1_100])).toEqual([0, 0, 40, 0]);
});

test("a burst of a large count passes exactly, also when it comes again", () => {
  const count = 5_000;
  const window = new RateWindow({ count, windowMs: 1_000 });
  for (const beganMs of [0, 1_000, 1_500, 10_000]) {
    const passes = Array.from({ length: count }, () => window.take(beganMs)).filter((waitMs) => waitMs === 0).length;
    expect([beganMs, passes]).toEqual([beganMs, beganMs === 1_500 ? 0 : count]);
  }
});

test("a connection that says little takes little memory, whatever its limit is", () => {
  const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
  const windows = Array.from({ length: 1_000 }, () => new RateWindow({ count: 1_000_000, windowMs: 60_000 }));
  for (const window of windows) takeAll(window, [1, 2, 3]);
  const after = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
  // Allocated up front they would take 8 GB.
  expect(after - before).toBeLessThan(10_000_000);
  expect(windows.every((window) => askAll(window, [4])[0] === 0)).toBe(true);
});

/** The naive way: all that ever passed is kept and counted. */
class Model {
  readonly passedMs: number[] = [];
  readonly #count: number;
  readonly #windowMs: number;
  #newestMs = 0;

  constructor(count: number, windowMs: number) {
    this.#count = count;
    this.#windowMs = windowMs;
  }

  passes(nowMs: number): boolean {
    this.#newestMs = Math.max(this.#newestMs, nowMs);
    return this.#wouldPass(this.#newestMs);
  }

  /** One millisecond after the other, until one would pass. */
  #tryEach(nowMs: number): number {
    let atMs = nowMs;
    while (!this.#wouldPass(Math.max(this.#newestMs, atMs))) atMs += 1;
    return atMs - nowMs;
  }

  take(nowMs: number): number {
    if (!this.passes(nowMs)) return this.#tryEach(nowMs);
    this.passedMs.push(this.#newestMs);
    return 0;
  }

  #wouldPass(atMs: number): boolean {
    return this.passedMs.filter((passedMs) => passedMs > atMs - this.#windowMs).length < this.#count;
  }
}

const limit = fc.record({ count: fc.integer({ min: 1, max: 9 }), windowMs: fc.integer({ min: 1, max: 30 }) });
// Mostly forward and by little, so that the window fills; now and then far on, and back.
const stepMs = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 1, arbitrary: fc.integer({ min: 10, max: 60 }) },
  { weight: 1, arbitrary: fc.integer({ min: -20, max: -1 }) },
);
const walk = fc.array(stepMs, { maxLength: 100, size: "max" }).map((steps) => {
  let nowMs = 1_000;
  return steps.map((step) => (nowMs += step));
});

test("whatever comes when, it says what counting all of them says", () => {
  fc.assert(
    fc.property(limit, walk, ({ count, windowMs }, timesMs) => {
      const model = new Model(count, windowMs);
      const window = new RateWindow({ count, windowMs });
      expect(takeAll(window, timesMs)).toEqual(timesMs.map((nowMs) => model.take(nowMs)));
    }),
    { numRuns: 500 },
  );
});

test("a count larger than the ring that is kept says the same, also after pauses", () => {
  const many = { count: 100, windowMs: 50 };
  const burst = fc.array(fc.tuple(fc.integer({ min: 1, max: 150 }), fc.integer({ min: 0, max: 120 })), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(burst, (bursts) => {
      const model = new Model(many.count, many.windowMs);
      const window = new RateWindow(many);
      let nowMs = 0;
      for (const [size, pauseMs] of bursts) {
        for (let index = 0; index < size; index += 1) expect(window.take(nowMs)).toBe(model.take(nowMs));
        nowMs += pauseMs;
      }
    }),
    { numRuns: 100 },
  );
});
