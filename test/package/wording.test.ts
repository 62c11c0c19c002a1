import { expect, test } from "vitest";
import { readRepository } from "../support/repository.js";
import { findLooseWords } from "./wording.js";

test("no source or example leaves work for later", () => {
  const texts = readRepository(/^(src|examples)\/.*\.([cm]?[jt]sx?|html|css|json|md)$/);
  expect([...texts].flatMap(([path, text]) => findLooseWords(path, text)).join("\n")).toBe("");
});

test("a line that leaves work for later is named", () => {
  expect(findLooseWords("src/x.ts", "one();\n  // TODO: two\n")).toEqual(["src/x.ts:2: // TODO: two — TODO"]);
});

test.each(["// FIXME later", "/* XXX */", 'throw new Error("Not implemented");', 'test.only("x", run);'])(
  "%s is found",
  (text) => {
    expect(findLooseWords("src/x.ts", text)).toHaveLength(1);
  },
);

test.each(["const todo = todos[0];", "members.only(adults);", "// implemented elsewhere"])("%s is allowed", (text) => {
  expect(findLooseWords("src/x.ts", text)).toEqual([]);
});
