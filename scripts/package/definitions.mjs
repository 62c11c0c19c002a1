// "Go to definition", as editors ask TypeScript's server for it, of every name that a door exports: it goes to the source.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, sep } from "node:path";
import { createInterface } from "node:readline";
import ts from "typescript";
import { doorsOf } from "./doors.mjs";

/** Rejects with the names that it does not find in `src/`. */
export async function checkDefinitions({ installed, project }) {
  const file = join(project, "every-name.mts");
  const names = doorsOf(installed).flatMap((door) => exportedNames(project, door).map((name) => ({ door, name })));
  const text = names.map(({ door, name }, index) => `import { ${name} as n${index} } from "${door}";`).join("\n");
  writeFileSync(file, text);
  const server = new TypeScriptServer(project);
  const problems = [];
  try {
    server.tell("open", { file });
    for (const [index, { door, name }] of names.entries()) {
      const [place] = await server.ask("definition", { file, line: index + 1, offset: "import { x".length });
      const fault = place === undefined ? "leads nowhere" : faultOf(installed, name, place);
      if (fault !== undefined) problems.push(`${name} of ${door} ${fault}`);
    }
  } finally {
    server.end();
  }
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return `${names.length} names lead to their source`;
}

/** Values and types. */
function exportedNames(project, door) {
  const from = join(project, "room.ts");
  const options = { module: ts.ModuleKind.NodeNext, types: [], noLib: true };
  const { resolvedModule } = ts.resolveModuleName(
    door,
    from,
    options,
    ts.sys,
    undefined,
    undefined,
    ts.ModuleKind.ESNext,
  );
  const program = ts.createProgram([resolvedModule.resolvedFileName], options);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(resolvedModule.resolvedFileName));
  return checker.getExportsOfModule(module).map(({ name }) => name);
}

/** Where a definition stands, and not only its file: in a line that has its name. */
function faultOf(installed, name, { file, start }) {
  const path = relative(installed, file).split(sep).join("/");
  if (!/^src\/.+\.tsx?$/.test(path)) return `leads to ${path}`;
  const line = readFileSync(file, "utf8").split("\n")[start.line - 1] ?? "";
  return new RegExp(`\\b${name}\\b`).test(line) ? undefined : `leads to ${path}:${start.line}, which reads: ${line}`;
}

class TypeScriptServer {
  #child;
  #asked = 0;
  /** Number of what was asked → who waits for the answer. */
  #waiting = new Map();

  constructor(cwd) {
    const path = createRequire(import.meta.url).resolve("typescript/lib/tsserver.js");
    const flags = [
      "--disableAutomaticTypingAcquisition",
      "--suppressDiagnosticEvents",
      "--useInferredProjectPerProjectRoot",
    ];
    this.#child = spawn(process.execPath, [path, ...flags], { cwd, stdio: ["pipe", "pipe", "inherit"] });
    // Its answers are lines of JSON, with headers in between.
    createInterface({ input: this.#child.stdout }).on(
      "line",
      (line) => line.startsWith("{") && this.#hear(JSON.parse(line)),
    );
    this.#child.once("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("TypeScript's server has ended."));
    });
  }

  tell(command, args) {
    this.#asked += 1;
    this.#child.stdin.write(`${JSON.stringify({ seq: this.#asked, type: "request", command, arguments: args })}\n`);
    return this.#asked;
  }

  ask(command, args) {
    return new Promise((resolve, reject) => this.#waiting.set(this.tell(command, args), { resolve, reject }));
  }

  end() {
    this.#child.kill();
  }

  #hear({ type, request_seq: asked, success, body, message }) {
    if (type !== "response") return;
    const { resolve, reject } = this.#waiting.get(asked) ?? {};
    this.#waiting.delete(asked);
    if (success) resolve?.(body);
    else reject?.(new Error(message));
  }
}
