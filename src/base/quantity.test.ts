import { expect, test } from "vitest";
import { describeGiven, parseQuantity } from "./quantity.js";

test("a unit is only one of those listed, and never something every object has", () => {
  expect(parseQuantity("2x", { x: 3 })).toBe(6);
  expect(parseQuantity("2toString", { x: 3 })).toBeUndefined();
  expect(parseQuantity("2constructor", { x: 3 })).toBeUndefined();
});

test.each([
  ["30", '"30"'],
  ["x".repeat(100), `"${"x".repeat(40)}…"`],
  ["a\nb", '"a\\nb"'],
  [30, "30"],
  [Number.NaN, "NaN"],
  [undefined, "undefined"],
  [null, "null"],
  [false, "false"],
  [{}, "an object"],
  [Object.create(null), "an object"],
  [10n, "a bigint"],
  [Symbol("x"), "a symbol"],
  [() => 1, "a function"],
])("what was given is shown short, whatever it is (case %#)", (value, shown) => {
  expect(describeGiven(value)).toBe(shown);
});
