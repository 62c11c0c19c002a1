import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import type { JsonSchema } from "../schema/json-schema.js";
import { toOpenApiSchema } from "./openapi-schema.js";

const values = [
  [],
  ["a"],
  ["a", 1],
  ["a", 1, true],
  ["a", "b"],
  [1],
  { a: 1 },
  { a: 1, b: 2 },
  { b: 2 },
  {},
  "a",
  5,
  null,
];

/** Schemas of draft 07 that say something else, or nothing, in 2020-12. */
const schemas: readonly JsonSchema[] = [
  { type: "array", items: [{ type: "string" }, { type: "number" }] },
  { type: "array", items: [{ type: "string" }], additionalItems: { type: "number" } },
  { type: "array", items: [{ type: "string" }, { type: "number" }], additionalItems: false, minItems: 2 },
  { type: "array", items: { type: "string" }, additionalItems: false },
  { dependencies: { a: ["b"] } },
  { dependencies: { a: { required: ["b"] } } },
  { properties: { a: { items: [{ type: "string" }] } }, not: { items: [{ type: "number" }] } },
  { anyOf: [{ type: "array", items: [{ const: "a" }], additionalItems: false }, { type: "number" }] },
];

test.each(schemas.map((schema) => [JSON.stringify(schema), schema] as const))(
  "it takes what it took: %s",
  (_, schema) => {
    const [before, after] = [new Ajv({ strict: false }), new Ajv2020({ strict: false })];
    const converted = toOpenApiSchema(schema);
    const took = values.map((value) => [value, before.validate(schema, value)]);
    expect(values.map((value) => [value, after.validate(converted, value)])).toEqual(took);
  },
);

test("what is data in it stays as it is", () => {
  const data = { items: [{ type: "string" }], dependencies: { a: ["b"] } };
  const schema: JsonSchema = {
    const: data,
    enum: [data],
    default: data,
    examples: [data],
    properties: { items: { const: data } },
  };
  expect(toOpenApiSchema(schema)).toEqual(schema);
});
