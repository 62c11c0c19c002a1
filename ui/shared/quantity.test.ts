import { expect, test } from "vitest";
import { bytesText, countText, durationText, pluralText } from "./quantity.js";

test.each([
  [0, "0 B"],
  [1_023, "1023 B"],
  [1_024, "1.0 kB"],
  [12_700, "12.4 kB"],
  [524_288, "512 kB"],
  [1_258_291, "1.2 MB"],
  [3 * 2 ** 30, "3.0 GB"],
])("%i bytes are %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test.each([
  [0, "0 ms"],
  [340.4, "340 ms"],
  [14_999, "14 s"],
  [200_000, "3 min 20 s"],
  [180_000, "3 min"],
  [5 * 3_600_000 + 12 * 60_000, "5 h 12 min"],
  [51 * 3_600_000, "2 d 3 h"],
])("%i milliseconds are %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test("a count has its noun in the right number", () => {
  expect([countText(1_234), pluralText(1, "frame"), pluralText(2_000, "frame")]).toEqual([
    "1,234",
    "1 frame",
    "2,000 frames",
  ]);
});
