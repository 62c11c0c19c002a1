// The words that editors show: every name that a door exports has some, and so has each member that may be left out, or is
// called. What is always there is said by its name and its type.
import { join } from "node:path";
import ts from "typescript";
import { waysTo } from "./doors.mjs";

/** Rejects with the names that have none. */
export async function checkDescriptions({ unpacked }) {
  const ways = waysTo(unpacked).filter(({ condition }) => condition === "default");
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

/** Of an interface, a class, or a type that is written as one; what it inherits is described where it stands. */
function muteMembers(symbol, checker) {
  const members = (symbol.declarations ?? []).flatMap((declaration) => [...membersOf(declaration)]);
  return members
    .filter((member) => ts.isIdentifier(member.name ?? member) && (isOptional(member) || isCalled(member)))
    .filter((member) => isMute(checker.getSymbolAtLocation(member.name), checker))
    .map((member) => member.name.text);
}

function membersOf(declaration) {
  if (ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration)) return declaration.members;
  return ts.isTypeAliasDeclaration(declaration) && ts.isTypeLiteralNode(declaration.type)
    ? declaration.type.members
    : [];
}

function isOptional({ questionToken }) {
  return questionToken !== undefined;
}

function isCalled(member) {
  return (
    ts.isMethodSignature(member) ||
    ts.isMethodDeclaration(member) ||
    (member.type && ts.isFunctionTypeNode(member.type))
  );
}
