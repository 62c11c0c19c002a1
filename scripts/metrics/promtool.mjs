import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findDebianProgram } from "../../test/support/debian-package.ts";

/** Where Prometheus' `promtool` is. */
export function findPromtool() {
  return findDebianProgram({ name: "promtool", debianPackage: "prometheus", path: "usr/bin/promtool" });
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
