import { expect, test } from "vitest";
import { z } from "zod";
import type { JsonSchema } from "../schema/json-schema.js";
import type { Schema } from "../schema/standard.js";
import { SchemaBook } from "./schema-book.js";

test("a schema without names stands where it is used, and adds none", () => {
  const book = new SchemaBook();
  const json = book.read(z.object({ text: z.string() }), "arrives", "say", "here");
  expect(json).toEqual({ type: "object", properties: { text: { type: "string" } }, required: ["text"] });
  expect(book.reachedFrom(json)).toEqual({});
});

test("what has a name stands in the document once, and is referred to", () => {
  const book = new SchemaBook();
  const Point = z.object({ x: z.number() }).meta({ id: "BookPoint" });
  const one = book.read(z.object({ from: Point, to: Point }), "arrives", "move", "here");
  const other = book.read(Point, "arrives", "point", "there");
  const ref = { $ref: "#/components/schemas/BookPoint" };
  expect(one?.properties).toEqual({ from: ref, to: ref });
  expect(other).toEqual(ref);
  expect(book.reachedFrom([one, other])).toEqual({
    BookPoint: { type: "object", properties: { x: { type: "number" } }, required: ["x"] },
  });
});

test("a name that means two things is told apart by the side it is on", () => {
  const book = new SchemaBook();
  const Version = z.object({ n: z.int().default(1) }).meta({ id: "BookVersion" });
  const read = (side: "arrives" | "leaves") => book.read(Version, side, "version", "here");
  expect([read("arrives"), read("leaves")]).toEqual([
    { $ref: "#/components/schemas/BookVersion" },
    { $ref: "#/components/schemas/BookVersion.output" },
  ]);
});

test("what refers to itself as a whole gets the name of what it is for", () => {
  const book = new SchemaBook();
  const Tree = z.object({
    get kids() {
      return z.array(Tree);
    },
  });
  const json = book.read(Tree, "arrives", "ws.plant", "here");
  const ref = { $ref: "#/components/schemas/ws.plant" };
  expect(json).toEqual(ref);
  expect(book.reachedFrom(json)).toEqual({
    "ws.plant": { type: "object", properties: { kids: { type: "array", items: ref } }, required: ["kids"] },
  });
});

test("`$ref` is followed, through more than one and into what it leads to", () => {
  const book = new SchemaBook();
  const json = book.read(
    converting({
      properties: { a: { $ref: "#/definitions/A%2FB" }, b: { $ref: "#/definitions/C/properties/d~1e" } },
      definitions: {
        "A/B": { $ref: "#/definitions/C" },
        C: { title: "C", properties: { "d/e": { type: "integer" } } },
      },
    }),
    "arrives",
    "odd",
    "here",
  );
  const at = (name: string) => book.resolve(json?.properties?.[name] as JsonSchema);
  expect(at("a")).toMatchObject({ title: "C" });
  expect(at("b")).toEqual({ type: "integer" });
});

test("what leads outside, nowhere or round in a circle may be anything", () => {
  const book = new SchemaBook();
  const json = book.read(
    converting({
      properties: {
        outside: { $ref: "https://example.com/schema.json" },
        nowhere: { $ref: "#/definitions/None" },
        nested: { $ref: "#/definitions/C/definitions/D" },
        round: { $ref: "#/definitions/A" },
      },
      definitions: {
        A: { $ref: "#/definitions/B" },
        B: { $ref: "#/definitions/A" },
        C: { definitions: { D: { type: "string" } } },
      },
    }),
    "arrives",
    "odd",
    "here",
  );
  expect(json?.properties).toEqual({
    outside: {},
    nowhere: {},

    nested: {},
    round: { $ref: "#/components/schemas/A" },
  });
  expect(book.resolve({ $ref: "#/components/schemas/A" })).toEqual({});
});

test("a field called $ref is no reference", () => {
  const book = new SchemaBook();
  const json = book.read(
    converting({ properties: { $ref: { type: "string" }, a: true }, required: ["$ref"] }),
    "arrives",
    "odd",
    "here",
  );
  expect(json).toEqual({
    properties: { a: true },
    patternProperties: { "^\\$ref$": { type: "string" } },
    required: ["$ref"],
  });
});

test("what is inside a part can be referred to, also where the part refers to itself", () => {
  const book = new SchemaBook();
  const json = book.read(
    converting({
      $ref: "#/definitions/A/properties/b",
      definitions: { A: { $ref: "#/definitions/A", properties: { b: { type: "string" } } } },
    }),
    "arrives",
    "odd",
    "here",
  );
  expect(book.resolve(json ?? {})).toEqual({ type: "string" });
  expect(book.reachedFrom(json)).toMatchObject({ A: { properties: { b: { type: "string" } } } });
});

test("a schema is converted once for each side, and where it can't be its validator is noted", () => {
  const book = new SchemaBook();
  let asked = 0;
  const schema = converting(() => {
    asked += 1;
    return undefined;
  });
  for (const where of ["one", "two"]) book.read(schema, "arrives", "a", where);
  expect(asked).toBeLessThanOrEqual(2); // once with our wishes, once without
  expect([...book.silent]).toEqual([["mine", ["one", "two"]]]);
});

function converting(made: unknown): Schema {
  const convert = typeof made === "function" ? made : () => made;
  const jsonSchema = { input: convert, output: convert };
  return {
    "~standard": { version: 1, vendor: "mine", validate: (value: unknown) => ({ value }), jsonSchema },
  } as Schema;
}
