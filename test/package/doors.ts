import ts from "typescript";
import { adapterDoors, doorFolders } from "./layers.js";
import { parseSource, walk } from "./syntax.js";

export interface DoorLists {
  readonly packageJson: string;
  readonly tsconfig: string;
  readonly tsdownConfig: string;
}

interface Manifest {
  readonly exports: Readonly<Record<string, Target>>;
  readonly bin?: Readonly<Record<string, string>>;
}
type Target = string | { readonly [condition: string]: Target };

/**
 * Where the three lists of doors differ from each other, and from the files under `src/`.
 *
 * Doors are compared as `tidings/auth = src/auth/index.ts`, what is built as `auth/index = src/auth/index.ts`.
 */
export function checkDoors(lists: DoorLists, paths: readonly string[]): string[] {
  const manifest: Manifest = JSON.parse(lists.packageJson);
  const built = builtNames(manifest);
  const sources = built.map((name) => `src/${name}.ts`);
  return [
    ...compare("package.json", exportedDoors(manifest), "tsconfig.json", typedDoors(lists.tsconfig)),
    ...compare("package.json", built.map(entryOf), "tsdown.config.ts", buildEntries(lists.tsdownConfig).filter(isDoor)),
    ...exportedDoors(manifest)
      .filter((door) => !knownDoors.includes(door))
      .map(saying("is not where a door stands")),
    ...sources.filter((source) => !paths.includes(source)).map(saying("does not exist")),
    ...paths.filter((path) => isIndex(path) && !sources.includes(path)).map(saying("is no door in package.json")),
  ];
}

/** One thing is built that is no door: a program that the package starts in a process of its own. */
const isDoor = (entry: string): boolean => entry !== "cli/dev/child = src/cli/dev/child.ts";

const knownDoors: readonly string[] = [
  "tidings = src/index.ts",
  ...doorFolders.map((folder) => `tidings/${folder} = src/${folder}/index.ts`),
  ...Object.entries(adapterDoors).map(([door, file]) => `tidings/${door} = src/${file}`),
];

/** The doors in package.json's `exports`, each with the source of its default condition. */
function exportedDoors({ exports }: Manifest): string[] {
  const doors = Object.entries(exports).filter(([door]) => door !== "./package.json");
  return doors.map(([door, target]) => {
    const name = targetsOf(target).map(builtName).at(-1);
    return `${door.replace(/^\./, "tidings")} = src/${name}.ts`;
  });
}

/** Whatever of `dist/` package.json names: under any condition, as types, or as a command. */
function builtNames({ exports, bin }: Manifest): string[] {
  const targets = [...Object.values(exports), bin ?? {}].flatMap(targetsOf);
  return [...new Set(targets.filter((target) => target !== "./package.json").map(builtName))];
}

function typedDoors(tsconfig: string): string[] {
  const { config } = ts.parseConfigFileTextToJson("tsconfig.json", tsconfig);
  const paths: Record<string, string[]> = config.compilerOptions.paths;
  return Object.entries(paths).map(([door, sources]) => `${door} = ${sources.join().replace(/^\.\//, "")}`);
}

function buildEntries(tsdownConfig: string): string[] {
  const nodes = [...walk(parseSource("tsdown.config.ts", tsdownConfig))].filter(ts.isPropertyAssignment);
  const entry = nodes.find(({ name }) => name.getText() === "entry");
  return nodes.flatMap(({ parent, name, initializer }) => {
    if (parent !== entry?.initializer) return [];
    return [`${name.getText()} = ${initializer.getText()}`.replaceAll('"', "")];
  });
}

function compare(nameA: string, a: readonly string[], nameB: string, b: readonly string[]): string[] {
  return [
    ...a.filter((line) => !b.includes(line)).map(saying(`is in ${nameA}, not in ${nameB}`)),
    ...b.filter((line) => !a.includes(line)).map(saying(`is in ${nameB}, not in ${nameA}`)),
  ];
}

function targetsOf(target: Target): string[] {
  return typeof target === "string" ? [target] : Object.values(target).flatMap(targetsOf);
}

function builtName(target: string): string {
  return target.replace(/^(\.\/)?dist\//, "").replace(/(\.d\.ts|\.js)$/, "");
}

function entryOf(name: string): string {
  return `${name} = src/${name}.ts`;
}

function isIndex(path: string): boolean {
  return /\/index\.tsx?$/.test(path);
}

function saying(fault: string): (subject: string) => string {
  return (subject) => `${subject} — ${fault}`;
}
