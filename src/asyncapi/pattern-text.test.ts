import { expect, test } from "vitest";
import { textFor } from "./pattern-text.js";

test.each([
  ["^[A-Z]{3}-\\d{4}$", "AAA-1111"],
  ["^(?:red|green)(?<shade>ish)?$", "red"],
  ["^v\\d+\\.\\d+$", "v1.1"],
  ["^[^a-z]+$", "A"],
  ["^\\+[1-9]\\d{6,14}$", "+1111111"],
  ["^a*b?c+$", "ac"],
  ["^(ab){2}$", "abab"],
  ["^(?=.*x)[a-z]{2}$", "aa"],
  ["^[-_]$", "-"],
  ["^\\/\\.$", "/."],
  ["^.\\s\\w$", "a a"],
  ["", ""],
])("%s takes %j", (pattern, text) => {
  expect(textFor(pattern)).toBe(text);
});

test.each(["^\\p{L}$", "(", "a)", "[", "[]", "^(a)\\1$", "a{99999}", "(a{200}){200}", "(".repeat(100_000)])(
  "what %s takes is not guessed",
  (pattern) => {
    expect(textFor(pattern)).toBeUndefined();
  },
);
