import { expect, test } from "vitest";
import { errorCodes, hasCodeForm, isErrorCode } from "./error-codes.js";

test("the table has the codes of the protocol and no other", () => {
  expect(Object.keys(errorCodes)).toEqual([
    "invalid_json",
    "invalid_message",
    "unknown_type",
    "invalid_payload",
    "unauthorized",
    "token_expired",
    "forbidden",
    "not_found",
    "not_subscribed",
    "already_subscribed",
    "too_many_channels",
    "too_many_tasks",
    "rate_limited",
    "unavailable",
    "timeout",
    "internal",
  ]);
});

test("only what may pass by waiting tells how long to wait", () => {
  const waiting = Object.entries(errorCodes).filter(([, row]) => row.retryAfterMs);

  expect(waiting.map(([code]) => code)).toEqual(["rate_limited", "unavailable"]);
});

test.each(Object.entries(errorCodes))("%s is written like a code and means a sentence", (code, { meaning }) => {
  expect(hasCodeForm(code)).toBe(true);
  expect(meaning).toMatch(/^[A-Z].*\.$/);
});

test.each(["internal", "not_found"])("%s is an error code", (code) => {
  expect(isErrorCode(code)).toBe(true);
});

test.each(["", "Internal", "sold_out", "slow_consumer", "constructor", "__proto__", "toString"])(
  "%j is no error code",
  (code) => {
    expect(isErrorCode(code)).toBe(false);
  },
);

test.each([
  ["a", true],
  ["sold_out", true],
  ["x2", true],
  ["x".repeat(64), true],
  ["x".repeat(65), false],
  ["", false],
  ["Sold", false],
  ["sold-out", false],
  ["sold.out", false],
  ["_sold", false],
  ["2x", false],
  ["sold out", false],
  ["sold_out\n", false],
  ["é", false],
])("that %j has a code's form is %s", (code, expected) => {
  expect(hasCodeForm(code)).toBe(expected);
});
