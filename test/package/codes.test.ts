import { expect, test } from "vitest";
import { errorCodes } from "../../src/protocol/error-codes.js";
import { defaultLimits } from "../../src/protocol/limits.js";
import { refusals } from "../../src/protocol/refusals.js";
import { readRepositoryFile } from "../support/repository.js";
import { compareWords, readFirstColumn, readLimits, readWords } from "./protocol-tables.js";

test("the error codes of PROTOCOL.md are those of the code", () => {
  const documented = readWords(readColumn("Error codes"));
  expect(compareWords(documented, "error-codes.ts", Object.keys(errorCodes)).join("\n")).toBe("");
});

test("the reasons to refuse or close of PROTOCOL.md are those of the code", () => {
  const documented = readWords(readColumn("Refusing and closing"));
  expect(compareWords(documented, "refusals.ts", Object.keys(refusals)).join("\n")).toBe("");
});

test("the limits of PROTOCOL.md are those of the code", () => {
  const documented = readLimits(readColumn("Limits"));
  expect(compareWords(documented, "limits.ts", Object.keys(defaultLimits)).join("\n")).toBe("");
});

const markdown = `# A protocol

## Error codes

Some words about \`these\`.

| code | meaning | \`retryAfterMs\` |
|---|---|---|
| \`invalid_json\` | not JSON | |
| \`unauthorized\` \`forbidden\` | see \`user\` | yes |

An app's own are \`^[a-z]$\`.

| another | table |
|---|---|
| \`other\` | |

## Refusing and closing

| reason | HTTP |
|---|---|
| \`forbidden\` \`origin_not_allowed\`, an app's own code | 403 |
| \`internal\` (a dependency or \`open\` threw) | 500 |
| | |
| an app's own | |

## Limits

| name | default |
|---|---|
| \`waiting\` | 64 |
| \`channels\` (also entries of \`since\`) | 100 |
| \`connections\` / \`PerUser\` / \`PerAddress\` (IPv6: a /64) / \`pending\` (not open) | 1 |
| \`type\`, \`id\` / a param / a channel name | 64 |
| \`handler\` / \`close\` | 5 s |`;

test("words are read from the first column of the first table alone, without parentheses", () => {
  expect(readWords(readFirstColumn(markdown, "Error codes"))).toEqual(["invalid_json", "unauthorized", "forbidden"]);
  expect(readWords(readFirstColumn(markdown, "Refusing and closing"))).toEqual([
    "forbidden",
    "origin_not_allowed",
    "internal",
  ]);
});

test("limits are read by the names they have in code", () => {
  expect(readLimits(readFirstColumn(markdown, "Limits")).join(" ")).toBe(
    "waitingMessages waitingBytes channels connections connectionsPerUser connectionsPerAddress pending " +
      "type id param channelName handler close refusalClose",
  );
});

test("a missing section, or one without a table, is an error", () => {
  expect(() => readFirstColumn(markdown, "Errors")).toThrow('no section "Errors"');
  expect(() => readFirstColumn("## Errors\n\nNone.\n", "Errors")).toThrow("has no table");
});

test("a word that only one side has is named with its side", () => {
  expect(compareWords(["timeout", "internal"], "error-codes.ts", ["internal", "teapot"])).toEqual([
    "timeout — in PROTOCOL.md, not in error-codes.ts",
    "teapot — in error-codes.ts, not in PROTOCOL.md",
  ]);
});

function readColumn(heading: string): string[] {
  return readFirstColumn(readRepositoryFile("PROTOCOL.md"), heading);
}
