// Runs steps, two at a time, each as it is alone, and beside them those that mostly wait, one at a time. Prints what a step said
// when it has ended, and goes on after a failure.
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";

const AT_A_TIME = 2;

/** What takes longer hangs. */
const LONGEST_MS = 15 * 60_000;

/**
 * Runs those that the command line asks for. The process then ends with 1 where one of them failed.
 *
 * @param {string} command how it is called, for `--help`
 * @param {readonly (readonly [name: string, command: readonly string[]])[]} steps the long ones first: what is short fills what they leave
 * @param {{ prepare?: () => Promise<void>, waiting?: readonly string[] }} [more] what all of them need, and the names of those that mostly wait
 */
export async function runSteps(command, steps, { prepare, waiting = [] } = {}) {
  const { values } = parseArgs({
    options: { only: { type: "string", multiple: true }, list: { type: "boolean" }, help: { type: "boolean" } },
  });
  const chosen = steps.filter(([name]) => (values.only ?? [""]).some((part) => name.includes(part)));
  if (values.help) console.log(helpOf(command));
  else if (values.list) console.log(chosen.map(([name]) => name).join("\n"));
  else if (chosen.length === 0)
    stop(`There is no step with ${values.only.join(" or ")} in its name: --list lists them.`);
  else {
    const isWaiting = ([name]) => waiting.includes(name);
    await prepare?.();
    await runAll([chosen.filter(isWaiting), ...lanesOf(chosen.filter((step) => !isWaiting(step)))]);
  }
}

/** Lanes that take from one queue. */
function lanesOf(steps) {
  return Array.from({ length: AT_A_TIME }, () => steps);
}

async function runAll(lanes) {
  const beganMs = Date.now();
  const results = [];
  endOnSignals();
  await Promise.all(
    lanes.map(async (queue) => {
      for (let step = queue.shift(); step !== undefined; step = queue.shift()) results.push(await take(step));
    }),
  );
  console.log(`\n${results.map(({ line }) => line).join("\n")}\n${secondsSince(beganMs)} s in all`);
  if (results.some(({ isGood }) => !isGood)) process.exitCode = 1;
}

async function take([name, command]) {
  const beganMs = Date.now();
  console.log(`... ${name}`);
  const { said, fault } = await runToEnd(command);
  const lines = [`=== ${name}`, said, fault].filter(Boolean);
  console.log(`\n${lines.join("\n")}\n`);
  const seconds = secondsSince(beganMs).padStart(6);
  return {
    isGood: fault === undefined,
    line: `${fault === undefined ? "ok    " : "FAILED"} ${name.padEnd(24)} ${seconds} s`,
  };
}

/** What it said, and, where it did not end well, how it ended. With its whole group: what it leaves behind could hold its output open. */
async function runToEnd([command, ...args]) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => chunks.push(bytes));
  running.add(child);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    endGroup(child, "SIGKILL");
  }, LONGEST_MS);
  const fault = await new Promise((resolve) => {
    child.once("error", ({ message }) => resolve(`It can't be started: ${message}`));
    child.once("close", (status, signal) => resolve(status === 0 ? undefined : `It ended with ${status ?? signal}.`));
  });
  clearTimeout(timer);
  running.delete(child);
  return {
    said: Buffer.concat(chunks).toString().trimEnd(),
    fault: isLate ? `It took longer than ${LONGEST_MS / 60_000} minutes.` : fault,
  };
}

const running = new Set();

/** The steps are groups of their own, which a terminal's Ctrl-C does not reach. */
function endOnSignals() {
  process.once("exit", () => {
    for (const child of running) endGroup(child, "SIGTERM");
  });
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
}

function endGroup({ pid }, signal) {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
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
