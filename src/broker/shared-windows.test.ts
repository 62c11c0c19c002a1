import fc from "fast-check";
import { expect, test } from "vitest";
import type { RateLimit } from "../protocol/limits.js";
import { SharedWindows } from "./shared-windows.js";

/** The naive way: all that ever passed is kept and counted. */
class Model {
  readonly #passed: { readonly of: string; readonly atMs: number }[] = [];

  take(key: string, { count, windowMs }: RateLimit, nowMs: number): number {
    const of = `${key} ${count} ${windowMs}`;
    const times = this.#passed.filter((each) => each.of === of).map(({ atMs }) => atMs);
    const passesAt = (atMs: number) => times.filter((passedMs) => passedMs > atMs - windowMs).length < count;
    if (passesAt(nowMs)) {
      this.#passed.push({ of, atMs: nowMs });
      return 0;
    }
    let atMs = nowMs;
    while (!passesAt(atMs)) atMs += 1;
    return atMs - nowMs;
  }
}

const keys = ["ana", "bob", "", "1 ana", "ana 1", "__proto__"];
const limits: readonly RateLimit[] = [
  { count: 1, windowMs: 10 },
  { count: 2, windowMs: 10 },
  { count: 3, windowMs: 25 },
  { count: 11, windowMs: 40 },
];

test("whoever comes when, and at which rate, it says what counting all of them says", () => {
  const step = fc.record({
    key: fc.constantFrom(...keys),
    limit: fc.constantFrom(...limits),
    laterMs: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: 3 }) },
      { weight: 1, arbitrary: fc.integer({ min: 5, max: 60 }) },
    ),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
      const [model, windows] = [new Model(), new SharedWindows()];
      let nowMs = 1_000;
      for (const { key, limit, laterMs } of steps) {
        nowMs += laterMs;
        expect(windows.take(key, limit, nowMs)).toBe(model.take(key, limit, nowMs));
      }
    }),
    { numRuns: 300 },
  );
});

test("a key counts for itself, and at each rate", () => {
  const windows = new SharedWindows();
  const [one, two, slower] = [
    { count: 1, windowMs: 100 },
    { count: 2, windowMs: 100 },
    { count: 1, windowMs: 200 },
  ];
  expect(windows.take("ana", one, 0)).toBe(0);
  expect(windows.take("ana", one, 40)).toBe(60);
  for (const [key, limit] of [["bob", one] as const, ["ana", two] as const, ["ana", slower] as const]) {
    expect(windows.take(key, limit, 40)).toBe(0);
  }
  expect(windows.take("ana", one, 100)).toBe(0);
  expect(windows.take("ana", slower, 100)).toBe(140);
});

test("keys and counts that would be written alike are told apart", () => {
  const windows = new SharedWindows();
  const rate = (count: number) => ({ count, windowMs: 100 });
  for (const [key, count] of [
    ["1 ana", 1],
    ["1ana", 1],
    ["ana", 1],
    ["ana", 11],
    ["1 ana", 11],
    ["ana 1", 1],
  ] as const) {
    for (let number = 0; number < count; number += 1) expect(windows.take(key, rate(count), 0)).toBe(0);
    expect(windows.take(key, rate(count), 0)).toBe(100);
  }
  expect(windows.size).toBe(6);
});

test("who was refused is remembered as long as what it was refused for counts", () => {
  const windows = new SharedWindows();
  const limit = { count: 1, windowMs: 100 };
  windows.take("ana", limit, 0);
  for (const nowMs of [10, 50, 99]) expect(windows.take("ana", limit, nowMs)).toBe(100 - nowMs);
  expect(windows.take("bob", limit, 99)).toBe(0);
  expect(windows.take("ana", limit, 100)).toBe(0);
});

test("of 100,000 keys that come once each, only those of the last window are kept", () => {
  const windows = new SharedWindows();
  const limit = { count: 5, windowMs: 1_000 };
  let most = 0;
  for (let number = 0; number < 100_000; number += 1) {
    windows.take(`user-${number}`, limit, number);
    most = Math.max(most, windows.size);
  }
  expect(most).toBe(1_000);
});

test("a key that is used again and again is kept, and those around it are forgotten", () => {
  const windows = new SharedWindows();
  const limit = { count: 2, windowMs: 100 };
  const waits: number[] = [];
  for (let nowMs = 0; nowMs < 1_000; nowMs += 10) {
    waits.push(windows.take("ana", limit, nowMs));
    windows.take(`once-${nowMs}`, limit, nowMs);
  }
  // Two at the beginning of each 100 ms, and none of the eight that follow.
  expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(20);
  expect(windows.size).toBeLessThanOrEqual(11);
});

test("a key is forgotten by the use of another of its length, not by one of a longer one", () => {
  const windows = new SharedWindows();
  const [short, long] = [
    { count: 1, windowMs: 100 },
    { count: 1, windowMs: 10_000 },
  ];
  windows.take("ana", long, 0);
  windows.take("ana", short, 0);
  windows.take("bob", short, 5_000);
  expect(windows.size).toBe(2);
  expect(windows.take("ana", long, 5_000)).toBe(5_000);
});
