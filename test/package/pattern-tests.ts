import ts from "typescript";
import { findImports } from "./imports.js";
import { lineOf, namesOf, parseSource, placeOf, walk } from "./syntax.js";

/** What a test talks through when it opens a real socket. */
const socketModules = /^(ws|tidings\/client|(\.\.\/)+support\/(raw|ws)-client\.js)$/;

interface PatternTest {
  readonly row: string;
  readonly place: string;
  readonly line: string;
}

/** Rows without a test through a real socket, and tests that name a row that is not built. */
export function checkPatterns(built: readonly string[], files: ReadonlyMap<string, string>): string[] {
  const found = [...files].flatMap(([path, text]) => findPatternTests(path, text));
  const real = [...files].filter(([path, text]) => opensSocket(path, text));
  const covered = real.flatMap(([path, text]) => findPatternTests(path, text)).map(({ row }) => row);
  const missing = built.filter((row) => !covered.includes(row));
  const unknown = found.filter(({ row }) => !built.includes(row));
  return [
    ...missing.map((row) => `${row} has no test "${row}: …" in a file that opens a real socket`),
    ...unknown.map(({ row, place, line }) => `${place}: ${line} — ${row} is not among the built patterns`),
  ];
}

function findPatternTests(path: string, text: string): PatternTest[] {
  return [...walk(parseSource(path, text))].flatMap((node) => {
    const row = rowOf(node);
    return row ? [{ row, place: placeOf(node), line: lineOf(node) }] : [];
  });
}

/** `P5` where the node is `test("P5: …")`, also as `it`, through `test.each(…)`, or with a template for a name. */
function rowOf(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node) || !["it", "test"].includes(namesOf(node.expression)[0] ?? "")) return undefined;
  const name = node.arguments[0];
  if (name === undefined) return undefined;
  const text = ts.isTemplateExpression(name) ? name.head.text : ts.isStringLiteralLike(name) ? name.text : "";
  return text.match(/^(P\d+):/)?.[1];
}

function opensSocket(path: string, text: string): boolean {
  return findImports(path, text).some(({ specifier, typeOnly }) => !typeOnly && socketModules.test(specifier));
}
