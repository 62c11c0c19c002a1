// Maps of the code and of the declarations: each leads to sources that are in the package.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Rejects with the files that have no map, and the maps whose sources are missing or twice there. */
export async function checkMaps({ installed }) {
  const folder = join(installed, "dist");
  const paths = readdirSync(folder, { recursive: true }).map(String);
  const maps = paths.filter((path) => path.endsWith(".map"));
  const problems = [
    ...paths
      .filter((path) => path.endsWith("s") && lacksMap(join(folder, path)))
      .map((path) => `dist/${path} has no map`),
    ...maps.flatMap((path) => faultsOf(join(folder, path)).map((fault) => `dist/${path} ${fault}`)),
  ];
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return `${maps.length} maps lead to sources that are in the package`;
}

/** What only hands on what other files have needs none, nor what is a source itself. */
function lacksMap(path) {
  if (!/\.(js|d\.ts)$/.test(path) || path.endsWith("worker-entry.js")) return false;
  const text = readFileSync(path, "utf8");
  if (!text.includes("//#region src/")) return false;
  return !/^\/\/# sourceMappingURL=.+\.map$/m.test(text);
}

function faultsOf(path) {
  const { sources, sourcesContent, mappings } = JSON.parse(readFileSync(path, "utf8"));
  return [
    ...sources
      .filter((source) => !existsSync(join(dirname(path), source)))
      .map((source) => `names ${source}, which is missing`),
    ...(sources.length === 0 || mappings === "" ? ["leads nowhere"] : []),
    // `src/` is in the package.
    ...(sourcesContent?.some((content) => content !== null) ? ["has the sources in it, which are in the package"] : []),
  ];
}
