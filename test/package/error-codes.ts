import ts from "typescript";
import { parseSource, placeOf, walk } from "./syntax.js";

/** Where a code of what the user can put right stands in the sources: code → `path:line`. */
export function findCodes(files: ReadonlyMap<string, string>): Map<string, string> {
  const found = new Map<string, string>();
  for (const [path, text] of files) {
    for (const node of walk(parseSource(path, text))) {
      for (const code of codesOf(node)) if (!found.has(code)) found.set(code, placeOf(node));
    }
  }
  return found;
}

/** The codes that have a row, in the order of the document: `<a id="port_in_use"></a>`. */
export function readRows(markdown: string): string[] {
  return [...markdown.matchAll(/^\| <a id="([^"]*)"><\/a>`([^`]*)` \|/gm)].map(([, id = "", code = ""]) =>
    id === code ? code : `${code} (with the anchor ${id})`,
  );
}

/** Of a `new ConfigError(code, …)`, and of what is told with its `message` and a `fix`, such as a warning. */
function codesOf(node: ts.Node): string[] {
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "ConfigError") {
    const [code] = node.arguments ?? [];
    return code === undefined ? [] : textsIn(code);
  }
  if (!ts.isObjectLiteralExpression(node)) return [];
  const named = new Map(node.properties.map((each) => [each.name?.getText(), each]));
  const code = named.get("code");
  if (!named.has("message") || !named.has("fix") || code === undefined || !ts.isPropertyAssignment(code)) return [];
  return textsIn(code.initializer);
}

/** Both, of `isPath ? "ambiguous_path" : "ambiguous_channel"`. */
function textsIn(expression: ts.Expression): string[] {
  if (ts.isConditionalExpression(expression)) return [expression.whenTrue, expression.whenFalse].flatMap(textsIn);
  return ts.isStringLiteral(expression) ? [expression.text] : [];
}
