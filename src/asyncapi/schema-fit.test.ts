import { Ajv } from "ajv";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonSchema } from "../schema/json-schema.js";
import { fits } from "./schema-fit.js";

const itself = (json: JsonSchema) => json;

test.each<readonly [JsonSchema, readonly unknown[], readonly unknown[]]>([
  [{ type: "string" }, ["", "a"], [1, null, {}, []]],
  [{ type: ["integer", "null"] }, [1, null, -2], [1.5, "1"]],
  [{ type: "number" }, [1.5], ["1", null]],
  [{ const: { a: [1] } }, [{ a: [1] }], [{ a: [2] }, { a: [1], b: 1 }, { a: { 0: 1 } }]],
  [{ enum: ["a", null] }, ["a", null], ["b", undefined]],
  [{ minLength: 2, maxLength: 3 }, ["ab", "👍👍👍", 5], ["a", "abcd"]],
  [{ pattern: "^a" }, ["ab"], ["b"]],
  [{ minimum: 1, exclusiveMaximum: 3, multipleOf: 0.1 }, [1, 2.3], [0.9, 3, 1.05]],
  [{ exclusiveMinimum: 1, maximum: 3 }, [2, 3], [1, 4]],
  [{ type: "array", items: { type: "string" }, minItems: 1, maxItems: 2 }, [["a"]], [[], ["a", 1], ["a", "b", "c"]]],
  [{ items: [{ type: "string" }], additionalItems: { type: "number" } }, [["a", 1], []], [["a", "b"], [1]]],
  [
    { uniqueItems: true },
    [
      [1, 2],
      [{ a: 1 }, { a: 2 }],
    ],
    [
      [1, 1],
      [{ a: 1 }, { a: 1 }],
    ],
  ],
  [{ required: ["a"], properties: { a: { type: "string" } } }, [{ a: "a", b: 1 }, "text"], [{}, { a: 1 }]],
  [{ properties: { a: true }, additionalProperties: false }, [{ a: 1 }, {}], [{ b: 1 }]],
  [
    { patternProperties: { "^x": { type: "number" } }, additionalProperties: false },
    [{ xa: 1 }],
    [{ xa: "" }, { y: 1 }],
  ],
  [{ additionalProperties: { type: "number" }, propertyNames: { enum: ["a"] } }, [{ a: 1 }], [{ a: "" }, { b: 1 }]],
  [{ allOf: [{ type: "string" }, { minLength: 2 }] }, ["ab"], ["a", 1]],
  [{ anyOf: [{ type: "string" }, { minimum: 2 }] }, ["a", 2], [1]],
  [{ oneOf: [{ type: "integer" }, { minimum: 2 }] }, [1, 2.5], [3]],
  [{ not: { type: "string" } }, [1], ["a"]],
])("%j", (json, fitting, unfit) => {
  expect(fitting.filter((value) => !fits(value, json, itself))).toEqual([]);
  expect(unfit.filter((value) => fits(value, json, itself))).toEqual([]);
});

test("a `$ref` is what it leads to", () => {
  const list: JsonSchema = { type: "object", properties: { next: { $ref: "#" } } };
  const resolve = (json: JsonSchema) => (json.$ref === "#" ? list : json);
  expect(fits({ next: { next: {} } }, list, resolve)).toBe(true);
  expect(fits({ next: { next: 5 } }, list, resolve)).toBe(false);
});

test("what takes too long to tell does not fit", () => {
  const isIn = { anyOf: ["a", "b"].map((name) => ({ properties: { [name]: true, next: { $ref: "#" } } })) };
  const never: JsonSchema = { allOf: [isIn, { required: ["end"] }] };
  let asked = 0;
  const resolve = (json: JsonSchema) => {
    asked += 1;
    if (asked > 1e6) throw new Error("It goes on and on.");
    return json.$ref === "#" ? never : json;
  };
  let deep: object = {};
  for (let depth = 0; depth < 40; depth += 1) deep = { next: deep };
  expect(fits(deep, never, resolve)).toBe(false);
  expect(fits(deep, { not: never }, resolve)).toBe(false);
  expect(asked).toBeLessThan(200_000);
});

test("whatever the schema and the value, it says what ajv says", () => {
  const ajv = new Ajv({ strict: false, logger: false });
  const value = fc.jsonValue({ maxDepth: 2 });
  fc.assert(
    fc.property(schemas(1), value, (json, each) => {
      expect(fits(each, json, itself)).toBe(ajv.validate(json, each));
    }),
    { numRuns: 200 },
  );
});

/** Schemas in schemas, so many deep. */
function schemas(depth: number): fc.Arbitrary<JsonSchema> {
  const inner = depth === 0 ? fc.constant<JsonSchema>({ type: "string" }) : fc.constant(depth - 1).chain(schemas);
  const made = fc.record(
    {
      type: fc.constantFrom("string", "integer", "number", "boolean", "null", "array", "object"),
      enum: fc.uniqueArray(fc.constantFrom(null, 1, "a", true), { minLength: 1 }),
      minimum: fc.integer({ min: -5, max: 5 }),
      exclusiveMaximum: fc.integer({ min: -5, max: 5 }),
      minLength: fc.nat(3),
      pattern: fc.constantFrom("^a", "\\d", "b$"),
      minItems: fc.nat(2),
      items: inner,
      properties: fc.dictionary(fc.constantFrom("a", "b"), inner, { maxKeys: 2 }),
      required: fc.uniqueArray(fc.constantFrom("a", "b")),
      additionalProperties: fc.boolean(),
      anyOf: fc.array(inner, { minLength: 1, maxLength: 2 }),
      not: inner,
    },
    { requiredKeys: [] },
  );
  return made.map((json): JsonSchema => json);
}
