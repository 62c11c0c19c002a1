import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface DebianProgram {
  /** Its name on the `PATH`. */
  readonly name: string;
  readonly debianPackage: string;
  /** Where it is in that package, such as `usr/sbin/nginx`. */
  readonly path: string;
}

/**
 * Where a program is: one that is installed, or that of Debian's package, which is unpacked and kept. The package itself is not
 * installed, as it would start a server.
 *
 * @throws Error with what to do, where there is neither
 */
export function findDebianProgram(program: DebianProgram): string {
  const installed = ["/usr/bin", "/usr/sbin", "/usr/local/bin"].map((folder) => join(folder, program.name));
  const kept = join(cache, program.name);
  const found = [...installed, kept].find((path) => existsSync(path));
  if (found !== undefined) return found;
  unpack(program, kept);
  return kept;
}

const cache = fileURLToPath(new URL("../../node_modules/.cache/debian", import.meta.url));

function unpack({ name, debianPackage, path }: DebianProgram, kept: string): void {
  const folder = mkdtempSync(join(tmpdir(), "debian-"));
  try {
    const why = download(folder, debianPackage) ?? run(folder, "dpkg-deb", "-x", deb(folder), "unpacked");
    if (why !== undefined) throw missing(name, debianPackage, why);
    mkdirSync(cache, { recursive: true });
    // Whole or not at all, also where another process does the same.
    const fresh = `${kept}.${process.pid}`;
    copyFileSync(join(folder, "unpacked", path), fresh);
    renameSync(fresh, kept);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Why not; undefined when it is there. A computer that is new has no lists of packages, and old lists name what is gone. */
function download(folder: string, debianPackage: string): string | undefined {
  const get = () => run(folder, "apt-get", "-qq", "download", debianPackage);
  if (get() === undefined) return undefined;
  return run(folder, "apt-get", "-qq", "update") ?? get();
}

function deb(folder: string): string {
  return readdirSync(folder).find((file) => file.endsWith(".deb")) ?? "";
}

/** Why it did not succeed. */
function run(cwd: string, program: string, ...args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8", timeout: PATIENCE_MS });
  if (status === 0) return undefined;
  return error?.message ?? stderr.trim().split("\n").at(-1) ?? `it ended with ${status}`;
}

function missing(name: string, debianPackage: string, why: string): Error {
  return new Error(
    `There is no ${name}, and Debian's package ${debianPackage} could not be unpacked (${why}). Install ${debianPackage}.`,
  );
}

/** What it may take to download 20 MB. */
const PATIENCE_MS = 120_000;
