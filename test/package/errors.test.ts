import { expect, test } from "vitest";
import { readRepository, readRepositoryFile } from "../support/repository.js";
import { findCodes, readRows } from "./error-codes.js";

test("every code of what a user can put right has a row in docs/reference/errors.md, and every row a code", () => {
  const codes = findCodes(readRepository(/^src\/.*(?<!\.test)\.tsx?$/));
  const rows = readRows(readRepositoryFile("docs/reference/errors.md"));
  const missing = [...codes].filter(([code]) => !rows.includes(code));
  expect(missing.map(([code, place]) => `${code} — ${place}`).join("\n")).toBe("");
  expect(rows.filter((row) => !codes.has(row)).join("\n")).toBe("");
  expect(rows.length).toBe(new Set(rows).size);
});

test("codes are found in errors and in warnings, with both sides of a choice", () => {
  const text = `
    throw new ConfigError("one", { message, fix });
    throw new ConfigError(a ? "two" : "three", { message, fix });
    return { code: "four", message: "It is so.", fix: "Do this." };
    const answer = { code: "five", message: "Not found" };
    throw new ConfigError(code, { message, fix });
  `;
  expect([...findCodes(new Map([["src/a.ts", text]]))]).toEqual([
    ["one", "src/a.ts:2"],
    ["two", "src/a.ts:3"],
    ["three", "src/a.ts:3"],
    ["four", "src/a.ts:4"],
  ]);
});

test("a row whose anchor is not its code is told", () => {
  expect(
    readRows('| <a id="one"></a>`one` | a | b |\n| <a id="two"></a>`three` | a | b |\n| `four` | a | b |'),
  ).toEqual(["one", "three (with the anchor two)"]);
});
