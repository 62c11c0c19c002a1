import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * The repository's files by path (from the root, with `/`), sorted: what git tracks, and what is new and not ignored.
 *
 * Only paths that `include` matches are read, as UTF-8.
 */
export function readRepository(include: RegExp): Map<string, string> {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  const paths = [...new Set(listed.split("\0"))]
    // git goes on listing a tracked file that was deleted, until the deletion is staged.
    .filter((path) => include.test(path) && existsSync(root + path))
    .sort();
  return new Map(paths.map((path) => [path, readRepositoryFile(path)]));
}

/** The text of one file, by its path from the root. Throws where there is none. */
export function readRepositoryFile(path: string): string {
  return readFileSync(root + path, "utf8");
}
