import { expect, test } from "vitest";
import { chunks } from "./chunks.js";

test.each([
  [[], []],
  [[1], [[1]]],
  [[1, 2], [[1, 2]]],
  [
    [1, 2, 3, 4, 5],
    [[1, 2], [3, 4], [5]],
  ],
])("%j, two at a time", (items, expected) => {
  expect(chunks(items, 2)).toEqual(expected);
});
