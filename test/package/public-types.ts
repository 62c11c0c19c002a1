import ts from "typescript";
import { findImports, resolveImport } from "./imports.js";
import { pathOf } from "./program.js";
import { lineOf, walk } from "./syntax.js";

/**
 * Where what the doors export shows `any`, written or inferred, with the export that leads there.
 *
 * It is followed through the types of `src`, and not into those of the language and of other packages. What a function
 * does inside, and what is private, nobody sees.
 */
export function findAny(program: ts.Program, doors: readonly string[]): string[] {
  const checker = program.getTypeChecker();
  const seen = new Set<ts.Node>();
  return doors.flatMap((door) => {
    const source = program.getSourceFiles().find(({ fileName }) => pathOf(fileName) === door);
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${door} exports nothing.`);
    return checker
      .getExportsOfModule(module)
      .flatMap((exported) =>
        [...findAnyIn(exported)].map((node) => `${describe(node)} — any, in ${exported.name} of ${door}`),
      );
  });

  function* findAnyIn(symbol: ts.Symbol): Generator<ts.Node> {
    for (const declaration of resolve(symbol).declarations ?? []) {
      if (isOurs(declaration)) yield* findAnyAt(declaration);
    }
  }

  function* findAnyAt(node: ts.Node): Generator<ts.Node> {
    if (seen.has(node) || isHidden(node)) return;
    seen.add(node);
    if (isAny(node)) {
      yield node;
      return;
    }
    const name = nameOfReference(node);
    const referred = name && checker.getSymbolAtLocation(name);
    if (referred !== undefined) yield* findAnyIn(referred);
    const children: ts.Node[] = [];
    ts.forEachChild(node, (child) => {
      children.push(child);
    });
    for (const child of children) yield* findAnyAt(child);
  }

  function isAny(node: ts.Node): boolean {
    if (ts.isTypeNode(node) && !ts.isTemplateLiteralTypeSpan(node))
      return (checker.getTypeFromTypeNode(node).flags & ts.TypeFlags.Any) !== 0;
    const inferred = inferredType(node);
    const written = inferred && checker.typeToTypeNode(inferred, undefined, ts.NodeBuilderFlags.NoTruncation);
    return written !== undefined && [...walk(written)].some(({ kind }) => kind === ts.SyntaxKind.AnyKeyword);
  }

  /** Of a declaration that does not say its type. */
  function inferredType(node: ts.Node): ts.Type | undefined {
    if (ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node) || ts.isParameter(node)) {
      return node.type === undefined ? checker.getTypeAtLocation(node) : undefined;
    }
    if (!ts.isFunctionLike(node) || node.type !== undefined || ts.isSetAccessor(node)) return undefined;
    return checker.getSignatureFromDeclaration(node)?.getReturnType();
  }

  function resolve(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  }
}

export interface ForeignImport {
  readonly specifier: string;
  /** `src/app/app.ts: import type { Server } from "node:http"` */
  readonly description: string;
}

/** What of other packages and of the platform must be there for the declarations that the doors lead to. */
export function findForeignImports(
  declarations: ReadonlyMap<string, string>,
  doors: readonly string[],
): ForeignImport[] {
  const reached = new Set(doors);
  const foreign: ForeignImport[] = [];
  for (const path of reached) {
    const declaration = declarations.get(path);
    if (declaration === undefined) throw new Error(`${path} has no declaration.`);
    for (const { specifier, text } of findImports(path, declaration)) {
      if (specifier.startsWith(".")) reached.add(resolveImport(path, specifier, declarations));
      else foreign.push({ specifier, description: `${path}: ${text}` });
    }
  }
  return foreign;
}

function nameOfReference(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isTypeQueryNode(node)) return node.exprName;
  if (ts.isImportTypeNode(node)) return node.qualifier;
  return ts.isExpressionWithTypeArguments(node) ? node.expression : undefined;
}

/** The inside of a function, the value of a default, and what only a class itself can reach. */
function isHidden(node: ts.Node): boolean {
  if (ts.isBlock(node) || ts.isClassStaticBlockDeclaration(node)) return true;
  if (ts.isClassElement(node)) {
    const isPrivate = node.name !== undefined && ts.isPrivateIdentifier(node.name);
    return isPrivate || (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0;
  }
  return ts.isExpression(node) && !ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node);
}

function isOurs(node: ts.Node): boolean {
  return pathOf(node.getSourceFile().fileName).startsWith("src/");
}

function describe(node: ts.Node): string {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart());
  return `${pathOf(source.fileName)}:${line + 1}: ${lineOf(node)}`;
}
