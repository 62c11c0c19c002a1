// What takes long, or needs what the tests do not.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runSteps } from "./steps.mjs";
import { pack } from "./user-project.mjs";

const node = (script, ...args) => ["node", "--import", "tsx", `scripts/${script}`, ...args];
const vitest = (project) => ["npx", "--no-install", "vitest", "run", "--project", project, "--maxWorkers", "1"];

/** The long ones first: what is short fills what they leave. */
const STEPS = [
  ["mutants", node("mutants.mjs", "--jobs", "1")],
  ["a soak of two minutes", ["npm", "run", "--silent", "soak", "--", "--for", "2m", "--seed", "7"]],
  ["the documents' commands", ["npm", "run", "--silent", "docs", "--", "--commands"]],
  ["looks", vitest("looks")],
  ["deployment", vitest("deployment")],
  ["the last release's client", vitest("last release")],
  ["commands", vitest("commands")],
  ["examples", vitest("examples")],
  ["chaos", vitest("chaos")],
  ["runtimes", node("check-runtimes.mjs")],
  ["frameworks", node("check-frameworks.mjs")],
  ["a new project", node("check-create.mjs")],
  ["bundlers", node("check-bundlers.mjs")],
  ["versions of TypeScript", node("check-type-versions.mjs")],
  ["AsyncAPI's parser", node("check-asyncapi.mjs")],
  ["Prometheus' own look", node("check-metrics.mjs")],
  ["the package", ["node", "scripts/check-package.mjs"]],
  ["the documents' code", ["npm", "run", "--silent", "docs", "--", "--code"]],
  ["fuzzing", ["npm", "run", "--silent", "fuzz", "--", "--seconds", "30"]],
  [
    "channels joined and left",
    ["npm", "run", "--silent", "soak:channels", "--", "--rounds", "5", "--channels", "20000"],
  ],
];

/** For processes to start, for a lease to end, for two minutes to be over: less than half of a core each. */
const WAITING = ["a soak of two minutes", "the documents' commands", "chaos", "the last release's client"];

const folder = mkdtempSync(join(tmpdir(), "tidings-packed-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
await runSteps("npm run test:more", STEPS, {
  waiting: WAITING,
  async prepare() {
    process.env.PACKED_TIDINGS = await pack(join(folder, "package")); // once, for all that install it
  },
});
