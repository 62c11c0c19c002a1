import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the pages' files may be, the likeliest first: in this package, beside a server that is one bundle, or in the package that it was made of. */
export async function findPageFolders(): Promise<readonly string[]> {
  const program = process.argv[1] === undefined ? [] : [dirname(process.argv[1])];
  const here = MODULE === undefined ? [] : [dirname(MODULE)];
  const roots = [...here.map(packageAbove), ...here.map(packageOf), ...program.map(packageOf)];
  const found = (await Promise.all(roots)).filter((root) => root !== undefined);
  const [own, ...others] = [...new Set(found)].map((root) => join(root, "ui", "dist"));
  const beside = [...here, ...program].map((folder) => join(folder, "tidings-pages"));
  return [...new Set([...(own === undefined ? [] : [own]), ...beside, ...others])];
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
