import { expect, test } from "vitest";
import { readRepository } from "../support/repository.js";
import { findWaiting } from "./waiting.js";

test("no test waits for time, is left out or is tried again", () => {
  const tests = readRepository(/^src\/.*\.test\.tsx?$|^test\/(?!support\/).*\.tsx?$|^test\/support\/.*\.test\.tsx?$/);
  expect([...tests].flatMap(([path, text]) => findWaiting(path, text)).join("\n")).toBe("");
});

test("a call that waits is named with its line", () => {
  const text = 'test("x", async () => {\n  await sleep(50);\n});\n';
  expect(findWaiting("src/x.test.ts", text)).toEqual(["src/x.test.ts:2: await sleep(50); — waits for time"]);
});

test.each([
  "setTimeout(() => {}, 10);",
  "const timer = setInterval(look, 10);",
  "globalThis.setTimeout(done, 10);",
  "await new Promise((resolve) => setTimeout(resolve, 10));",
  "const later = promisify(setTimeout);",
  "await sleep(10);",
  "await delay(10);",
  "await tools.wait(10);",
  "Atomics.wait(cells, 0, 0, 10);",
  "await page.waitForTimeout(10);",
  'import { setTimeout as later } from "node:timers/promises";',
  'const { setTimeout: later } = await import("timers/promises");',
  "vi.useFakeTimers();",
  "await vi.waitFor(() => seen);",
  "await vi.waitUntil(() => seen);",
  "await expect.poll(() => seen).toBe(1);",
  'test("x", { retry: 2 }, () => {});',
  'test("x", { skip: true }, () => {});',
  'test.skip("x", () => {});',
  'test.only("x", () => {});',
  'it.todo("x");',
  'test.fixme("x", () => {});',
  'describe.only("x", () => {});',
  'test.concurrent.skip("x", () => {});',
  'test.skipIf(isWindows)("x", () => {});',
  'describe.runIf(isLinux)("x", () => {});',
  'test.each([1, 2]).only("x", () => {});',
])("%s is found once", (text) => {
  expect(findWaiting("test/x.test.ts", text)).toHaveLength(1);
});

test.each([
  'await server.clock.advance("31s");',
  "clock.after(10, ring);",
  "fake.setTimeout(ring, 10);",
  "await ana.waitForMessage();",
  "const fake = { setTimeout: () => {}, retry: 2 };",
  "connect({ retry: 2 });",
  'test("sleep(10) is only a name", { timeout: 60_000 }, () => {});',
  "expect(members.only).toBe(true);",
  "socket.pause();",
])("%s is allowed", (text) => {
  expect(findWaiting("test/x.test.ts", text)).toEqual([]);
});
