// The programs that look at the package, in a folder and with a lock of their own: they are 100 MB together.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { npm } from "../user-project.mjs";

const folder = new URL("./tools/", import.meta.url);

/** Loads one of them. */
export const requireTool = createRequire(new URL("package.json", folder));

/** Of a file within one of them, such as `typedoc/bin/typedoc`. */
export function toolPath(path) {
  return fileURLToPath(new URL(`node_modules/${path}`, folder));
}

/** Unless they are there as the lock has them. Without the scripts of what it installs: none needs any. */
export async function installTools() {
  const { packages } = readJson(new URL("package-lock.json", folder));
  const isInstalled = Object.entries(packages).every(([path, { version, optional }]) => {
    if (path === "" || optional) return true;
    const manifest = new URL(`${path}/package.json`, folder);
    return existsSync(manifest) && readJson(manifest).version === version;
  });
  const quiet = ["--loglevel=error", "--no-audit", "--no-fund", "--prefer-offline"];
  if (!isInstalled) await npm(fileURLToPath(folder), "ci", "--ignore-scripts", ...quiet);
}

function readJson(url) {
  return JSON.parse(readFileSync(url, "utf8"));
}
