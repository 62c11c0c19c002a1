import { expect, test } from "vitest";
import { readRepository } from "../support/repository.js";
import { findSlowExpressions } from "./slow-expressions.js";

/** What a stranger has no part in. */
const bounded = [/^src\/cli\/create\/project\.ts:\d+: /]; // the name of a folder that one gives oneself

test("no regular expression takes longer than what it reads is long", () => {
  const sources = readRepository(/^src\/.*(?<!\.test)\.tsx?$/);
  const slow = [...sources].flatMap(([path, text]) => findSlowExpressions(path, text));
  expect(slow.filter((each) => !bounded.some((known) => known.test(each))).join("\n")).toBe("");
});

test.each([
  ["/^bearer +(.+?) *$/i", "blanks in the middle are given to each of three parts"],
  ["/\\s*\\n/g", "it begins anew at each blank"],
  ["/^(a+)+$/", "exponential"],
  ["/^\\[([^\\]]*:[^\\]]*)\\]$/", "each colon is tried as the one"],
])("%s is found: %s", (expression) => {
  expect(findSlowExpressions("src/x.ts", `\nconst it = ${expression};\n`)).toEqual([`src/x.ts:2: ${expression}`]);
});

test.each(["/^\\w+$/", "/^(\\w+)(\\W.*)?$/", "/^\\[([^\\]:]*:[^\\]]*)\\]$/", "/^[a-z]+:/g"])(
  "%s is not",
  (expression) => {
    expect(findSlowExpressions("src/x.ts", `const it = ${expression};`)).toEqual([]);
  },
);
