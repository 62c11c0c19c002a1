import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closeCodes, closeReason, isSendableCloseCode, thenAfterClose } from "./close-codes.js";
import { type Refusal, refusals } from "./refusals.js";
import { utf8Length } from "./utf8.js";

const sendable = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1013];

test("a close frame of ours has one of nine codes or an app's own, and no other", () => {
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

describe("our client after a close", () => {
  test.each([
    [1000, "stay-closed"],
    [1001, "retry-after-drain"],
    [1002, "stay-closed"],
    [1003, "stay-closed"],
    [1005, "retry"],
    [1006, "retry"],
    [1007, "stay-closed"],
    [1008, "stay-closed"],
    [1009, "stay-closed"],
    [1010, "stay-closed"],
    [1011, "retry"],
    [1012, "retry"],
    [1013, "retry"],
    [1014, "retry"],
    [1015, "retry"],
    [3000, "stay-closed"],
    [4001, "stay-closed"],
    [4999, "stay-closed"],
    [1004, "retry"],
    [1016, "retry"],
    [2999, "retry"],
    [5000, "retry"],
    [0, "retry"],
    [Number.NaN, "retry"],
  ] as const)("with %s and no reason it knows will %s", (code, then) => {
    expect(thenAfterClose(code, "")).toBe(then);
    expect(thenAfterClose(code, "bye")).toBe(then);
    expect(thenAfterClose(code, "constructor")).toBe(then);
  });

  test.each(Object.entries(refusals))("with the reason %s does as its row says, whatever the code", (reason, row) => {
    const { close = 1008, clientThen }: Refusal = row;
    for (const code of [close, 1000, 1006, 1011, 4001]) expect(thenAfterClose(code, reason)).toBe(clientThen);
  });

  test("comes back from 4001 with token_expired, as an app may put its own code there", () => {
    expect(thenAfterClose(4001, "token_expired")).toBe("refresh-and-retry");
  });

  test("knows what to do after any code and reason", () => {
    const known = ["stay-closed", "refresh-and-retry", "retry", "retry-after-drain"];
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.double()), fc.string({ unit: "binary" }), (code, reason) => {
        expect(known).toContain(thenAfterClose(code, reason));
      }),
    );
  });
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
