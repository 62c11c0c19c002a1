import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closeCodes, closeReason, isSendableCloseCode } from "./close-codes.js";
import { refusals } from "./refusals.js";
import { utf8Length } from "./utf8.js";

const sendable = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013];

test("a close frame of ours has one of ten codes or an app's own, and no other", () => {
  for (let code = -1; code <= 5100; code++) {
    expect([code, isSendableCloseCode(code)]).toEqual([
      code,
      sendable.includes(code) || (code >= 3000 && code <= 4999),
    ]);
  }
  for (const code of [1000.5, 3000.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect([code, isSendableCloseCode(code)]).toEqual([code, false]);
  }
});

test("the table's codes are each there once, in order", () => {
  const codes = Object.values(closeCodes).map(({ code }) => code);

  expect(codes).toEqual([1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015]);
});

describe("the reason of a close frame", () => {
  test.each([
    ["", ""],
    ["slow_consumer", "slow_consumer"],
    ["x".repeat(123), "x".repeat(123)],
    ["x".repeat(124), "x".repeat(123)],
    ["é".repeat(62), "é".repeat(61)],
    ["€".repeat(41), "€".repeat(41)],
    [`${"x".repeat(120)}😀`, "x".repeat(120)],
    [`${"x".repeat(119)}😀`, `${"x".repeat(119)}😀`],
    ["\ud800", "\ufffd"],
  ])("%j is sent as %j", (text, reason) => {
    expect(closeReason(text)).toBe(reason);
  });

  test("is never more than 123 bytes, and always well-formed", () => {
    const anyUnits = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 });
    fc.assert(
      fc.property(anyUnits, (units) => {
        expect(utf8Length(closeReason(String.fromCharCode(...units)))).toBeLessThanOrEqual(123);
      }),
    );
  });

  test("of every refusal is sent whole", () => {
    for (const reason of Object.keys(refusals)) expect(closeReason(reason)).toBe(reason);
  });
});
