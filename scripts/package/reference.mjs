// The API reference, as typedoc makes it of the sources of the doors.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { waysTo } from "./doors.mjs";
import { toolPath } from "./tools.mjs";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Rejects with what typedoc mentions, such as a link that leads nowhere. Writes nothing. */
export async function checkReference() {
  await makeReference("--emit", "none");
  return "typedoc has nothing to mention";
}

/** Rejects with what typedoc mentions. The sources are compiled by `npm run check`; what no door exports is told by the API reports. */
export async function makeReference(...args) {
  const ways = waysTo(root).filter(({ condition }) => condition === "default");
  const entries = ways.flatMap(({ code }) => ["--entryPoints", code.replace(/^dist\/(.+)\.js$/, "src/$1.ts")]);
  const command = [toolPath("typedoc/bin/typedoc"), "--options", "scripts/package/typedoc.json", ...entries, ...args];
  await run(process.execPath, command, { cwd: root, env: { ...process.env, NO_COLOR: "1" } }).catch((error) => {
    throw new Error(`${error.stdout}${error.stderr}`.trim());
  });
}
