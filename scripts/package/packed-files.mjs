// Which files are in the package, and how large it is.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import ts from "typescript";
import { waysTo } from "./doors.mjs";

/** In KB of 1,000 bytes: what is fetched, what it becomes, and that with all that must be there beside it. */
const LIMITS = { tarball: 1_700, unpacked: 5_300, "with its dependencies": 7_500 };
const NEEDED = ["LICENSE", "README.md", "CHANGELOG.md", "PROTOCOL.md", "package.json"];
const NEEDLESS =
  /\.test\.tsx?$|\.(tgz|tsbuildinfo)$|(^|\/)(tsconfig[^/]*\.json|\.[^/]+)$|^(bench|examples|scripts|test)\//;
/** What the command starts in a process of its own. */
const STARTED = ["dist/cli/dev/child.js"];

/** Rejects with what is missing, in vain or too large. */
export async function checkPackedFiles({ installed, tarball }) {
  const files = filesIn(installed);
  const used = reachable(installed, files);
  const sizes = sizesOf(installed, tarball, files);
  const problems = [
    ...NEEDED.filter((path) => !files.has(path)).map((path) => `${path} is missing`),
    ...[...files]
      .filter((path) => NEEDLESS.test(path) && !path.startsWith("templates/"))
      .map((path) => `${path} is of no use to anybody`),
    ...[...files]
      .filter((path) => path.startsWith("dist/") && !used.has(path))
      .map((path) => `${path} is reached from nowhere`),
    ...[...used].filter((path) => !files.has(path)).map((path) => `${path} is named, and missing`),
    ...Object.entries(LIMITS)
      .filter(([what, limit]) => sizes[what] > limit)
      .map(([what, limit]) => `${what}: ${sizes[what]} KB, more than ${limit} KB`),
  ];
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const told = Object.entries(sizes).map(([what, size]) => `${what} ${size} KB`);
  return `${files.size} files; ${told.join(", ")}`;
}

/** From the package's folder, with `/`. */
function filesIn(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const paths = files.map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
  return new Set(paths.filter((path) => !path.startsWith("node_modules/")));
}

/** What of `dist/` the doors and the command lead to: imports, what is loaded by its address, and the maps of both. */
function reachable(folder, files) {
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const roots = [...waysTo(folder).flatMap(({ code, types }) => [code, types]), ...Object.values(bin), ...STARTED];
  const used = new Set(roots.map((path) => posix.normalize(path)));
  for (const path of used) {
    if (!files.has(path) || path.endsWith(".map")) continue;
    const text = readFileSync(join(folder, path), "utf8");
    for (const named of namedIn(path, text)) used.add(posix.join(posix.dirname(path), named));
  }
  return used;
}

/** As declarations name code, which is told by its own. */
function namedIn(path, text) {
  const { importedFiles } = ts.preProcessFile(text);
  const imported = importedFiles.map(({ fileName }) => fileName).filter((name) => name.startsWith("."));
  const isDeclaration = path.endsWith(".d.ts");
  return [
    ...imported.map((name) => (isDeclaration ? name.replace(/\.js$/, ".d.ts") : name)),
    ...Array.from(text.matchAll(ADDRESS), ([, name]) => name),
    ...Array.from(text.matchAll(/^\/\/# sourceMappingURL=(.+)$/gm), ([, name]) => name),
  ];
}

/** `new URL("./entry.js", import.meta.url)`, but in comments and in what is told to people. */
const ADDRESS = /^[^*/\\]*new URL\("(\.[^"]+\.js)", import\.meta\.url\)/gm;

function sizesOf(installed, tarball, files) {
  const unpacked = sum([...files].map((path) => statSync(join(installed, path)).size));
  const others = [...dependenciesOf(installed)].map((folder) => sum(sizesIn(folder)));
  return {
    tarball: kilobytes(statSync(tarball).size),
    unpacked: kilobytes(unpacked),
    "with its dependencies": kilobytes(unpacked + sum(others)),
  };
}

/** The folders of all that is installed because this package is. */
function dependenciesOf(installed) {
  const found = new Set();
  const waiting = [installed];
  for (const folder of waiting) {
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    for (const name of Object.keys(dependencies)) {
      const theirs = join(dirname(installed), name);
      if (found.has(theirs)) continue;
      found.add(theirs);
      waiting.push(theirs);
    }
  }
  return found;
}

function sizesIn(folder) {
  return [...filesIn(folder)].map((path) => statSync(join(folder, path)).size);
}

function sum(numbers) {
  return numbers.reduce((all, number) => all + number, 0);
}

function kilobytes(bytes) {
  return Math.round(bytes / 1_000);
}
