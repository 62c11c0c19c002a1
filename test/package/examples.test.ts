import { existsSync } from "node:fs";
import { posix } from "node:path";
import { expect, test } from "vitest";
import { readRepository, readRepositoryFile } from "../support/repository.js";
import { builtPatterns } from "./built-patterns.js";
import { checkPatterns } from "./pattern-tests.js";

const index = "examples/patterns/README.md";
/** The last row's examples are programs with a page each, beside the folder of the tiny ones. */
const uses = ["chat", "notifications", "prices", "game", "editor", "live-dashboard"];
const folders = [...new Set([...readRepository(/^examples\/patterns\/[^/]+\//).keys()].map(posix.dirname))];
const commands = Array.from(
  readRepositoryFile("docs/reference/cli.md").matchAll(/^## tidings (\w+)/gm),
  ([, name]) => name,
);

test("each row of the patterns has its folder, no folder is without a row, and the index has them all", () => {
  const rows = folders.map((folder) => `P${Number(/\/p(\d\d)-[a-z-]+$/.exec(folder)?.[1])}`);
  expect(rows).toEqual(builtPatterns.filter((row) => row !== "P30"));
  const listed = Array.from(readRepositoryFile(index).matchAll(/^\| (P\d+) .*\|(.*)\|$/gm), ([, row, cell = ""]) => [
    row,
    linksIn(cell),
  ]);
  expect(listed).toEqual([
    ...rows.map((row, at) => [row, [posix.basename(folders[at] ?? "")]]),
    ["P30", uses.map((use) => `../${use}`)],
  ]);
});

test.each([...folders, ...uses.map((use) => `examples/${use}`)])(
  "%s has a short README that says how to run it",
  (folder) => {
    expect(findFaults(`${folder}/README.md`, readRepositoryFile(`${folder}/README.md`))).toEqual([]);
  },
);

test.each(uses)("%s is used by a test through a real socket", (use) => {
  expect(checkPatterns(["P30"], readRepository(new RegExp(`^test/examples/${use}\\.test\\.ts$`)))).toEqual([]);
});

test.each([
  ["names another row", "# P6: users", "begins with another title than # P5: …"],
  ["is long", "\nmore\n".repeat(16), "has 28 lines that are not empty, of 15"],
  ["leads nowhere", "[x](gone.ts)", "leads to gone.ts, which is not there"],
  ["leads to no heading", "[x](../../../PROTOCOL.md#gone)", "leads to ../../../PROTOCOL.md#gone, which is not there"],
  [
    "runs a file that is not there",
    "```sh\nnpx tidings dev p05-rooms/gone.ts\n```",
    "runs p05-rooms/gone.ts, which is not there",
  ],
  ["calls a command that there is not", "```sh\nnpx tidings shout\n```", "calls tidings shout, which there is not"],
])("a README that %s is found", (_, text, fault) => {
  const page = readRepositoryFile("examples/patterns/p05-rooms/README.md");
  const changed = text.startsWith("#") ? page.replace(/^.*/, text) : `${page}\n${text}\n`;
  expect(findFaults("examples/patterns/p05-rooms/README.md", changed).join("\n")).toContain(fault);
});

test("a README that does not say how to run it is found", () => {
  const page = readRepositoryFile("examples/patterns/p05-rooms/README.md").replaceAll(/^npx tidings dev.*$/gm, "");
  expect(findFaults("examples/patterns/p05-rooms/README.md", page)).toEqual(["does not say how to run it"]);
});

/** What is not as it should be, in words. */
function findFaults(path: string, page: string): readonly string[] {
  const folder = posix.dirname(path);
  const row = /\/p(\d\d)-/.exec(path)?.[1];
  const title = row === undefined ? "# " : `# P${Number(row)}: `;
  const length = page.split("\n").filter((line) => line.trim() !== "").length;
  const run = Array.from(
    page.matchAll(/(?:npx tidings dev|node (?:--env-file=\S+ )?--import tsx) ([\w./-]+)/g),
    ([, file = ""]) => file,
  );
  // Those of the rows are typed in examples/patterns, the others in the repository's root.
  const from = row === undefined ? "" : posix.dirname(folder);
  const called = Array.from(page.matchAll(/npx tidings ([\w-]+)/g), ([, name]) => name);
  return [
    ...(page.startsWith(title) ? [] : [`begins with another title than ${title}…`]),
    ...(length > LINES ? [`has ${length} lines that are not empty, of ${LINES}`] : []),
    ...(run.some((file) => isBelow(folder, posix.join(from, file))) ? [] : ["does not say how to run it"]),
    ...run.filter((file) => !existsSync(posix.join(from, file))).map((file) => `runs ${file}, which is not there`),
    ...called.filter((name) => !commands.includes(name)).map((name) => `calls tidings ${name}, which there is not`),
    ...linksIn(page)
      .filter((link) => !leadsSomewhere(folder, link))
      .map((link) => `leads to ${link}, which is not there`),
  ];
}

/** About ten to read, and what is typed. */
const LINES = 15;

function isBelow(folder: string, path: string): boolean {
  return path.startsWith(`${folder}/`);
}

function linksIn(page: string): readonly string[] {
  const prose = page.replaceAll(/^```.*?^```/gms, "");
  return Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, link = ""]) => link).filter(
    (link) => !/^[a-z]+:/.test(link),
  );
}

/** To a file or folder and, where it names one, to a heading of it, as GitHub makes names of them. */
function leadsSomewhere(folder: string, link: string): boolean {
  const [file = "", anchor] = link.split("#");
  const path = posix.join(folder, file);
  if (!existsSync(path)) return false;
  if (anchor === undefined) return true;
  const headings = Array.from(readRepositoryFile(path).matchAll(/^#+ (.*)$/gm), ([, heading = ""]) => heading);
  return headings.some(
    (heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, "")
        .replaceAll(" ", "-") === anchor,
  );
}
