// What importing a door leaves behind: one process each, without the packages that need not be there.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { DOORS } from "./door-graph.mjs";
import { doorsOf } from "./doors.mjs";

const run = promisify(execFile);
/** How long a process may take, which needs less than a second. */
const PATIENCE_MS = 20_000;
const AT_A_TIME = 2;

/** Rejects where one does not load without them, leaves anything behind, or keeps its process alive. */
export async function checkImportTraces({ installed, project, optionalPeers }) {
  const waiting = doorsOf(installed);
  const count = waiting.length;
  const problems = [];
  const lane = async () => {
    for (let door = waiting.shift(); door !== undefined; door = waiting.shift()) {
      const own = DOORS.filter((row) => row.door === door).flatMap(({ atOnce = [] }) => atOnce);
      const absent = optionalPeers.filter((name) => !own.includes(name));
      problems.push(...(await tracesOf(project, door, absent)));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return `${count} doors load without the packages that are optional, and leave nothing behind`;
}

async function tracesOf(cwd, door, absent) {
  const args = ["import-door.mjs", door, ...absent];
  try {
    const { stdout, stderr } = await run(process.execPath, args, { cwd, timeout: PATIENCE_MS });
    const traces = JSON.parse(stdout);
    return [...traces, ...(stderr === "" ? [] : [`says ${stderr}`])].map((trace) => `${door}: ${trace}`);
  } catch (error) {
    return [`${door}: ${error.killed ? "its process did not end in time" : error.message}`];
  }
}
