import { expect, test } from "vitest";
import { Tally } from "./tally.js";

test("the first is told at once, and of those that follow no more than one a second, with how many there were", () => {
  const tally = new Tally();
  const at = [0, 1, 999, 1_000, 1_001, 5_000, 5_999, 6_000];
  expect(at.map((nowMs) => tally.count(nowMs))).toEqual([1, undefined, undefined, 3, undefined, 2, undefined, 2]);
});
