import * as v from "valibot";
import { expect, test } from "vitest";
import { z } from "zod";
import { converterAdvice, jsonSchemaOf } from "./json-schema.js";
import type { Schema } from "./standard.js";

test("what arrives is a schema's input, what leaves its output", () => {
  const schema = z.object({ n: z.coerce.number().default(1) }).transform(({ n }) => n);
  expect(jsonSchemaOf(schema, "arrives")).toMatchObject({ type: "object", properties: { n: { type: "number" } } });
  expect(jsonSchemaOf(schema.pipe(z.number()), "leaves")).toMatchObject({ type: "number" });
});

test("a Date is the text that JSON makes of it", () => {
  const schema = z.object({ at: z.coerce.date(), maybe: z.date().optional() });
  for (const side of ["arrives", "leaves"] as const) {
    const date = { type: "string", format: "date-time" };
    expect(jsonSchemaOf(schema, side)?.properties).toEqual({ at: date, maybe: date });
  }
});

test("what JSON Schema can't say is left open", () => {
  const schema = z.object({ text: z.string(), length: z.string().transform((text) => text.length) });
  expect(jsonSchemaOf(schema, "leaves")?.properties).toEqual({ text: { type: "string" }, length: {} });
});

test("what it gives is JSON", () => {
  const schema = z.object({ at: z.date().default(new Date(0)) });
  expect(jsonSchemaOf(schema, "arrives")?.properties?.at).toMatchObject({ default: "1970-01-01T00:00:00.000Z" });
});

test("a converter that knows none of our wishes is asked without them", () => {
  const schema = converting((options) => {
    if (Object.hasOwn(Object(options), "libraryOptions")) throw new Error("unknown option");
    return { type: "string" };
  });
  expect(jsonSchemaOf(schema, "arrives")).toEqual({ type: "string" });
});

test.each([
  ["has none", v.object({ text: v.string() })],
  [
    "throws",
    converting(() => {
      throw new Error("no");
    }),
  ],
  ["gives no object", converting(() => "text")],
  ["gives nothing", converting(() => undefined)],
  ["gives what is no JSON", converting(() => ({ default: 1n }))],
])("where the converter %s there is none", (_, schema) => {
  expect(jsonSchemaOf(schema, "arrives")).toBeUndefined();
});

test("whoever has no converter is told of one", () => {
  expect(converterAdvice("valibot")).toContain("toStandardJsonSchema(schema)");
  expect(converterAdvice("mine")).toContain("mine's schemas");
});

function converting(convert: (options: unknown) => unknown): Schema {
  const jsonSchema = { input: convert, output: convert };
  return {
    "~standard": { version: 1, vendor: "mine", validate: (value: unknown) => ({ value }), jsonSchema },
  } as Schema;
}
