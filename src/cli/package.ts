import { existsSync, readFileSync } from "node:fs";

/** The folder of this package, whether it runs from `src/` or from `dist/`. */
export const packageFolder: URL = folderOf(new URL("./", import.meta.url));

/** Such as `0.9.0`. */
export const packageVersion: string = JSON.parse(readFileSync(new URL("package.json", packageFolder), "utf8")).version;

function folderOf(start: URL): URL {
  let folder = start;
  while (!existsSync(new URL("package.json", folder))) folder = new URL("../", folder);
  return folder;
}
