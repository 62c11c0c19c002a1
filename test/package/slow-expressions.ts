import { analyse } from "scslre";
import ts from "typescript";
import { parseSource, placeOf, walk } from "./syntax.js";

/** Regular expressions that can take more than a time linear in what they are given: `file:line: the expression`. */
export function findSlowExpressions(path: string, text: string): string[] {
  return [...walk(parseSource(path, text))].flatMap((node) => {
    if (!ts.isRegularExpressionLiteral(node)) return [];
    return analyse(expressionOf(node.text)).reports.length === 0 ? [] : [`${placeOf(node)}: ${node.text}`];
  });
}

/** Of `/a/g`. */
function expressionOf(literal: string): RegExp {
  const end = literal.lastIndexOf("/");
  return new RegExp(literal.slice(1, end), literal.slice(end + 1));
}
