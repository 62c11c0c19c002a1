import { existsSync, readFileSync, realpathSync } from "node:fs";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { packageFolder, packageVersion } from "../package.js";

/** By which a project in this folder depends on the very package that this command is of. */
export function rangeOfThisPackage(folder: string): string {
  return rangeOf({ folder, from: fileURLToPath(packageFolder), version: packageVersion });
}

export interface Installed {
  /** Of the project that is to depend on it. */
  readonly folder: string;
  /** Where the package is. */
  readonly from: string;
  readonly version: string;
}

/**
 * From a registry it is its version. From a tarball it is that tarball, and from a folder (a link, or a checkout) that
 * folder: no registry need have what was only built here.
 */
export function rangeOf({ folder, from, version }: Installed): string {
  const modules = `${sep}node_modules${sep}`;
  if (!from.includes(modules)) return fileRange(folder, from);
  // The outermost is the project's that it was installed into; pnpm has others within.
  const project = from.slice(0, from.indexOf(modules));
  const innermost = from.slice(0, from.lastIndexOf(modules));
  const source = [innermost, project].map(sourceIn).find((path) => path !== undefined && existsSync(path));
  return source === undefined ? `^${version}` : fileRange(folder, source);
}

/** The file or the folder that a project has it from; undefined where that is a registry. */
function sourceIn(project: string): string | undefined {
  const lock = readJson(join(project, "node_modules", ".package-lock.json"));
  const range = lock?.packages?.["node_modules/tidings"]?.resolved ?? rangeIn(readJson(join(project, "package.json")));
  if (range?.startsWith("file:") !== true) return undefined;
  const path = decodeURI(range.slice("file:".length)).replace(/^\/\/(?=\/)/, "");
  return isAbsolute(path) ? path : resolve(project, path);
}

function rangeIn(json: PackageFile | undefined): string | undefined {
  return json?.dependencies?.tidings ?? json?.devDependencies?.tidings;
}

/** What matters here of a package.json, and of the lock that npm keeps of what is installed. */
interface PackageFile {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly packages?: Readonly<Record<string, { readonly resolved?: string }>>;
}

function readJson(path: string): PackageFile | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")); // npm writes it so
  } catch {
    return undefined;
  }
}

/** Relative, so that both may be moved together. */
function fileRange(folder: string, path: string): string {
  const way = relative(realPathOf(folder), realPathOf(path)).split(sep).join("/");
  return `file:${way.startsWith(".") || way.startsWith("/") ? way : `./${way}`}`;
}

/** npm looks from where a link leads to. */
function realPathOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : resolve(path);
}
