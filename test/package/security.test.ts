import ts from "typescript";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseRate, type Rate } from "../../src/base/rate.js";
import { defaultLimits, type Limits } from "../../src/protocol/limits.js";
import { readRepository, readRepositoryFile } from "../support/repository.js";
import { namesOf, parseSource, walk } from "./syntax.js";

const page = readRepositoryFile("SECURITY.md");

/** The rows of the table under this heading, each as its cells. */
function rowsUnder(heading: string): readonly (readonly string[])[] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const [own = ""] = section.split("\n## ");
  const lines = own.split("\n").filter((line) => /^\| \d+ \|/.test(line));
  return lines.map((line) => line.slice(2, -2).split(" | "));
}

const threats = rowsUnder("Threats").map(([number = "", does = ""]) => ({ number, does }));
const shown = rowsUnder("Tests").map(([number = "", file = "", name = ""]) => ({
  number,
  file: file.slice(1, -1),
  name,
}));

test("each threat has a number in its order, and a test", () => {
  expect(threats.map(({ number }) => Number(number))).toEqual(threats.map((_, index) => index + 1));
  expect(threats.length).toBeGreaterThanOrEqual(20);
  const without = threats.filter(({ number }) => !shown.some((row) => row.number === number));
  expect(without.map(({ number, does }) => `${number} ${does}`)).toEqual([]);
});

test.each(shown)("threat $number: $file has “$name”", ({ number, file, name }) => {
  expect(threats.map((threat) => threat.number)).toContain(number);
  expect(namesIn(file, readRepositoryFile(file))).toContain(name);
});

test("every test of test/security is of a threat", () => {
  const files = [...readRepository(/^test\/security\/.*\.test\.ts$/).keys()];
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter((file) => !shown.some((row) => row.file === file))).toEqual([]);
});

const said = [...page.matchAll(/`(\w+)` \[([^\]]+)\]/g)]
  .map(([, name = "", value = ""]) => [name, value] as const)
  .filter(([name]) => !["trustProxy", "failures"].includes(name)); // no limits

test.each(said)("the limit %s is by default %s", (name, value) => {
  expect(defaultLimits).toHaveProperty(name);
  expect(quantityOf(value)).toEqual(defaultLimits[name as keyof Limits]); // it is one, as was just seen
});

/** As people write it. */
function quantityOf(text: string): unknown {
  if (text === "none") return undefined;
  if (/^\d+\/\d+s$/.test(text)) return parseRate(text as Rate);
  const [, number = "", unit = ""] = /^([\d,]+) ?(KiB|MiB|s)?$/.exec(text) ?? [];
  return Number(number.replaceAll(",", "")) * ({ KiB: 1_024, MiB: 1_048_576, s: 1_000 }[unit] ?? 1);
}

