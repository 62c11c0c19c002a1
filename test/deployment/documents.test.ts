import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { runProgram } from "../../src/cli/program.js";
import { readRepositoryFile } from "../support/repository.js";
import { defaultOf, unreadVariables, variablesIn } from "./settings.js";

const page = "docs/how-to/deploy.md";
const text = readRepositoryFile(page);
const readme = readRepositoryFile("examples/fastapi/README.md");

test("what the page on deploying shows of a file is the file", () => {
  const shown = [...text.matchAll(/\[(\S+)\]\(\.\.\/\.\.\/deploy\/\1\):\n\n```\w+\n([\s\S]*?)```/g)];
  expect(shown).toHaveLength(9);
  for (const [, file, content] of shown) expect(content, file).toBe(readRepositoryFile(`deploy/${file}`));
});

test("the page speaks of every file that there is to deploy with", () => {
  const entries = readdirSync(new URL("../../deploy/", import.meta.url), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  expect(files.filter((name) => !text.includes(name))).toEqual([]);
});

test("the variables that the page and the example name are read, and the defaults are those of the code", () => {
  expect(unreadVariables(variablesIn(text))).toEqual([]);
  expect(unreadVariables(variablesIn(readme))).toEqual([]);
  expect(text).toContain(`| ${defaultOf("TIDINGS_PORT")} (\`TIDINGS_PORT\`), on ${defaultOf("TIDINGS_HOST")}`);
  for (const [, name = "", seconds = ""] of text.matchAll(/`(TIDINGS_[A-Z_]+)` \((\d+) s\)/g)) {
    expect(defaultOf(name), name).toBe(`${seconds}s`);
  }
});

test("the commands that they show are there, with these options", async () => {
  const lines = [...`${text}${readme}`.matchAll(/`?(?:npx )?tidings ([a-z]+)((?: +[^`\n]*)?)/g)];
  const used = lines.filter(([, name, rest]) => rest?.includes("--") || ["check", "serve"].includes(name ?? ""));
  expect(used.length).toBeGreaterThan(5);
  for (const [line, name = "", rest = ""] of used) {
    const help = await helpOf(name);
    for (const [option] of rest.split("$(")[0]?.matchAll(/--[a-z-]+/g) ?? [])
      expect(help, line).toMatch(new RegExp(`${option}(?![\\w-])`));
  }
});

async function helpOf(command: string): Promise<string> {
  let said = "";
  const stream = { write: (text: string) => (said += text) };
  const code = await runProgram([command, "--help"], { stdout: stream, stderr: stream, stdin: process.stdin, env: {} });
  expect(code, said).toBe(0);
  return said;
}
