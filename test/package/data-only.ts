import ts from "typescript";
import { lineOf, parseSource, placeOf, walk } from "./syntax.js";

/** What makes a file of `declare` more than data and types: it waits for somebody, or remembers something between calls. */
export function findBehaviour(path: string, text: string): string[] {
  return [...walk(parseSource(path, text))]
    .filter((node) => ts.isAwaitExpression(node) || isAsync(node) || isSharedVariable(node))
    .map((node) => `${placeOf(node)}: ${lineOf(node)} — declare holds data and types, no behaviour`);
}

function isAsync(node: ts.Node): boolean {
  const modifiers = ts.isFunctionLike(node) && ts.canHaveModifiers(node) ? ts.getModifiers(node) : [];
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) ?? false;
}

/** A `let` of the whole module. */
function isSharedVariable(node: ts.Node): boolean {
  if (!ts.isVariableStatement(node) || !ts.isSourceFile(node.parent)) return false;
  return !(node.declarationList.flags & ts.NodeFlags.Const);
}
