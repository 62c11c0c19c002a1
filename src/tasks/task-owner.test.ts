import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isParamValue } from "../protocol/names.js";
import { tasks } from "./task-channel.js";
import { ownerOf } from "./task-owner.js";

test.each([
  ["ana", "ana"],
  ["auth0|5f7c8ec7c33c6c004bbafe82", "auth0|5f7c8ec7c33c6c004bbafe82"],
  ["ana@example.com", "ana@example.com"],
  ["Zoë 😀", "Zoë 😀"],
  ["...", "..."],
  ["x".repeat(128), "x".repeat(128)],
  ["a/b", "a%2Fb"],
  ["a%2Fb", "a%252Fb"],
  [".", "%2E"],
  ["..", "%2E%2E"],
  ["a\0b\u007f\u0085", "a%00b%7F%C2%85"],
  ["x".repeat(129), "%sha256-PJqBudGSEc6ERnfqpztEoN4dVd4OsjqGQASBxfwGp3I"],
  ["\ud800", expect.stringMatching(/^%sha256-[\w-]{43}$/)],
])("%j stands in a channel's name as %j", (user, owner) => {
  expect(ownerOf(user)).toEqual(owner);
  expect(tasks({ user }).channel).toEqual(`$tasks/${ownerOf(user)}`);
});

test("whoever it is can stand there, and is taken for nobody else", () => {
  const characters = fc.constantFrom("a", "é", "/", ".", "%", "2", "F", "E", "\0", "\u0085", "\ud800", "\udc00", "%2F");
  const user = fc.string({ unit: characters, minLength: 1, maxLength: 150 });
  const property = fc.property(user, user, (one, other) => {
    expect(isParamValue(ownerOf(one))).toBe(true);
    expect(ownerOf(one) === ownerOf(other)).toBe(one === other);
  });
  fc.assert(property, { numRuns: 2_000 });
});

test("nobody has no tasks", () => {
  expect(() => tasks({ user: "" })).toThrow(`"user" can't be part of a channel's name.`);
  expect(() => tasks({ user: 7 as unknown as string })).toThrow(TypeError);
  expect(() => tasks({} as { user: string })).toThrow('needs the param "user" as a string');
});
