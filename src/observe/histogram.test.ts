import { expect, test } from "vitest";
import { Histogram } from "./histogram.js";

test("each bucket holds all that are at most its bound", () => {
  const histogram = new Histogram([1, 5]);
  for (const value of [0.5, 1, 1.5, 5, 7]) histogram.add(value);
  expect(histogram.samples("took", { at: "/ws" })).toEqual([
    { name: "took_bucket", labels: { at: "/ws", le: "1" }, value: 2 },
    { name: "took_bucket", labels: { at: "/ws", le: "5" }, value: 4 },
    { name: "took_bucket", labels: { at: "/ws", le: "+Inf" }, value: 5 },
    { name: "took_sum", labels: { at: "/ws" }, value: 15 },
    { name: "took_count", labels: { at: "/ws" }, value: 5 },
  ]);
});

test("one that nothing was added to has all its buckets too", () => {
  expect(new Histogram([1]).samples("took", {}).map(({ value }) => value)).toEqual([0, 0, 0, 0]);
});
