import { existsSync } from "node:fs";
import { posix } from "node:path";
import { expect, test } from "vitest";
import { readRepository, readRepositoryFile } from "../support/repository.js";

/** What npm packs whatever `files` says. */
const always = ["README.md", "LICENSE", "package.json"];
const { files }: { readonly files: readonly string[] } = JSON.parse(readRepositoryFile("package.json"));

test("what a document of the package leads to is in the package too", () => {
  const documents = [...readRepository(/^(docs\/.*|[^/]*)\.md$/)].filter(([path]) => isPacked(path));
  expect(documents.length).toBeGreaterThan(40);
  const dead = documents.flatMap(([path, text]) =>
    linksIn(text)
      .map((link) => posix.join(posix.dirname(path), link))
      .filter((target) => !isPacked(target) || !existsSync(target))
      .map((target) => `${path} leads to ${target}`),
  );
  expect(dead).toEqual([]);
});

test("a link to what is not packed is found", () => {
  expect(isPacked("examples/showcase/app.ts")).toBe(false);
  expect(isPacked("docs/how-to/serve.md")).toBe(true);
  expect(isPacked("src/app/app.test.ts")).toBe(false);
  expect(linksIn("[a](docs/a.md#b) [c](https://c.example) [d](#e) `[f](g)`")).toEqual(["docs/a.md"]);
});

function linksIn(text: string): readonly string[] {
  const prose = text.replaceAll(/^```.*?^```/gms, "").replaceAll(/`[^`\n]*`/g, "");
  const links = Array.from(prose.matchAll(/\]\(([^)\s#]+)[^)]*\)/g), ([, link = ""]) => link);
  return links.filter((link) => !/^[a-z]+:/.test(link));
}

function isPacked(path: string): boolean {
  const isBelow = (folder: string) => path === folder || path.startsWith(`${folder}/`) || folder.startsWith(`${path}/`);
  return !/\.test\.tsx?$/.test(path) && [...always, ...files.filter((each) => !each.startsWith("!"))].some(isBelow);
}
