import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the pages' files may be, the likeliest first: in this package, beside a server that is one bundle, or in the package that it was made of. */
export async function findPageFolders(): Promise<readonly string[]> {
  const here = MODULE === undefined ? undefined : dirname(MODULE);
  const own = here === undefined ? undefined : await packageAbove(here);
  const program = process.argv[1] === undefined ? undefined : dirname(process.argv[1]);
  const bundles = [here, program].filter((folder) => folder !== undefined);
  const installed = bundles.map(packageOf);
  const built = (roots: readonly (string | undefined)[]) =>
    roots.filter((root) => root !== undefined).map((root) => join(root, "ui", "dist"));
  const beside = bundles.map((folder) => join(folder, "tidings-pages"));
  return [...new Set([...built([own]), ...beside, ...built(installed)])];
}

/** Some bundlers leave none in CommonJS, or name the file it was on the machine that bundled it. */
const MODULE: string | undefined = fileAt(import.meta.url);

function fileAt(url: string | undefined): string | undefined {
  return url?.startsWith("file:") ? fileURLToPath(url) : undefined;
}

/** The package whose file this is, both in its sources and built. */
async function packageAbove(folder: string): Promise<string | undefined> {
  try {
    const { name } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { readonly name?: unknown };
    if (name === "tidings") return folder;
  } catch {
    // None here, or none that can be read.
  }
  const parent = dirname(folder);
  return parent === folder ? undefined : packageAbove(parent);
}

/** The package that is installed for who is in this folder. */
function packageOf(folder: string): string | undefined {
  try {
    return dirname(createRequire(join(folder, "server.js")).resolve("tidings/package.json"));
  } catch {
    return undefined;
  }
}
