import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readCorpus } from "./corpus.js";
import { targets } from "./targets.js";
import { Trial } from "./trial.js";

test.each(Object.keys(targets))("%s: every input that is kept keeps the rules", async (name) => {
  const target = await targets[name]?.();
  if (target === undefined) throw new Error(`There is no target "${name}".`);
  await using trial = await Trial.open(target);
  const broken: string[] = [];
  for (const [file, input] of readCorpus(name)) {
    const breach = await trial.run(input);
    if (breach !== undefined) broken.push(`${file}: ${breach.message}`);
  }
  expect(broken).toEqual([]);
});

test("every folder of the corpus is a target's, and each has something to begin with", () => {
  const folders = readdirSync(fileURLToPath(new URL("./corpus/", import.meta.url)), { withFileTypes: true });
  const named = folders.filter((each) => each.isDirectory()).map(({ name }) => name);
  expect(named.sort()).toEqual(Object.keys(targets).sort());
  for (const name of named) expect(readCorpus(name).size).toBeGreaterThan(0);
});
