import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Where this run was made, and of what. */
export function describeMachine() {
  const { server, load } = cores();
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    pinning:
      server === undefined ? "none (there is no taskset)" : `server on core ${server}, load and bench on core ${load}`,
    commit: git("rev-parse", "--short=10", "HEAD") ?? "unknown",
    isDirty: (git("status", "--porcelain", "--", "src") ?? "") !== "",
  };
}

/**
 * The core of the server and that of the load; undefined where there is no `taskset`.
 *
 * @returns {{ server: number | undefined, load: number | undefined }}
 */
export function cores() {
  const list = output("taskset", ["-cp", String(process.pid)])?.match(/: ([\d,-]+)/)?.[1];
  const [first, ...others] = (list ?? "").split(",").flatMap(numbersOf);
  // With one core there is nothing to keep apart.
  return others.length === 0 ? { server: undefined, load: undefined } : { server: others.at(-1), load: first };
}

/** The command, on that core alone. */
export function pinned(core, command) {
  return core === undefined ? command : ["taskset", "-c", String(core), ...command];
}

function numbersOf(range) {
  const [from, to = from] = range.split("-").map(Number);
  return Number.isNaN(from) ? [] : Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function git(...args) {
  return output("git", ["-C", root, ...args])?.trim();
}

function output(program, args) {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 10_000 });
  } catch {
    return undefined;
  }
}
