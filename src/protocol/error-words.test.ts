import { expect, test } from "vitest";
import { wordsOf } from "./error-words.js";
import { TidingsError } from "./tidings-error.js";

test.each([
  ["not_found", "There is nothing of this name here."],
  ["overloaded", "The server is full."],
  ["queue_full", "There is no connection, and as much waits for one as may."],
  ["sold_out", "sold_out"],
  ["constructor", "constructor"],
])("of an error %s without a message people are told %j", (code, words) => {
  expect(wordsOf(new TidingsError(code))).toBe(words);
});

test("an error's own message is told as it is", () => {
  expect(wordsOf(new TidingsError("not_found", "No such room."))).toBe("No such room.");
  expect(wordsOf(new TidingsError("not_found", ""))).toBe("");
});

test.each([
  [new Error("no way"), "no way"],
  [Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }), "connect ECONNREFUSED"],
  ["thrown as it is", "thrown as it is"],
  [undefined, "undefined"],
  [7, "7"],
])("whatever was caught has words: %s", (caught, words) => {
  expect(wordsOf(caught)).toBe(words);
});
