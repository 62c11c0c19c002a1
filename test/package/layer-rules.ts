import { isBuiltin } from "node:module";
import { findImports, type Import, resolveImport } from "./imports.js";
import { adapterDoors, doorFolders, layers, packageOwners, pureFolders, typeLayers, typePackages } from "./layers.js";

type Files = ReadonlyMap<string, string>;

/** Every import under `src/` that the table forbids, one line each. `packages` are the dependencies and peers we declare. */
export function checkImports(files: Files, packages: readonly string[]): string[] {
  return [...files].flatMap(([path, text]) =>
    findImports(path, text).flatMap((found) => {
      const fault = faultOf(path, found, files, packages);
      return fault ? [`${found.place}: ${found.text} — ${fault}`] : [];
    }),
  );
}

/** Files that stand where the table has no place for them. */
export function checkFolders(files: Files): string[] {
  return [...files.keys()].flatMap((path) => {
    const inside = path.slice("src/".length);
    const folder = folderOf(inside);
    if (layers[folder] === undefined) return [`${path} — ${folder} has no row in the table of layers`];
    const isIndex = /(^|\/)index\.tsx?$/.test(inside);
    const isDoor = inside === "index.ts" || doorFolders.some((door) => inside === `${door}/index.ts`);
    return isIndex && !isDoor ? [`${path} — only a door has an index.ts`] : [];
  });
}

/** Files that load each other in a ring, as `a → b → a`. Types load nothing. */
export function findCycles(files: Files): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(" → "));
    if (start >= 0 || done.has(path)) return;
    for (const next of loadedBy(path, files)) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of files.keys()) visit(path, []);
  return cycles;
}

function loadedBy(path: string, files: Files): string[] {
  const loading = findImports(path, files.get(path) ?? "").filter(({ typeOnly }) => !typeOnly);
  const targets = loading.map(({ specifier }) => targetOf(path, specifier, files));
  return [...new Set(targets)].filter((target) => target !== undefined).filter((target) => files.has(target));
}

function faultOf(path: string, found: Import, files: Files, packages: readonly string[]): string | undefined {
  const target = targetOf(path, found.specifier, files);
  const from = path.slice("src/".length);
  if (target === undefined) return packageFault(from, found, packages);
  if (!target.startsWith("src/")) return `${nameOf(from)} may not import what is not in src`;
  return layerFault(from, target.slice("src/".length), found.typeOnly);
}

function layerFault(from: string, to: string, typeOnly: boolean): string | undefined {
  const folder = folderOf(from);
  const isContract = layers[from] !== undefined;
  if (!isContract && folder === folderOf(to)) return undefined;
  if (covers(layers[isContract ? from : folder], to)) return undefined;
  const asTypes = covers(typeLayers[folder], to);
  if (asTypes && typeOnly) return undefined;
  return `${nameOf(from)} may ${asTypes ? "only import types of" : "not import"} ${nameOf(to)}`;
}

function packageFault(from: string, found: Import, packages: readonly string[]): string | undefined {
  const { specifier, typeOnly } = found;
  const name = specifier.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? specifier;
  if (pureFolders.includes(folderOf(from))) {
    if (!typePackages.includes(name)) return `${nameOf(from)} may not import ${name}`;
    if (!typeOnly) return `${nameOf(from)} may only import types of ${name}`;
  }
  if (isBuiltin(specifier)) return undefined;
  if (!packages.includes(name)) return `${name} is not among the dependencies in package.json`;
  const owners = packageOwners[name];
  if (owners && !covers(owners, from)) return `only ${owners.join(" and ")} may import ${name}`;
  return undefined;
}

/** The file under the root that an import means; none for a package. Our own doors, by name, mean their sources. */
function targetOf(path: string, specifier: string, files: Files): string | undefined {
  if (/^\.{1,2}(\/|$)/.test(specifier)) return resolveImport(path, specifier, files);
  if (specifier === "tidings") return "src/index.ts";
  const door = specifier.match(/^tidings\/(.+)$/)?.[1];
  return door && `src/${adapterDoors[door] ?? `${door}/index.ts`}`;
}

function covers(names: readonly string[] | undefined, path: string): boolean {
  return names?.some((name) => path === name || path.startsWith(`${name}/`)) === true;
}

/** The folder of a path inside `src/`; a file at the top stands for itself. */
function folderOf(path: string): string {
  return path.split("/")[0] ?? path;
}

/** How a message calls it: `hub`, `observe's port`, and `transport/ws.ts` where the folder alone would not tell. */
function nameOf(path: string): string {
  const folder = folderOf(path);
  if (path === `${folder}/${folder}.ts` && layers[path]) return `${folder}'s port`;
  return layers[`${folder}/${folder}.ts`] ? path : folder;
}
