import { fileURLToPath } from "node:url";
import { ForeignProgram, type ProgramOptions } from "./foreign-program.js";
import { installedCommand } from "./settings.js";

const tsx = import.meta.resolve("tsx");
const command = fileURLToPath(new URL("../../src/cli/index.ts", import.meta.url));

/** A command that runs Tidings as it is installed in a project, here from its source. */
export function runInstalled([node, path, ...args]: readonly string[], options: ProgramOptions): ForeignProgram {
  if (node !== "node" && node !== "/usr/bin/node") throw new Error(`It is started by ${node}.`);
  if (path !== installedCommand())
    throw new Error(`It is started at ${path}, and is installed at ${installedCommand()}.`);
  return new ForeignProgram(process.execPath, ["--import", tsx, command, ...args], options);
}
