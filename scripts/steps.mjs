// Runs steps, two at a time, each as it is alone. Prints what a step said when it has ended, and goes on after a failure.
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";

const AT_A_TIME = 2;

/**
 * Runs those that the command line asks for. The process then ends with 1 where one of them failed.
 *
 * @param {string} command how it is called, for `--help`
 * @param {readonly (readonly [name: string, command: readonly string[]])[]} steps the long ones first: what is short fills what they leave
 * @param {() => Promise<void>} [prepare] what all of them need
 */
export async function runSteps(command, steps, prepare) {
  const { values } = parseArgs({
    options: { only: { type: "string", multiple: true }, list: { type: "boolean" }, help: { type: "boolean" } },
  });
  const chosen = steps.filter(([name]) => (values.only ?? [""]).some((part) => name.includes(part)));
  if (values.help) console.log(helpOf(command));
  else if (values.list) console.log(chosen.map(([name]) => name).join("\n"));
  else if (chosen.length === 0)
    stop(`There is no step with ${values.only.join(" or ")} in its name: --list lists them.`);
  else await runAll(chosen, prepare);
}

async function runAll(waiting, prepare) {
  const beganMs = Date.now();
  const results = [];
  await prepare?.();
  const lane = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) results.push(await take(step));
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
  console.log(`\n${results.map(({ line }) => line).join("\n")}\n${secondsSince(beganMs)} s in all, two at a time`);
  if (results.some(({ isGood }) => !isGood)) process.exitCode = 1;
}

async function take([name, [command, ...args]]) {
  const beganMs = Date.now();
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => said.push(bytes));
  const status = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const isGood = status === 0;
  console.log(`\n=== ${name}\n${Buffer.concat(said).toString().trimEnd()}`);
  return { isGood, line: `${isGood ? "ok    " : "FAILED"} ${name.padEnd(24)} ${secondsSince(beganMs).padStart(6)} s` };
}

function helpOf(command) {
  return `${command} [-- options]

  --only <text>  only the steps whose name has this in it; several: --only runtimes --only mutants
  --list         lists them
  --help`;
}

function secondsSince(ms) {
  return ((Date.now() - ms) / 1000).toFixed(1);
}

function stop(line) {
  console.error(line);
  process.exit(2);
}
