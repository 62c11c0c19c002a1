import { relative } from "node:path";
import type { CommandShape } from "./command.js";
import { createProject } from "./create/project.js";
import { exitCodes } from "./exit-code.js";

interface CreateOptions {
  readonly force?: boolean;
}

/** A new project that runs and tests. */
export const createCommand: CommandShape<CreateOptions> = {
  usage: "create <folder>",
  summary: "write a new project that runs and has a test",
  examples: [
    ["npx tidings create chat", "in the new folder chat; then npm install, npm test, npm run dev"],
    ["npx tidings create .", "in this one, which must be empty"],
  ],
  options: (command) =>
    command.option("--force", "write beside and over what is in the folder; a .env that is there stays"),
  async run({ terminal, args: [folder = "."], options }) {
    const { path, name, tidings, files } = createProject(folder, { isForced: options.force === true });
    const shown = relative(process.cwd(), path) || ".";
    const steps = [...(shown === "." ? [] : [stepInto(shown)]), "npm install", "npm test", "npm run dev"];
    const text = [
      `A new project, ${terminal.style("bold", name)}, is in ${shown}: ${files.join(", ")}.`,
      `It depends on tidings ${tidings}.`,
      "",
      ...steps.map((step) => `  ${step}`),
      "",
      "Then open http://127.0.0.1:8000/docs, with a token of `npm run --silent token ana`.",
    ].join("\n");
    terminal.result({ folder: path, name, tidings, files, steps }, text);
    return exitCodes.done;
  },
};

/** As a shell takes it that splits at blanks and knows signs of its own. */
export function stepInto(folder: string): string {
  const path = folder.startsWith("-") ? `./${folder}` : folder;
  if (/^[\p{L}\p{N}/._+@-]+$/u.test(path)) return `cd ${path}`;
  return `cd ${process.platform === "win32" ? `"${path}"` : `'${path.replaceAll("'", "'\\''")}'`}`;
}
