import { spawnSync } from "node:child_process";
import { parseAllDocuments } from "yaml";
import type { Block, Fault, Page } from "./page.js";

/** What can't be read of the pages' JSON, YAML and Python. */
export function checkData(pages: readonly Page[]): Fault[] {
  const blocks = pages.flatMap(({ path, blocks }) => blocks.map((block) => ({ path, block })));
  const faults = blocks.flatMap(({ path, block }) =>
    (READERS[block.language]?.(block) ?? []).map((fault) => ({ path, ...fault })),
  );
  return [...faults, ...pythonFaults(blocks.filter(({ block }) => block.language === "python"))];
}

/** Whether a block of this language is read. */
export function isData({ language }: Block): boolean {
  return language === "python" || READERS[language] !== undefined;
}

type Place = Pick<Fault, "line" | "text">;

const READERS: Readonly<Record<string, ((block: Block) => Place[]) | undefined>> = {
  json: jsonFaults,
  yaml: yamlFaults,
};

function jsonFaults({ code, line }: Block): Place[] {
  try {
    JSON.parse(code);
    return [];
  } catch (error) {
    return [{ line, text: String(error) }];
  }
}

function yamlFaults({ code, line }: Block): Place[] {
  return parseAllDocuments(code).flatMap((document) =>
    document.errors.map(({ linePos, message }) => ({ line: line + (linePos?.[0].line ?? 1) - 1, text: message })),
  );
}

/** By Python itself, in one process. */
function pythonFaults(blocks: readonly { readonly path: string; readonly block: Block }[]): Fault[] {
  if (blocks.length === 0) return [];
  const codes = JSON.stringify(blocks.map(({ block }) => block.code));
  const { status, stdout, stderr } = spawnSync("python3", ["-c", PYTHON], { input: codes, encoding: "utf8" });
  if (status !== 0) throw new Error(`python3 does not read the pages' Python: ${stderr}`);
  const found = JSON.parse(stdout) as (readonly [index: number, line: number, text: string])[];
  return found.flatMap(([index, line, text]) => {
    const at = blocks[index];
    return at === undefined ? [] : [{ path: at.path, line: at.block.line + line - 1, text }];
  });
}

const PYTHON = `
import ast, json, sys
found = []
for index, code in enumerate(json.load(sys.stdin)):
    try:
        ast.parse(code)
    except SyntaxError as error:
        found.append([index, error.lineno or 1, f"SyntaxError: {error.msg}"])
print(json.dumps(found))
`;
