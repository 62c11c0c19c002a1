import { expect, test } from "vitest";
import type { EventSchema } from "./config.js";
import { EventSchemas } from "./event-schemas.js";

async function issuesOf(schema: EventSchema, value: unknown) {
  const made = (await EventSchemas.load([schema])).make("events.said", schema);
  return (await made["~standard"].validate(value)).issues;
}

test.each<[EventSchema, unknown, object[] | undefined]>([
  [true, { anything: 1 }, undefined],
  [false, {}, [{ path: [], message: "is not taken here" }]],
  [{ type: "object" }, {}, undefined],
  [{ type: "object", required: ["text"] }, {}, [{ path: ["text"], message: "is missing" }]],
  [
    { type: "object", properties: {}, additionalProperties: false },
    { more: 1 },
    [{ path: ["more"], message: "is not known here" }],
  ],
  [
    { type: "object", properties: { "a/b~c": { type: "array", items: { type: "integer" } } } },
    { "a/b~c": [1, "x"] },
    [{ path: ["a/b~c", 1], message: "must be integer" }],
  ],
  [{ type: "string", format: "email" }, "ana", [{ path: [], message: 'must match format "email"' }]],
  [
    { $schema: "http://json-schema.org/draft-07/schema#", items: [{ type: "string" }] },
    [1],
    [{ path: [0], message: "must be string" }],
  ],
  [
    { prefixItems: [{ type: "string" }], items: false, minItems: 1, type: "array" },
    ["a", "b"],
    [{ path: [], message: "must NOT have more than 1 items" }],
  ],
  [
    { $defs: { id: { type: "integer" } }, properties: { id: { $ref: "#/$defs/id" } }, type: "object" },
    { id: "x" },
    [{ path: ["id"], message: "must be integer" }],
  ],
])("the schema %j of %j has the issues %j", async (schema, value, issues) => {
  expect(await issuesOf(schema, value)).toEqual(issues);
});

test("what it was given stays as it is: no default is filled in and nothing is taken away", async () => {
  const schema = { type: "object", properties: { n: { type: "integer", default: 3 } } };
  const made = (await EventSchemas.load([schema])).make("events.said", schema);
  expect(await made["~standard"].validate({ more: 1 })).toEqual({ value: { more: 1 } });
});

test.each<[string, EventSchema]>([
  ["a misspelt keyword", { type: "object", propertys: {} }],
  ["a type that there is not", { type: "text" }],
  ["a format that there is not", { type: "string", format: "colour" }],
  ["a $ref to elsewhere", { $ref: "https://schemas.example/said.json" }],
  ["a $ref to what is not in it", { $ref: "#/$defs/said" }],
  ["a pattern that is none", { type: "string", pattern: "(" }],
  ["a draft that is not known", { $schema: "http://json-schema.org/draft-04/schema#" }],
])("%s is a ConfigError that says where", async (_what, schema) => {
  const schemas = await EventSchemas.load([schema]);
  expect(() => schemas.make('channels["chat"].events.said', schema)).toThrow(
    expect.objectContaining({
      code: "invalid_schema",
      message: expect.stringContaining('channels["chat"].events.said'),
    }),
  );
});

test("two schemas may have one $id", async () => {
  const schema = { $id: "https://schemas.example/said", type: "string" };
  const schemas = await EventSchemas.load([schema, { ...schema, type: "integer" }]);
  schemas.make("one", schema);
  const other = schemas.make("other", { ...schema, type: "integer" });
  expect(await other["~standard"].validate(3)).toEqual({ value: 3 });
});
