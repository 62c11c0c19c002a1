import { expect, test } from "vitest";
import { type Unit, valueText } from "./figures.js";

const values: readonly [Unit, number | undefined, string][] = [
  ["count", 1_234, "1,234"],
  ["count", undefined, "–"],
  ["rate", 0, "0/s"],
  ["rate", 0.2, "0.2/s"],
  ["rate", 12.04, "12/s"],
  ["rate", 12_345.6, "12,346/s"],
  ["bytes", 2_097_152, "2.0 MB"],
  ["byteRate", 1_024.4, "1.0 kB/s"],
  ["ms", 0.25, "0.25 ms"],
  ["ms", 1_500, "1 s"],
  ["cpu", 125_000, "12.5 %"],
];

test.each(values)("as %s %s is %s", (unit, value, text) => {
  expect(valueText(unit, value)).toBe(text);
});
