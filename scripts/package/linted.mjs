// What publint has to say of the tarball, and arethetypeswrong of each door's types.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { toolPath } from "./tools.mjs";

const run = promisify(execFile);

/** Rejects with whatever it would mention, suggestions too. */
export async function checkWithPublint({ tarball }) {
  const { buffer } = new Uint8Array(readFileSync(tarball));
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true, level: "suggestion" });
  if (messages.length > 0) throw new Error(messages.map((message) => formatMessage(message, pkg)).join("\n"));
  return "has nothing to say";
}

/** The profile leaves out what can't `require` an ES module, and what knows no `exports`: both older than Node 20.19. */
export async function checkWithAttw({ tarball }) {
  const args = [tarball, "--profile", "esm-only", "--format", "ascii", "--no-emoji", "--no-color"];
  await run(process.execPath, [toolPath("@arethetypeswrong/cli/dist/index.js"), ...args]).catch((error) => {
    throw new Error(`${error.stdout}${error.stderr}`);
  });
  return "each door has its types, from ES modules and for bundlers";
}
