import { expect, test } from "vitest";
import { visibleLines, visibleText } from "./visible-text.js";

test.each([
  ["plain text, für 日本 👋🏽", "plain text, für 日本 👋🏽"],
  ["a\u001b[2Jb", "a\\u001b[2Jb"],
  ["a\nb\rc\td", "a\\u000ab\\u000dc\\u0009d"],
  ["\u007f\u0080\u009b2J", "\\u007f\\u0080\\u009b2J"],
  ["abc\u202etxt.exe\u2066", "abc\\u202etxt.exe\\u2066"],
  ["one\u2028two", "one\\u2028two"],
])("%j is shown as %j", (text, shown) => {
  expect(visibleText(text)).toBe(shown);
});

test("JSON stays on its lines, and means the same", () => {
  const value = { text: "a\u009b2J\u202eb", more: ["\n"] };
  const shown = visibleLines(JSON.stringify(value, undefined, 2));
  expect(shown.split("\n")).toHaveLength(6);
  expect(shown).toContain("a\\u009b2J\\u202eb");
  expect(JSON.parse(shown)).toEqual(value);
});
