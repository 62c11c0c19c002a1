import { expect, test } from "vitest";
import { Refusals, type Refused } from "./refusals.js";

test("the first refused key is told of at once, and those that follow once in ten seconds, with how many they were", () => {
  const told: Refused[] = [];
  let nowMs = 5;
  const refusals = new Refusals({ elapsed: () => nowMs }, (what) => told.push(what));
  refusals.add("10.0.0.1");
  expect(told).toEqual([{ address: "10.0.0.1", times: 1 }]);
  for (let n = 0; n < 1_000; n += 1) refusals.add("10.0.0.2");
  nowMs += 9_999;
  refusals.add("10.0.0.3");
  expect(told).toHaveLength(1);
  nowMs += 1;
  refusals.add("10.0.0.4");
  refusals.add("10.0.0.5");
  expect(told.slice(1)).toEqual([{ address: "10.0.0.4", times: 1_002 }]);
});
