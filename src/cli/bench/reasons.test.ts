import { expect, test } from "vitest";
import { Reasons } from "./reasons.js";

test("the most frequent comes first", () => {
  const reasons = new Reasons();
  for (const reason of ["a", "b", "b"]) reasons.add(reason);
  expect(reasons.list()).toEqual([
    { reason: "b", count: 2 },
    { reason: "a", count: 1 },
  ]);
  expect(reasons.total).toBe(3);
});

test("however many a server makes up, twenty are told apart", () => {
  const reasons = new Reasons();
  for (let n = 0; n < 1_000; n += 1) reasons.add(`reason ${n}`);
  expect(reasons.list()).toHaveLength(21);
  expect(reasons.list()[0]).toEqual({ reason: "other", count: 980 });
});

test("a reason moves no cursor, and is short", () => {
  const reasons = new Reasons();
  reasons.add(`\u001b[2J\r\n${"x".repeat(1_000)}`);
  const [{ reason } = { reason: "" }] = reasons.list();
  expect(reason).toBe(`\\u001b[2J\\u000d\\u000a${"x".repeat(114)}`);
});
