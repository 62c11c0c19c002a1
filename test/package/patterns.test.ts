import { expect, test } from "vitest";
import { readRepository } from "../support/repository.js";
import { builtPatterns } from "./built-patterns.js";
import { checkPatterns } from "./pattern-tests.js";

test("every built pattern has a test through a real socket, and no test names another", () => {
  const ofThePackage = builtPatterns.filter((row) => row !== "P30");
  expect(checkPatterns(ofThePackage, readRepository(/^test\/integration\/.*\.test\.ts$/)).join("\n")).toBe("");
});

test("every built pattern's example is used by a test through a real socket, and no such test names another", () => {
  expect(checkPatterns(builtPatterns, readRepository(/^test\/examples\/.*\.test\.ts$/)).join("\n")).toBe("");
});

test.each([
  'import { dial } from "../support/raw-client.js";\ntest("P5: a room", () => {});',
  `import { dial } from "../../support/ws-client.js";\nit(\`P5: a room of \${size}\`, () => {});`,
  'import { WebSocket } from "ws";\ntest.each(sizes)("P5: a room of %s", () => {});',
  'import { WebSocket } from "ws";\ntest("P5: a room", { timeout: 60_000 }, () => {});',
])("a row is covered by %j", (text) => {
  expect(check(["P5"], text)).toEqual([]);
});

test.each([
  ["that opens no socket", 'import { startTestApp } from "tidings/testing";\ntest("P5: a room", () => {});'],
  ["that only names a socket's type", 'import type { WebSocket } from "ws";\ntest("P5: a room", () => {});'],
  ["without a colon", 'import "ws";\ntest("P5 a room", () => {});'],
  ["of another row", 'import "ws";\ntest("P50: a room", () => {});'],
  ["that is only a group", 'import "ws";\ndescribe("P5: rooms", () => {});'],
])("a row is not covered by a test %s", (_, text) => {
  expect(check(["P5"], text)).toContain('P5 has no test "P5: …" in a file that opens a real socket');
});

test("a test that names a row that is not built is named with its line", () => {
  expect(check([], 'import "ws";\n\ntest("P99: a dream", () => {});')).toEqual([
    'test/integration/x.test.ts:3: test("P99: a dream", () => {}); — P99 is not among the built patterns',
  ]);
});

function check(built: readonly string[], text: string): string[] {
  return checkPatterns(built, new Map([["test/integration/x.test.ts", text]]));
}
