// What takes long, or needs what the tests do not: two steps at a time, each as it is alone. Prints what a step said when it
// has ended, with its seconds, and goes on after a failure.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pack } from "./user-project.mjs";

const HELP = `npm run test:more [-- options]

  --only <text>  only the steps whose name has this in it; several: --only runtimes --only mutants
  --list         lists them
  --help`;

const node = (script, ...args) => ["node", "--import", "tsx", `scripts/${script}`, ...args];
const vitest = (project) => ["npx", "--no-install", "vitest", "run", "--project", project, "--maxWorkers", "1"];

/** The long ones first: what is short fills what they leave. */
const STEPS = [
  ["mutants", node("mutants.mjs", "--jobs", "1")],
  ["a soak of two minutes", ["npm", "run", "--silent", "soak", "--", "--for", "2m", "--seed", "7"]],
  ["looks", vitest("looks")],
  ["deployment", vitest("deployment")],
  ["the last release's client", vitest("last release")],
  ["commands", vitest("commands")],
  ["examples", [...vitest("examples"), "--passWithNoTests"]],
  ["chaos", vitest("chaos")],
  ["runtimes", node("check-runtimes.mjs")],
  ["frameworks", node("check-frameworks.mjs")],
  ["a new project", node("check-create.mjs")],
  ["bundlers", node("check-bundlers.mjs")],
  ["versions of TypeScript", node("check-type-versions.mjs")],
  ["AsyncAPI's parser", node("check-asyncapi.mjs")],
  ["Prometheus' own look", node("check-metrics.mjs")],
  ["the package", ["node", "scripts/check-package.mjs"]],
  ["fuzzing", ["npm", "run", "--silent", "fuzz", "--", "--seconds", "20"]],
  [
    "channels joined and left",
    ["npm", "run", "--silent", "soak:channels", "--", "--rounds", "5", "--channels", "20000"],
  ],
];
const AT_A_TIME = 2;

const { values } = parseArgs({
  options: { only: { type: "string", multiple: true }, list: { type: "boolean" }, help: { type: "boolean" } },
});
const steps = STEPS.filter(([name]) => (values.only ?? [""]).some((part) => name.includes(part)));
if (values.help) console.log(HELP);
else if (values.list) console.log(steps.map(([name]) => name).join("\n"));
else process.exitCode = await run(steps);

async function run(waiting) {
  const lines = [];
  const began = Date.now();
  const folder = mkdtempSync(join(tmpdir(), "tidings-packed-"));
  process.env.PACKED_TIDINGS = await pack(join(folder, "package")); // once, for all that install it
  const lane = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) lines.push(await take(step));
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
  rmSync(folder, { recursive: true, force: true });
  console.log(`\n${lines.map(({ text }) => text).join("\n")}\n${secondsSince(began)} s in all, two at a time`);
  return lines.every(({ isGood }) => isGood) ? 0 : 1;
}

async function take([name, [command, ...args]]) {
  const began = Date.now();
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  const said = [];
  child.stdout.on("data", (bytes) => said.push(bytes));
  child.stderr.on("data", (bytes) => said.push(bytes));
  const status = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const isGood = status === 0;
  console.log(`\n=== ${name}\n${Buffer.concat(said).toString().trimEnd()}`);
  return { isGood, text: `${isGood ? "ok    " : "FAILED"} ${name.padEnd(24)} ${secondsSince(began).padStart(6)} s` };
}

function secondsSince(ms) {
  return ((Date.now() - ms) / 1000).toFixed(1);
}
