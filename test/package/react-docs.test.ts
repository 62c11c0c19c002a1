import { expect, test } from "vitest";
import { readRepositoryFile } from "../support/repository.js";

const page = readRepositoryFile("docs/how-to/react.md");

test.each(["app.ts", "room.tsx", "room.test.tsx"])("what the page on React has of %s is what is tested", (file) => {
  const program = readRepositoryFile(`test/react/recipe/${file}`).replaceAll(/^ *\/\/ biome-ignore.*\n/gm, "");
  expect(program).toMatch(`// ${file}\n`);
  expect(page).toContain(program);
});
