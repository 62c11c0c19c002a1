import type ts from "typescript";
import { beforeAll, expect, test } from "vitest";
import { readRepository } from "../support/repository.js";
import { findImports, resolveImport } from "./imports.js";
import { adapterDoors } from "./layers.js";
import { createProgram, emitDeclarations } from "./program.js";
import { findAny, findForeignImports } from "./public-types.js";

const adapters = Object.values(adapterDoors).map((path) => `src/${path}`);
const doors = [...readRepository(/^src\/(\w+\/)?index\.ts$/).keys(), ...adapters];
const emitting = { noEmit: false, declaration: true, emitDeclarationOnly: true };
let program: ts.Program;
let declarations: ReadonlyMap<string, string>;

beforeAll(() => {
  program = createProgram(doors, new Map(), { ...emitting, isolatedDeclarations: true });
  declarations = emitDeclarations(program);
});

test("nothing that a door exports shows `any`", () => {
  expect(findAny(program, doors).join("\n")).toBe("");
});

test("what the doors declare needs no module of Node, nor a package that only the inside uses", () => {
  const allowed = ["@opentelemetry/api", "@standard-schema/spec", "react", "redis"];
  const foreign = findForeignImports(declarations, doors).filter(({ specifier }) => !allowed.includes(specifier));
  expect(foreign.map(({ description }) => description).join("\n")).toBe("");
});

test("what the doors declare is understood without the types of Node", () => {
  // A name that nobody knows is `any` to the compiler.
  const withoutNode = createProgram(doors, declarations, { types: [] });
  expect(findAny(withoutNode, doors).join("\n")).toBe("");
});

test("whatever an app exports has a type that a door names", () => {
  const examples = [...readRepository(/^test\/types\/(?!negative\/).*\.tsx?$/).keys()];
  const compiled = emitDeclarations(createProgram(examples, new Map(), emitting));
  const inner = examples.flatMap((path) =>
    findImports(path, compiled.get(path) ?? "")
      .filter(
        ({ specifier }) => specifier.startsWith(".") && !examples.includes(resolveImport(path, specifier, compiled)),
      )
      .map(({ text }) => `${path}: ${text}`),
  );
  expect(inner.join("\n")).toBe("");
});

test.each([
  ["as a parameter", "export function f(value: any): void {}"],
  ["as a reply", "export function f(): any {}"],
  ["inside a type", "export interface T { readonly list: readonly any[] }"],
  ["inside a condition", "export type T<A> = A extends any ? 1 : 2;"],
  ["as a bound", "export type T<A extends any> = A;"],
  ["that is inferred", 'export const value = { a: JSON.parse("1") };'],
  ["that a function infers", 'export function f() { return [JSON.parse("1")]; }'],
  ["that a type query gives", "export type T = { a: ReturnType<typeof JSON.parse> };"],
  ["of a parameter without a type", "export class C { f(a = JSON.parse('1')) {} }"],
  [
    "behind another name",
    "interface Inner { a: any }\nexport interface T extends Pick<Outer, 'b'> {}\ninterface Outer { b: Inner }",
  ],
])("an `any` %s is found", (_, text) => {
  expect(search({ "src/index.ts": text })).toHaveLength(1);
});

test.each([
  ["inside a function", "export function f(): void { const a: any = 1; void a; }"],
  ["that is private", "export class C { #a: any = 1; private b: any = 2; private c(d: any): any { return d; } }"],
  ["of what is not exported", "const a: any = 1; export const b: number = a;"],
  ["in a default's value", "export function f(a: number = JSON.parse('1')): number { return a; }"],
])("an `any` %s is nobody's business", (_, text) => {
  expect(search({ "src/index.ts": text })).toEqual([]);
});

test("a type that only Node has is found where Node's types are not", () => {
  const text = "export interface Frame { bytes: Buffer; text: string; url: URL }";
  expect(search({ "src/index.ts": text })).toEqual([]);
  expect(search({ "src/index.ts": text }, { types: [] })).toHaveLength(1);
});

test("an `any` is named with its line and the export that leads to it", () => {
  const files = {
    "src/index.ts": 'export { type Options as Given } from "./hub/options.js";',
    "src/hub/options.ts":
      "/** Many. */\nexport interface Options {\n  one: Inner;\n}\ninterface Inner {\n  two?: any;\n}\n",
  };
  expect(search(files)).toEqual(["src/hub/options.ts:6: two?: any; — any, in Given of src/index.ts"]);
});

test("a module of Node is found behind the types that lead to it, and nowhere else", () => {
  const declared = new Map([
    ["src/index.ts", 'export type { A } from "./a.js";'],
    ["src/a.ts", 'import type { Server } from "node:http";\nexport interface A { b: import("./b.js").B; c: Server }'],
    ["src/b.ts", 'export type B = import("ws").WebSocket;'],
    ["src/c.ts", 'import type { KeyObject } from "node:crypto";\nexport type C = KeyObject;'],
  ]);
  expect(findForeignImports(declared, ["src/index.ts"]).map(({ description }) => description)).toEqual([
    'src/a.ts: import type { Server } from "node:http"',
    'src/b.ts: import("ws").WebSocket',
  ]);
});

function search(files: Record<string, string>, options: ts.CompilerOptions = {}): string[] {
  return findAny(createProgram(["src/index.ts"], new Map(Object.entries(files)), options), ["src/index.ts"]);
}
