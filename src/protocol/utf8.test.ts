import fc from "fast-check";
import { expect, test } from "vitest";
import { cutToUtf8, utf8Length } from "./utf8.js";

const encoder = new TextEncoder();

/** Any sequence of UTF-16 units, so with halves of pairs among them. */
const anyUnits = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff })))
  .map((units) => String.fromCharCode(...units));

test.each([
  ["", 0],
  ["a", 1],
  ["\u007f\u0080", 3],
  ["é", 2],
  ["\u07ff\u0800", 5],
  ["€", 3],
  ["\uffff", 3],
  ["😀", 4],
  ["\ud800", undefined],
  ["\udc00", undefined],
  ["a\udbff", undefined],
  ["\udc00\ud800", undefined],
  ["\ud800a", undefined],
  ["\ud83d\ud83d\ude00", undefined],
])("the length of %j in UTF-8 is %s", (text, bytes) => {
  expect(utf8Length(text)).toBe(bytes);
});

test("the length is what an encoder gives, and nothing exactly where there is half a pair", () => {
  fc.assert(
    fc.property(fc.oneof(anyUnits, fc.string({ unit: "binary" })), (text) => {
      const isWellFormed = !/[\ud800-\udfff]/u.test(text);
      expect(utf8Length(text)).toBe(isWellFormed ? encoder.encode(text).length : undefined);
    }),
  );
});

test.each([
  ["abc", 3, "abc"],
  ["abc", 2, "ab"],
  ["abc", 0, ""],
  ["a€", 3, "a"],
  ["a€", 4, "a€"],
  ["😀😀", 7, "😀"],
  ["\ud83d", 3, "\ufffd"],
  ["\ud83d", 2, ""],
  ["a\ude00b", 9, "a\ufffdb"],
])("%j cut to %i bytes is %j", (text, maxBytes, cut) => {
  expect(cutToUtf8(text, maxBytes)).toBe(cut);
});

test("what is cut is a well-formed beginning that fits, and the next character would not have", () => {
  fc.assert(
    fc.property(anyUnits, fc.nat(200), (text, maxBytes) => {
      const whole = new TextDecoder().decode(encoder.encode(text));
      const cut = cutToUtf8(text, maxBytes);
      const length = utf8Length(cut);
      const [next] = [...text].slice([...cut].length);

      // A decoder drops a first U+FEFF, a cut keeps it.
      expect(text.startsWith("\ufeff") ? `\ufeff${whole}` : whole).toSatisfy((all: string) => all.startsWith(cut));
      expect(length).toBeLessThanOrEqual(maxBytes);
      if (next !== undefined) expect((length ?? 0) + (utf8Length(next) ?? 3)).toBeGreaterThan(maxBytes);
    }),
  );
});
