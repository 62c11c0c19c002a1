import { expect, test } from "vitest";
import type { JsonSchema } from "../schema/json-schema.js";
import { exampleOf } from "./example.js";

const itself = (json: JsonSchema) => json;

test.each<readonly [string, JsonSchema, unknown]>([
  ["its own example before all else", { type: "string", examples: ["hi"], default: "ho", enum: ["hi", "ho"] }, "hi"],
  ["none of its own that does not fit", { type: "string", examples: [5], default: "ho" }, "ho"],
  ["a constant, null too", { const: null }, null],
  ["the first that may be chosen", { enum: ["red", "green"] }, "red"],
  ["the first of what it may be", { anyOf: [{ type: "integer" }, { type: "string" }] }, 1],
  ["nothing last", { anyOf: [{ type: "null" }, { type: "integer" }] }, 1],
  ["nothing, where that is all", { type: "null" }, null],
  ["of several types the first that is something", { type: ["null", "boolean"] }, true],
  ["a whole number in its bounds", { type: "integer", minimum: 1_000, maximum: 2_000 }, 1_000],
  ["a number between", { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 }, 0.5],
  ["a step", { type: "number", multipleOf: 5, exclusiveMinimum: 7 }, 10],
  ["a date", { type: "string", format: "date-time" }, "2026-01-02T03:04:05.678Z"],
  ["an address kept for examples", { type: "string", format: "email" }, "alice@example.com"],
  ["a text as short as it must be", { type: "string", maxLength: 3 }, "tex"],
  ["a text as long as it must be", { type: "string", minLength: 12 }, "texting text"],
  ["what a pattern takes", { type: "string", pattern: "^[A-Z]{2}$" }, "AA"],
  ["what all patterns take", { allOf: [{ pattern: "^ab" }, { pattern: "cd$" }], type: "string" }, "abcd"],
  [
    "each field",
    { properties: { a: { type: "integer" }, b: { type: "boolean" } }, required: ["a"] },
    { a: 1, b: true },
  ],
  ["no field that must not be", { properties: { a: { not: {} }, b: false, c: true } }, { c: "c" }],
  ["what is asked for and not described", { type: "object", required: ["name"] }, { name: "name" }],
  ["one entry of a map", { type: "object", additionalProperties: { type: "integer" } }, { key: 1 }],
  ["one item", { type: "array", items: { type: "string" } }, ["texting"]],
  ["as many items as must be, each another", { items: { type: "integer" }, minItems: 2, uniqueItems: true }, [1, 2]],
  ["a tuple", { items: [{ type: "integer" }, { type: "boolean" }] }, [1, true]],
  [
    "all of its parts",
    { allOf: [{ properties: { a: { const: 1 } } }, { properties: { b: { const: 2 } } }] },
    { a: 1, b: 2 },
  ],
  ["anything", {}, "texting"],
])("it shows %s", (_, json, value) => {
  expect(exampleOf(json, "texting", itself)).toEqual({ value });
});

test("a field's name says what a text may be", () => {
  const text = { type: "string" };
  const properties = { firstName: text, room: text, reply_to: text, unheardOf: text };
  expect(exampleOf({ properties }, "x", itself)?.value).toEqual({
    firstName: "Alice",
    room: "lobby",
    reply_to: "bob",
    unheardOf: "unheardOf",
  });
});

test("what goes round in a circle is shown once, and no oftener than it must be", () => {
  const tree: JsonSchema = {
    type: "object",
    required: ["name"],
    properties: { name: { type: "string" }, kids: { type: "array", items: { $ref: "#" } }, up: { $ref: "#" } },
  };
  const resolve = (json: JsonSchema) => (json.$ref === "#" ? tree : json);
  expect(exampleOf({ $ref: "#" }, "tree", resolve)).toEqual({ value: { name: "Alice", kids: [] } });
});

test.each<readonly [string, JsonSchema]>([
  ["what must hold itself", { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] }],
  ["what can't be", { type: "integer", minimum: 2, maximum: 1 }],
  ["a pattern past what can be read", { type: "string", pattern: "^\\p{Lu}{7}$" }],
  ["a list without end", { type: "array", minItems: 1e9, items: true }],
  ["what must be two things at once", { allOf: [{ type: "string" }, { type: "integer" }] }],
])("of %s there is none", (_, json) => {
  const resolve = (each: JsonSchema) => (each.$ref === "#" ? json : each);
  expect(exampleOf({ $ref: "#" }, "a", resolve)).toBeUndefined();
});

test("a schema that is as large as it likes has an example of bounded size", () => {
  const field = (depth: number): JsonSchema => {
    if (depth === 0) return { type: "string" };
    const part = field(depth - 1);
    return { type: "object", properties: { a: part, b: part, c: part, d: part } };
  };
  expect(JSON.stringify(exampleOf(field(10), "a", itself)).length).toBeLessThan(20_000);
});

test("parts that must hold one another have an example that can be read", () => {
  const definitions: Record<string, JsonSchema> = {};
  const part = (number: number) => ({ $ref: `Part${number % 12}` });
  for (let number = 0; number < 12; number += 1) {
    const lists = [1, 3, 7].map((step) => [`some${step}`, { type: "array", items: part(number + step) }] as const);
    const properties = { ...Object.fromEntries(lists), one: { anyOf: [part(number + 5), { type: "null" }] } };
    definitions[`Part${number}`] = { type: "object", properties, required: Object.keys(properties) };
  }
  const { resolve, asked } = counting(definitions);
  const made = exampleOf(part(0), "part", resolve);
  expect(made).toBeDefined();
  expect(JSON.stringify(made).length).toBeLessThan(20_000);
  expect(asked()).toBeLessThan(100_000);
});

test("where it becomes large the shortest alternative is chosen", () => {
  const kinds = ["add", "multiply", "number"];
  const expression: JsonSchema = { anyOf: kinds.map((kind) => ({ $ref: kind })) };
  const pair = (kind: string): JsonSchema => ({
    properties: { kind: { const: kind }, left: expression, right: expression },
    required: ["kind", "left", "right"],
  });
  const number: JsonSchema = { properties: { kind: { const: "number" } }, required: ["kind"] };
  const { resolve, asked } = counting({ add: pair("add"), multiply: pair("multiply"), number });
  expect(exampleOf({ properties: { a: { type: ["null", "object"] }, e: expression } }, "sum", resolve)).toBeDefined();
  expect(asked()).toBeLessThan(10_000);
});

test("what must be larger than anybody reads has none", () => {
  const list = (depth: number): JsonSchema => ({
    type: "array",
    minItems: 100,
    items: depth === 0 ? { type: "integer" } : list(depth - 1),
  });
  const wide = Array.from({ length: 5_000 }, (_, index) => `field${index}`);
  expect(exampleOf(list(0), "a", itself)).toBeDefined();
  expect(exampleOf(list(4), "a", itself)).toBeUndefined();
  expect(exampleOf({ type: "object", required: wide }, "a", itself)).toBeUndefined();
  const told = { examples: [wide] };
  expect(exampleOf({ type: "array", items: [told] }, "a", itself)).toBeUndefined();
});

/** What the names of these lead to, and how often that was asked. */
function counting(definitions: Readonly<Record<string, JsonSchema>>) {
  let count = 0;
  const resolve = (json: JsonSchema) => {
    count += 1;
    if (count > 1e6) throw new Error("It goes on and on.");
    return json.$ref === undefined ? json : definitions[json.$ref];
  };
  return { resolve, asked: () => count };
}
