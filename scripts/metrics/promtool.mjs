import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const cached = fileURLToPath(new URL("../../node_modules/.cache/promtool/promtool", import.meta.url));
const INSTALLED = "promtool";
/** What it may take to download 20 MB. */
const PATIENCE_MS = 120_000;

/** Where Prometheus' `promtool` is: one that is installed, or that of Debian's package, which is unpacked and kept. */
export function findPromtool() {
  if (spawnSync(INSTALLED, ["--version"]).status === 0) return INSTALLED;
  if (!existsSync(cached)) withFolder(unpackInto);
  return cached;
}

/** What it says. Throws with that where it takes exception to something. */
export function runPromtool(promtool, args, input) {
  try {
    return execFileSync(promtool, args, { input, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const said = [error.stdout, error.stderr].filter((text) => text?.trim()).join("\n");
    throw new Error(said || error.message, { cause: error });
  }
}

/** Runs `use` with an empty folder, which is gone afterwards. */
export function withFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), "promtool-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The package itself is not installed: it would start a server. */
function unpackInto(folder) {
  runIn(folder, "apt-get", "-qq", "download", "prometheus");
  const [file] = readdirSync(folder);
  runIn(folder, "dpkg-deb", "-x", file, "unpacked");
  mkdirSync(dirname(cached), { recursive: true });
  // Whole or not at all.
  copyFileSync(join(folder, "unpacked/usr/bin/promtool"), `${cached}.new`);
  renameSync(`${cached}.new`, cached);
}

function runIn(cwd, program, ...args) {
  const { status, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8", timeout: PATIENCE_MS });
  if (status === 0) return;
  const why = error?.message ?? stderr.trim().split("\n").at(-1);
  throw new Error(`There is no promtool, and Debian's package prometheus could not be unpacked: ${why}`);
}
