import fc from "fast-check";
import { expect, test } from "vitest";
import { Histogram } from "./histogram.js";

test("whatever took how long, a percentile is within 1 % of the true one", () => {
  const times = fc.array(fc.double({ min: 0.001, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 200 });
  const percent = fc.constantFrom(1, 50, 90, 99, 99.9, 100);
  fc.assert(
    fc.property(times, percent, (values, of) => {
      const histogram = new Histogram();
      for (const value of values) histogram.add(value);
      const sorted = [...values].sort((one, two) => one - two);
      const truth = sorted[Math.max(1, Math.ceil((of / 100) * sorted.length)) - 1] ?? 0;
      // Below 0.1 ms a µs is more than 1 %.
      return Math.abs(histogram.percentile(of) - truth) <= Math.max(0.001, truth * 0.01);
    }),
  );
});

test("the longest is exact, and a percentile is never beyond it", () => {
  const histogram = new Histogram();
  for (const ms of [3, 1_000.125, 2]) histogram.add(ms);
  expect(histogram.maxMs).toBe(1_000.125);
  expect(histogram.percentile(100)).toBeLessThanOrEqual(1_000.125);
});

test("one without anything has no times", () => {
  const histogram = new Histogram();
  expect([histogram.count, histogram.maxMs, histogram.percentile(50), histogram.steps()]).toEqual([0, 0, 0, []]);
});

test("steps are doublings, from the first that has any to the last", () => {
  const histogram = new Histogram();
  for (const ms of [0.1, 0.1, 0.13, 0.6]) histogram.add(ms);
  expect(histogram.steps()).toEqual([
    { belowMs: 0.128, count: 2 },
    { belowMs: 0.256, count: 1 },
    { belowMs: 0.512, count: 0 },
    { belowMs: 1.024, count: 1 },
  ]);
});

test("what takes days counts as the longest there is", () => {
  const histogram = new Histogram();
  histogram.add(1e9);
  histogram.add(Number.POSITIVE_INFINITY);
  expect(histogram.count).toBe(2);
  expect(histogram.percentile(50)).toBeGreaterThan(2_000_000);
});
