import { Ajv } from "ajv";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonSchema } from "../schema/json-schema.js";
import { wellFormed } from "./schema-forms.js";

test.each<readonly [object, object]>([
  [{ type: ["string", "string"] }, { type: ["string"] }],
  [{ type: "text", minLength: 1 }, { minLength: 1 }],
  [{ required: true, properties: { a: { required: ["b", 1, "b"] } } }, { properties: { a: { required: ["b"] } } }],
  [{ properties: { a: null, b: false } }, { properties: { a: {}, b: false } }],
  [{ anyOf: [{ minimum: 1 }, null] }, {}],
  [{ anyOf: [{ minimum: -1 }, true] }, { anyOf: [{ minimum: -1 }, true] }],
  [{ items: [{ maxItems: -1 }] }, { items: [{}] }],
  [{ patternProperties: { "(": {}, "^a": {} } }, { patternProperties: { "^a": {} } }],
  [{ dependencies: { a: ["b"], c: { multipleOf: 0 } } }, { dependencies: { a: ["b"], c: {} } }],
  [{ enum: [1, { $ref: "#" }], default: { $ref: "#" }, const: [{ $ref: "#" }] }, {}],
  [
    { examples: [1, { $ref: "#" }], "x-mine": 1 },
    { examples: [1], "x-mine": 1 },
  ],
  [{ $ref: 5, title: 5 }, {}],
])("%j is taken as %j", (json, taken) => {
  expect(wellFormed(json as JsonSchema)).toEqual(taken);
});

test("what is deeper than anybody reads may be anything there", () => {
  let json: JsonSchema = { type: "string" };
  for (let depth = 0; depth < 5_000; depth += 1) json = { properties: { a: json } };
  expect(JSON.stringify(wellFormed(json)).length).toBeLessThan(2_000);
  expect(wellFormed({ default: json, title: "deep" })).toEqual({ title: "deep" });
});

test("whatever the keywords hold, the result is a JSON Schema of draft 07, and of one it is the same again", () => {
  const ajv = new Ajv({ strict: false, logger: false });
  const { properties } = Object(ajv.getSchema("http://json-schema.org/draft-07/schema")?.schema);
  // What says which text a schema is, the document does not say.
  const keywords = Object.keys(properties).filter((keyword) => !["$id", "$schema"].includes(keyword));
  const some = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.dictionary(fc.constantFrom(...keywords), fc.jsonValue()));
  const schemas = fc.dictionary(fc.constantFrom(...keywords), fc.oneof(some, fc.array(some)));
  fc.assert(
    fc.property(schemas, (made) => {
      const taken = wellFormed(JSON.parse(JSON.stringify(made)));
      expect(ajv.validateSchema(taken)).toBe(true);
      expect(wellFormed(taken)).toEqual(taken);
    }),
    { numRuns: 300 },
  );
});
