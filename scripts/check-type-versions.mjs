// Type-checks test/types with every TypeScript that an app may be compiled with: the oldest and the newest, which have
// package.json and lock of their own in test/types/versions, and the one this repository is built with.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const versions = `${root}test/types/versions/`;
const packages = [
  `${versions}node_modules/typescript-5.7/`,
  `${root}node_modules/typescript/`,
  `${versions}node_modules/typescript-7/`,
];

if (!isInstalled()) {
  // On Windows npm is a script, which only a shell can start.
  const shell = process.platform === "win32";
  execFileSync("npm", ["ci", "--loglevel=error", "--no-audit", "--no-fund"], {
    cwd: versions,
    stdio: "inherit",
    shell,
  });
}
for (const path of packages) check(path);

/** Whether the compilers that the lock names are there. */
function isInstalled() {
  const { packages } = readJson(`${versions}package-lock.json`);
  return Object.entries(packages).every(([path, { version, optional }]) => {
    if (path === "" || optional) return true;
    const manifest = `${versions}${path}/package.json`;
    return existsSync(manifest) && readJson(manifest).version === version;
  });
}

function check(path) {
  const { version } = readJson(`${path}package.json`);
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    [`${path}bin/tsc`, "--project", `${root}test/types`, "--pretty", "false"],
    { encoding: "utf8" },
  );
  if (status === 0) {
    console.log(`TypeScript ${version}: passes`);
    return;
  }
  console.log(`TypeScript ${version}: fails`);
  console.error(`${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`.trimEnd());
  process.exitCode = 1;
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}
