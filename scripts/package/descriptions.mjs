// The words that editors show: every name that a door exports has some, and so has each member that may be left out, or is
// called. What is always there is said by its name and its type.
import { join } from "node:path";
import ts from "typescript";
import { waysTo } from "./doors.mjs";

/** Rejects with the names that have none. */
export async function checkDescriptions({ unpacked }) {
  const ways = waysTo(unpacked);
  const roots = ways.map(({ types }) => join(unpacked, types));
  const program = ts.createProgram(roots, { module: ts.ModuleKind.NodeNext, skipLibCheck: true, types: ["node"] });
  const checker = program.getTypeChecker();
  const mute = new Set();
  let count = 0;
  for (const [index, { door }] of ways.entries()) {
    for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(roots[index])))) {
      const exported = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      count += 1;
      if (isMute(exported, checker)) mute.add(`${symbol.name} of ${door}`);
      for (const name of muteMembers(exported, checker)) mute.add(`${symbol.name}.${name} of ${door}`);
    }
  }
  if (mute.size > 0) throw new Error([...mute].map((name) => `${name} has no description`).join("\n"));
  return `${count} names say what they are`;
}

function isMute(symbol, checker) {
  return symbol.getDocumentationComment(checker).length === 0;
}

/** Of an object that is written out, or inherits; what others declare is theirs to describe. */
function muteMembers(symbol, checker) {
  const type = symbol.flags & ts.SymbolFlags.Type ? checker.getDeclaredTypeOfSymbol(symbol) : undefined;
  if (type === undefined || !(type.flags & ts.TypeFlags.Object)) return [];
  const members = checker.getPropertiesOfType(type).filter(({ declarations = [] }) => declarations.every(isOurs));
  return members
    .filter((member) => !member.name.startsWith("~") && (isOptional(member) || isCalled(member)))
    .filter((member) => isMute(member, checker))
    .map(({ name }) => name);
}

function isOurs(declaration) {
  return !declaration.getSourceFile().fileName.includes("/node_modules/");
}

function isOptional({ flags }) {
  return (flags & ts.SymbolFlags.Optional) !== 0;
}

function isCalled({ flags, declarations = [] }) {
  return (flags & ts.SymbolFlags.Method) !== 0 || declarations.some(({ type }) => type && ts.isFunctionTypeNode(type));
}
