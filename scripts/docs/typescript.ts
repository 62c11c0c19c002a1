import { dirname, join } from "node:path";
import ts from "typescript";
import { type Block, type Fault, marksOf, type Page } from "./page.js";
import { isStep, projectsOf } from "./steps.js";

/** What is compiled, with where each of its lines is on its page. */
interface Source {
  readonly page: string;
  readonly text: string;
  readonly lines: readonly number[];
  /** The page by whose end it is compiled again, beside what is there by then. */
  readonly by?: string;
}

/**
 * What TypeScript says of the pages' code: all in one program, with the settings of a project that `tidings create` writes,
 * in which a page is a folder. Of JavaScript only that it can be read.
 */
export function compilePages(pages: readonly Page[], root: string): Fault[] {
  const sources = new Map<string, Source>();
  for (const page of pages) {
    const folder = join(root, ".docs", page.path);
    for (const source of sourcesOf(page)) sources.set(join(folder, source.name), source);
  }
  for (const { step, files } of projectsOf(pages.filter(isStep))) {
    for (const [name, { page, code, line }] of files) {
      const source = { page, by: step, ...numbered(code, line) };
      if (IS_CHECKED.test(name)) sources.set(join(root, ".docs", step, "by its end", name), source);
    }
  }
  const ellipsis = join(root, ".docs", "ellipsis.d.ts");
  sources.set(ellipsis, { page: "", text: `declare const ${ELLIPSIS}: never;\n`, lines: [] });
  const program = programOf(sources, root);
  const faults = new Map<string, Fault>();
  for (const [file, source] of sources) {
    const sourceFile = program.getSourceFile(file);
    if (sourceFile === undefined) continue;
    for (const diagnostic of [
      ...program.getSyntacticDiagnostics(sourceFile),
      ...program.getSemanticDiagnostics(sourceFile),
    ]) {
      const fault = faultOf(diagnostic, source);
      const place = `${fault.path}:${fault.line} ${fault.text}`;
      const text = source.by === undefined ? fault.text : `By the end of ${source.by}: ${fault.text}`;
      // What stays wrong is told where it first is.
      if (!faults.has(place)) faults.set(place, { ...fault, text });
    }
  }
  return [...faults.values()];
}

/** Whether a block of this language is compiled. */
export function isCompiled({ language }: Block): boolean {
  return EXTENSIONS.has(language);
}

const EXTENSIONS = new Map([
  ["ts", "ts"],
  ["tsx", "tsx"],
  ["js", "mjs"],
  ["jsx", "jsx"],
]);
const IS_CODE = /\.[cm]?[jt]sx?$/;
/** What a new project's tsconfig.json takes in. */
const IS_CHECKED = /^[^/]+\.ts$/;
const ELLIPSIS = "ELLIPSIS";

function* sourcesOf(page: Page): Iterable<Source & { readonly name: string }> {
  const seen = new Set<string>();
  for (const block of page.blocks) {
    for (const { name, code, line } of marksOf(block, "file")) {
      if (code !== undefined && IS_CODE.test(name)) yield { name, page: page.path, ...numbered(code, line) };
    }
    const extension = EXTENSIONS.get(block.language);
    if (extension === undefined || marksOf(block, "not compiled").length > 0) continue;
    // Another version of a file is beside it: what imports the file means the first.
    const isNew = block.file !== undefined && IS_CODE.test(block.file) && !seen.has(block.file);
    const name = isNew && block.file !== undefined ? block.file : `line-${block.line}.${extension}`;
    seen.add(name);
    yield { name, page: page.path, ...wholeOf(block) };
  }
}

/** The block, with the code that its marks put before or around it; its own imports come first. */
function wholeOf(block: Block): Pick<Source, "text" | "lines"> {
  const own = numbered(block.code, block.line);
  const marks = marksOf(block, "with").map(({ code, line }) => numbered(code, line));
  const around = marks.find(({ text }) => text.includes("…"));
  const before = marks.filter((mark) => mark !== around);
  if (around === undefined) return joined([...before, own, MODULE]);
  const [head = "", tail = ""] = around.text.split("…");
  const height = head.split("\n").length - 1;
  const imports = /^(?:import .*\n)*/.exec(own.text)?.[0] ?? "";
  const count = imports.split("\n").length - 1;
  return joined([
    { text: imports, lines: own.lines.slice(0, count) },
    ...before,
    { text: head, lines: around.lines.slice(0, height + 1) },
    { text: own.text.slice(imports.length), lines: own.lines.slice(count) },
    { text: tail, lines: around.lines.slice(height) },
    MODULE,
  ]);
}

/** Two loose blocks have nothing of each other. */
const MODULE = { text: "export {};", lines: [0] };

function numbered(code: string, line: number): Pick<Source, "text" | "lines"> {
  const text = code.trimEnd();
  return { text, lines: text.split("\n").map((_, index) => line + index) };
}

function joined(parts: readonly Pick<Source, "text" | "lines">[]): Pick<Source, "text" | "lines"> {
  const filled = parts.filter(({ text }) => text.trim() !== "");
  return {
    text: filled.map(({ text }) => text.replace(/\n$/, "").replaceAll("…", ELLIPSIS)).join("\n"),
    lines: filled.flatMap(({ lines }) => lines),
  };
}

function programOf(sources: ReadonlyMap<string, Source>, root: string): ts.Program {
  const options = optionsOf(root);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile, directoryExists } = host;
  const folders = new Set([...sources.keys()].map((file) => dirname(file)));
  host.fileExists = (file) => sources.has(file) || fileExists.call(host, file);
  host.readFile = (file) => sources.get(file)?.text ?? readFile.call(host, file);
  host.directoryExists = (folder) => folders.has(folder) || directoryExists?.call(host, folder) === true;
  host.getSourceFile = (file, languageVersion, ...rest) => {
    const text = sources.get(file)?.text;
    if (text === undefined) return getSourceFile.call(host, file, languageVersion, ...rest);
    return ts.createSourceFile(file, text, languageVersion);
  };
  return ts.createProgram([...sources.keys()], options, host);
}

/** Those of a new project, and what a page needs beside them, as README says. */
function optionsOf(root: string): ts.CompilerOptions {
  const read = (path: string) => ts.readConfigFile(join(root, path), ts.sys.readFile).config.compilerOptions;
  const { paths } = read("tsconfig.json");
  const { lib, ...template } = read("templates/app/tsconfig.json");
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...template, lib: [...lib, "DOM", "DOM.Iterable"], jsx: "react-jsx", allowJs: true, paths },
    root,
  );
  return options;
}

function faultOf(diagnostic: ts.Diagnostic, { page, lines }: Source): Fault {
  const { file, start = 0, messageText, code } = diagnostic;
  const index = file?.getLineAndCharacterOfPosition(start).line ?? 0;
  return {
    path: page,
    line: lines[index] ?? 0,
    text: `TS${code}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
  };
}
