// A project as a user of the package has it, in a folder of its own: what its lock names, and the package as it would be
// published.
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../", import.meta.url));
/** Not as strict about engines as this repository, whose settings npm hands on: a user's npm is not. */
const asUsersDo = ["--loglevel=error", "--no-audit", "--no-fund", "--prefer-offline", "--no-engine-strict"];
const run = promisify(execFile);

/**
 * Copies a folder of test/, installs it, and runs `use` with where it is now. Afterwards it is gone.
 *
 * @param {string} name such as `bundlers`
 * @param {(folder: string) => Promise<void>} use
 */
export async function withUserProject(name, use) {
  const folder = mkdtempSync(join(tmpdir(), `tidings-${name}-`));
  try {
    const project = join(folder, "project");
    cpSync(join(root, "test", name), project, { recursive: true, filter: (path) => !path.endsWith("node_modules") });
    const [tarball] = await together(pack(join(folder, "package")), npm(project, "ci", ...asUsersDo));
    await npm(project, "install", "--no-save", "--no-package-lock", ...asUsersDo, tarball);
    await use(project);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Type-checks, and compiles, with the TypeScript of this repository. Rejects with what it found. */
export async function compile(folder, ...args) {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  try {
    await run(process.execPath, [tsc, "--pretty", "false", ...args], { cwd: folder });
  } catch (error) {
    throw new Error(`tsc ${args.join(" ")}:\n${error.stdout}${error.stderr}`);
  }
}

/** As `Promise.all`, but it does not reject before all have ended. */
export async function together(...promises) {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

/**
 * The package as it would be published: the path of its tarball. Of a copy, so that whoever uses `dist/` just now is left
 * alone; or the one that `PACKED_TIDINGS` names, where somebody has packed it already.
 *
 * @param {string} folder that it makes
 */
export async function pack(folder) {
  const { PACKED_TIDINGS: packedBefore } = process.env;
  if (packedBefore !== undefined) return packedBefore;
  const isPartOfBuild =
    /^(package(-lock)?\.json|tsconfig.*\.json|tsdown\.config\.ts|src|ui|templates|docs|.*\.md|LICENSE)$/;
  for (const name of readdirSync(root)) {
    if (isPartOfBuild.test(name)) cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  const packed = await npm(folder, "pack", "--json", ...asUsersDo);
  // The build says something too, before.
  const [, filename] = /"filename": "(.+\.tgz)"/.exec(packed) ?? [];
  if (filename === undefined) throw new Error(`npm pack named no file:\n${packed}`);
  return join(folder, filename);
}

/** On Windows npm is a script, which only a shell can start. */
export async function npm(cwd, ...args) {
  const { stdout } = await run("npm", args, { cwd, shell: process.platform === "win32" });
  return stdout;
}
