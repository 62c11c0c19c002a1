import { expect, test } from "vitest";
import { bearerOf } from "./authorization.js";

test.each([
  ["Bearer abc", "abc"],
  ["bearer abc", "abc"],
  ["BEARER   abc  ", "abc"],
  ["Bearer a b", "a b"],
  ["Bearer ", ""],
  ["Bearer", ""],
  ["Bearerabc", undefined],
  ["Basic abc", undefined],
  ["", undefined],
  [undefined, undefined],
])("%j carries the token %j", (header, token) => {
  expect(bearerOf(header)).toBe(token);
});
