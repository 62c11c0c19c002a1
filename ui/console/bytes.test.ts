import { expect, test } from "vitest";
import { hexOf, parseBytes } from "./bytes.js";

test.each([
  ["00 ff 10", "hex", [0, 255, 16]],
  ["", "hex", []],
  ["0", "hex", undefined],
  ["xx", "hex", undefined],
  ["AP8Q", "base64", [0, 255, 16]],
  ["-_8=", "base64", [251, 255]],
  ["a", "base64", undefined],
  ["?", "base64", undefined],
] as const)("%j as %s is %j", (text, form, bytes) => {
  expect(parseBytes(text, form)).toEqual(bytes && Uint8Array.from(bytes));
});

test("bytes are shown in pairs of hex digits", () => {
  expect(hexOf(new Uint8Array([0, 255, 16]))).toBe("00 ff 10");
});
