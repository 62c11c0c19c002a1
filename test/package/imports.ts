import { posix } from "node:path";
import ts from "typescript";
import { parseSource, placeOf, walk } from "./syntax.js";

export interface Import {
  /** What stands between the quotes. */
  readonly specifier: string;
  /** `src/hub/hub.ts:12` */
  readonly place: string;
  /** The statement on one line, as a person reads it. */
  readonly text: string;
  /** Gone after compiling. `import { type A }` is not: it still loads the module. */
  readonly typeOnly: boolean;
}

/** Everything a file imports: statements, exports from elsewhere, `import("…")` as a call and as a type. */
export function findImports(path: string, text: string): Import[] {
  const found: Import[] = [];
  for (const node of walk(parseSource(path, text))) {
    const specifier = specifierOf(node);
    if (specifier === undefined) continue;
    const oneLine = node.getText().replace(/\s+/g, " ").replace(/;$/, "");
    found.push({ specifier, place: placeOf(node), text: oneLine, typeOnly: isTypeOnly(node) });
  }
  return found;
}

/** The path in the repository that a relative import means, the source rather than what it compiles to. */
export function resolveImport(from: string, specifier: string, files: ReadonlyMap<string, string>): string {
  const path = posix.join(posix.dirname(from), specifier);
  const source = path.replace(/\.js$/, ".ts");
  return files.has(`${source}x`) ? `${source}x` : source;
}

function specifierOf(node: ts.Node): string | undefined {
  const argument = specifierNode(node);
  return argument && ts.isStringLiteralLike(argument) ? argument.text : undefined;
}

function specifierNode(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0];
  return undefined;
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isImportTypeNode(node)) return true;
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  return ts.isImportDeclaration(node) && node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}
