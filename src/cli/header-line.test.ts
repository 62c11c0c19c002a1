import { expect, test } from "vitest";
import { readHeader } from "./header-line.js";

test.each([
  ["Origin: https://app.example", ["Origin", "https://app.example"]],
  ["x-a:b", ["x-a", "b"]],
  ["x-a:\t b: c ", ["x-a", "b: c "]],
  ["x-empty:", ["x-empty", ""]],
])("%j is a header", (line, header) => {
  expect(readHeader(line)).toEqual(header);
});

test.each(["", ":", ": a", "no header", "a b: c", "é: c", "a: ☃", "a: b\r\nc: d", "a: b\n"])("%j is none", (line) => {
  expect(() => readHeader(line)).toThrow(expect.objectContaining({ code: "invalid_header" }));
});