test("no page makes markup of a text", () => {
  const pages = readRepository(/^ui\/.*\.(tsx?|mjs)$/);
  const makes =
    /dangerouslySetInnerHTML|\b(inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function\(/;
  const found = [...pages].filter(([path, text]) => !path.includes(".test.") && makes.test(text)).map(([path]) => path);
  expect(pages.size).toBeGreaterThan(20);
  expect(found).toEqual([]);
});

test("the package runs nothing where it is installed, and depends on seven others", () => {
  const { scripts, dependencies } = JSON.parse(readRepositoryFile("package.json")) as {
    readonly scripts: object;
    readonly dependencies: object;
  };
  const atInstall = ["preinstall", "install", "postinstall", "prepare", "prepublish"];
  expect(atInstall.filter((name) => name in scripts)).toEqual([]);
  expect(Object.keys(dependencies)).toHaveLength(7);
});

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly needs?: readonly string[];
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const workflows = [...readRepository(/^\.github\/workflows\/.*\.yml$/)].map(
  ([path, text]) => [path, parse(text) as Workflow] as const, // whose form the tests below look at
);
const publish = workflows.find(([path]) => path.endsWith("publish.yml"))?.[1];
const runsOf = (job: Job | undefined) => job?.steps.flatMap(({ run }) => run ?? []) ?? [];

test.each(workflows)("%s may no more than it needs, ends some time, and keeps no credentials", (_, workflow) => {
  expect(workflow.permissions).toEqual({ contents: "read" });
  for (const job of Object.values(workflow.jobs)) {
    expect(job["timeout-minutes"]).toBeLessThanOrEqual(30);
    for (const { uses, with: given } of job.steps) {
      // GitHub's own alone.
      if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@(v\d+|[\da-f]{40})$/);
      if (uses?.startsWith("actions/checkout@")) expect(given).toMatchObject({ "persist-credentials": false });
    }
  }
});

test.each(workflows)("%s runs only what is there", (_, { jobs }) => {
  const { scripts } = JSON.parse(readRepositoryFile("package.json")) as { readonly scripts: Record<string, string> };
  const commands = Object.values(jobs).flatMap(runsOf);
  for (const command of commands) {
    const [, script] = /^npm (?:run )?(check|test\S*|build\S*)/.exec(command) ?? [];
    if (script !== undefined) expect(Object.keys(scripts)).toContain(script);
    if (command.startsWith(".")) expect(() => readRepositoryFile(command)).not.toThrow();
    // What an event says, such as the name of a branch, may be anything: it comes as a variable, and not as a part of the command.
    expect(command).not.toContain("${{");
  }
});

test("CI runs what we run", () => {
  const [, ci] = workflows.find(([path]) => path.endsWith("ci.yml")) ?? [];
  expect(Object.keys(ci?.on ?? {})).toEqual(["push", "pull_request"]);
  expect(Object.values(ci?.jobs ?? {}).flatMap(runsOf)).toContain(".ci/run");
});

test("before a release is published all is tested, and what it depends on is looked up", () => {
  expect(publish?.on).toEqual({ release: { types: ["published"] } });
  expect(runsOf(publish?.jobs.test)).toEqual(
    expect.arrayContaining(["npm ci", "npm run check", "npm test", "npm audit --omit=dev"]),
  );
  expect(publish?.jobs.publish?.needs).toEqual(["test", "pack"]);
  expect(runsOf(publish?.jobs.pack).slice(-2)).toEqual([
    'npm pkg set repository.type=git "repository.url=git+https://github.com/$GITHUB_REPOSITORY.git"',
    "npm pack",
  ]);
});

test("what publishes runs nothing of ours, and has no other permission than to say who it is", () => {
  const { publish: job, ...others } = publish?.jobs ?? {};
  expect(job?.permissions).toEqual({ "id-token": "write" });
  expect(Object.values(others).filter(({ permissions }) => permissions !== undefined)).toEqual([]);
  expect(runsOf(job)).toEqual(['npm publish ./tidings-*.tgz --provenance --access public --tag "$NPM_DIST_TAG"']);
  // Trusted publishing: there is no token.
  expect(JSON.stringify(publish)).not.toMatch(/secrets\.|NODE_AUTH_TOKEN|NPM_TOKEN/);
});

test("what is newer is looked for wherever there is a lock file", () => {
  const { updates } = parse(readRepositoryFile(".github/dependabot.yml")) as {
    readonly updates: readonly { readonly "package-ecosystem": string; readonly directories?: readonly string[] }[];
  };
  const watched = updates.find((each) => each["package-ecosystem"] === "npm")?.directories ?? [];
  const locks = [...readRepository(/(^|\/)package-lock\.json$/).keys()];
  expect([...watched].sort()).toEqual(locks.map((path) => `/${path.replace(/\/?package-lock\.json$/, "")}`).sort());
});

/** The names of tests and of their groups. */
function namesIn(path: string, text: string): readonly string[] {
  return [...walk(parseSource(path, text))].flatMap((node) => {
    if (!ts.isCallExpression(node) || !["it", "test", "describe"].includes(namesOf(node.expression)[0] ?? ""))
      return [];
    const [name] = node.arguments;
    return name !== undefined && ts.isStringLiteralLike(name) ? [name.text] : [];
  });
}
