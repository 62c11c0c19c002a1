import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs `use` with an empty folder, which is gone afterwards, and with what writes a file into it and gives its path. */
export async function withFolder<Result>(
  use: (folder: string, write: (name: string, text: string) => string) => Result | Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "deployment-"));
  try {
    return await use(folder, (name, text) => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
