import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

const alias = [
  { find: /^tidings$/, replacement: source("index.ts") },
  // What Node loads, as its condition in package.json says.
  { find: /^tidings\/client$/, replacement: source("client/node.ts") },
  { find: /^tidings\/otel$/, replacement: source("observe/otel.ts") },
  { find: /^tidings\/(\w+)$/, replacement: source("$1/index.ts") },
];

const project = (name: string, include: string[], timeoutMs = 10_000, exclude: string[] = []) => ({
  resolve: { alias },
  test: { name, include, exclude, testTimeout: timeoutMs, hookTimeout: timeoutMs },
});

/** Its files share a process, and what is loaded in it. */
const shared = ({ test, ...rest }: ReturnType<typeof project>) => ({ ...rest, test: { ...test, isolate: false } });

/** Apps that log as they do by default, for whom it is not the tests' output. */
const quiet = ({ test, ...rest }: ReturnType<typeof project>) => ({
  ...rest,
  test: { ...test, env: { TIDINGS_LOG: "warn" } },
});

/** What our client goes through at a server, gone through by that of the last release: part of `npm run test:more`. */
const lastRelease = {
  ...project(
    "last release",
    [
      "test/integration/client{,-network,-publish,-refusals,-resume}.test.ts",
      "test/integration/{groups,tracing}.test.ts",
      "test/integration/redis/{presence,tasks,users}-everywhere.test.ts",
    ],
    20_000,
  ),
  resolve: {
    alias: [
      {
        find: /^tidings\/client$/,
        replacement: fileURLToPath(new URL("./test/last-release/client.js", import.meta.url)),
      },
      ...alias,
    ],
  },
};

/** How pages look, in every place of theirs, and what of them takes longest: part of `npm run test:more`. */
const looks = [
  "test/browser/*-{looks,snippets,elsewhere,processes,troubles,feeds}.test.ts",
  "test/browser/refusals.test.ts",
];

/** What befalls clusters, Sentinel and the network: likewise. What befalls one Redis is among the others. */
const chaos = ["test/integration/redis/chaos-*.test.ts"];

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      // What is so small is soon tested where each file does not load everything anew; and what is many.
      shared(project("unit", ["{src,ui}/**/*.test.{ts,tsx}"])),
      shared(
        project(
          "integration",
          ["test/{conformance,integration,rfc,security}/**/*.test.ts", "test/react/**/*.test.tsx"],
          20_000,
          chaos,
        ),
      ),
      // What code an input reaches is counted in the whole process: here nobody else's.
      project("fuzz", ["test/fuzz/**/*.test.ts"], 20_000),
      project("chaos", chaos, 20_000),
      project("browser", ["test/browser/**/*.test.ts"], 60_000, looks),
      project("looks", looks, 60_000),
      lastRelease,
      project("deployment", ["test/deployment/**/*.test.ts"], 60_000),
      project("commands", ["test/{commands,docs}/**/*.test.ts"], 60_000),
      quiet(project("examples", ["test/examples/**/*.test.ts", "examples/patterns/*/*.test.ts"], 60_000)),
      project("package", ["test/package/**/*.test.ts"], 60_000),
    ],
  },
});
