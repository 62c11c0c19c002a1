// The programs of test/doors: type-checked under each setting of modules that a project may have, and run.
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { doorsOf } from "./doors.mjs";

const run = promisify(execFile);
/** How long a program may take, which needs a second or two. */
const PATIENCE_MS = 20_000;
const BUNDLER = ts.ModuleResolutionKind.Bundler;

/** How a project may find its modules. `require` of an ES module is one of Node 20.19, which `node16` does not know. */
const SETTINGS = [
  { module: ts.ModuleKind.Node16, exactOptionalPropertyTypes: false },
  { module: ts.ModuleKind.NodeNext, exactOptionalPropertyTypes: true, hasRequire: true },
  { module: ts.ModuleKind.ESNext, moduleResolution: BUNDLER, exactOptionalPropertyTypes: true },
  { module: ts.ModuleKind.ESNext, moduleResolution: BUNDLER, exactOptionalPropertyTypes: false },
];
/** A server has the types of Node and none of a browser, a page the other way round. */
const SERVER = { lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"], types: ["node"] };
const PAGE = { lib: ["lib.es2023.d.ts", "lib.dom.d.ts"], types: [] };

/** Rejects with what a compiler finds, in the package's own declarations too. */
export async function checkTypes({ project }) {
  const parsed = new Map();
  const problems = SETTINGS.flatMap(({ hasRequire = false, ...setting }) => {
    const server = hasRequire ? ["every-door.mts", "every-door.cts"] : ["every-door.mts"];
    return [
      ...findErrors(project, server, { ...COMMON, ...setting, ...SERVER }, parsed),
      ...findErrors(project, ["page.ts"], { ...COMMON, ...setting, ...PAGE }, parsed),
    ];
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return `a server's and a page's programs under ${SETTINGS.length} settings`;
}

/** Rejects where they do not use every door, or fail. */
export async function checkPrograms({ installed, project }) {
  for (const source of ["room.ts", "every-door.mts", "every-door.cts"]) transpile(project, source);
  const doors = doorsOf(installed).toSorted();
  for (const program of ["every-door.mjs", "every-door.cjs"]) {
    const options = { cwd: project, timeout: PATIENCE_MS };
    // That `require` takes an ES module is news to Node 20, and it says so.
    const { stdout, stderr } = await run(process.execPath, ["--disable-warning=ExperimentalWarning", program], options);
    const used = stdout.trim().split("\n").toSorted();
    if (used.join() !== doors.join())
      throw new Error(`${program} uses ${used.join(", ")}, and the doors are ${doors.join(", ")}`);
    if (stderr !== "") throw new Error(`${program} says:\n${stderr}`);
  }
  return `${doors.length} doors, by import and by require`;
}

/** Their types are checked by themselves. */
function transpile(project, source) {
  const { outputText } = ts.transpileModule(readFileSync(join(project, source), "utf8"), {
    fileName: join(project, source),
    // Only the name says of the two programs what they are.
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: source.endsWith(".ts") ? ts.ModuleKind.ESNext : ts.ModuleKind.NodeNext,
    },
  });
  writeFileSync(join(project, source.replace(/ts$/, "js")), outputText);
}

const COMMON = {
  target: ts.ScriptTarget.ES2023,
  strict: true,
  noEmit: true,
  verbatimModuleSyntax: false,
  skipLibCheck: false,
};

function findErrors(project, names, options, parsed) {
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  // What others declare is the same under every setting.
  host.getSourceFile = (name, how) => {
    if (isOurs(name)) return getSourceFile(name, how);
    const key = `${how.impliedNodeFormat} ${name}`;
    if (!parsed.has(key)) parsed.set(key, getSourceFile(name, how));
    return parsed.get(key);
  };
  host.getCurrentDirectory = () => project;
  const roots = names.map((name) => join(project, name));
  const program = ts.createProgram(roots, options, host);
  const setting = `${ts.ModuleKind[options.module]}, ${options.exactOptionalPropertyTypes ? "exact" : "loose"} optional properties`;
  const ours = program.getSourceFiles().filter(({ fileName }) => isOurs(fileName));
  const found = [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
  return found.map(({ file, start = 0, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, " ");
    const place = file && `${file.fileName.replace(project, "")}:${file.getLineAndCharacterOfPosition(start).line + 1}`;
    return `${setting}: ${place ?? names.join()}: ${message}`;
  });
}

/** The programs, and the declarations of the package; whether those of others are right is their business. */
function isOurs(fileName) {
  return !fileName.includes("/node_modules/") || fileName.includes("/node_modules/tidings/");
}
