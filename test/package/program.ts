import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../../", import.meta.url));
const options = readOptions();
/** Of the standard library and the dependencies, which are the same for every program. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/**
 * A program of the repository, as `tsc -p .` sees it, of these files and what they import.
 *
 * Paths are the repository's, with `/`. Texts in `files` stand for files that are there, or are added to them.
 */
export function createProgram(
  roots: readonly string[],
  files: ReadonlyMap<string, string> = new Map(),
  changes: ts.CompilerOptions = {},
): ts.Program {
  const given = { ...options, ...changes };
  const host = ts.createCompilerHost(given);
  const { fileExists, readFile } = host;
  host.fileExists = (name) => files.has(pathOf(name)) || fileExists(name);
  host.readFile = (name) => files.get(pathOf(name)) ?? readFile(name);
  host.directoryExists = (name) => ts.sys.directoryExists(name) || isFolderOf(files, pathOf(name));
  host.getSourceFile = (name, how) => {
    const shared = name.includes("/node_modules/");
    if (shared && parsed.has(name)) return parsed.get(name);
    const text = host.readFile(name);
    const source = text === undefined ? undefined : ts.createSourceFile(name, text, how);
    if (shared) parsed.set(name, source);
    return source;
  };
  return ts.createProgram(
    roots.map((path) => root + path),
    given,
    host,
  );
}

/** The path in the repository of a file that a compiler names. */
export function pathOf(fileName: string): string {
  return fileName.replaceAll("\\", "/").replace(root.replaceAll("\\", "/"), "");
}

/** `path:line: what is wrong`, as `tsc` says it. */
export function describeErrors(program: ts.Program): string[] {
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, " ");
    if (file === undefined) return message;
    return `${pathOf(file.fileName)}:${file.getLineAndCharacterOfPosition(start).line + 1}: ${message}`;
  });
}

/** The declarations that a program's own files compile to, by the path of the source. */
export function emitDeclarations(program: ts.Program): Map<string, string> {
  const declarations = new Map<string, string>();
  program.emit(
    undefined,
    (name, text) => {
      declarations.set(pathOf(name).replace(/\.d\.ts$/, ".ts"), text);
    },
    undefined,
    true,
  );
  return declarations;
}

function readOptions(): ts.CompilerOptions {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic() {} };
  const config = ts.getParsedCommandLineOfConfigFile(`${root}tsconfig.json`, {}, host);
  if (config === undefined) throw new Error("tsconfig.json can't be read.");
  return config.options;
}

function isFolderOf(files: ReadonlyMap<string, string>, folder: string): boolean {
  return [...files.keys()].some((path) => path.startsWith(`${folder}/`));
}
