import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runCommand } from "../../test/support/command-run.js";
import { missingPackage } from "./missing-package.js";

/** A module of this text in a folder where nothing is installed; it goes when the test is over. */
function moduleOf(text: string) {
  const folder = mkdtempSync(join(tmpdir(), "tidings-missing-"));
  const path = join(folder, "app.mjs");
  writeFileSync(path, text);
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** What Node says, which looks in no other place, of these: imported and required. */
function wordsOfNode(names: readonly string[]): readonly string[] {
  using module = moduleOf(`import { createRequire } from "node:module";
const words = [];
for (const name of ${JSON.stringify(names)}) {
  await import(name).catch(({ message }) => words.push(message));
  try {
    createRequire(import.meta.url)(name);
  } catch ({ message }) {
    words.push(message);
  }
}
console.log(JSON.stringify(words));`);
  return JSON.parse(execFileSync(process.execPath, [module.path], { encoding: "utf8" }));
}

const fixesOf = (names: readonly string[]) =>
  wordsOfNode(names).map((message) => missingPackage(new Error(message))?.fix);

test("each peer of the package that Node does not find is told with how it is installed", () => {
  const file = fileURLToPath(new URL("../../package.json", import.meta.url));
  // Whoever needs tsx is told by load-app.ts.
  const peers = Object.keys(JSON.parse(readFileSync(file, "utf8")).peerDependencies).filter((name) => name !== "tsx");
  const names = [...peers, "zod"];
  expect(fixesOf(names)).toEqual(names.flatMap((name) => Array(2).fill(`Install it: npm install ${name}`)));
  expect(fixesOf(["react/jsx-runtime"])).toEqual(Array(2).fill("Install it: npm install react"));
});

test("what else is not found is another's to tell of", () => {
  expect(fixesOf(["redis-clint", "./redis", "/redis"])).toEqual(Array(6).fill(undefined));
  expect(missingPackage(new Error("Connection lost"))).toBeUndefined();
  expect(missingPackage("redis")).toBeUndefined();
});

test("a command says it for an app that lacks one", async () => {
  using module = moduleOf('import { createRequire } from "node:module";\ncreateRequire(import.meta.url)("redis");');
  const { code, stderr } = await runCommand(["check", module.path]);
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(
      /^error The package redis is not installed, and is needed here\.\n {2}Install it: npm install redis\n/,
    ),
  ]);
});
