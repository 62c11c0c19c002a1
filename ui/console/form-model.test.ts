import { expect, test } from "vitest";
import { z } from "zod";
import { type Field, fieldOf, type Schema } from "./form-model.js";

const nowhere = () => undefined;

test("each type has a control of its own, with what holds for it in words", () => {
  const schema = z.object({
    text: z.string().min(1).max(500),
    when: z.iso.datetime(),
    mail: z.email().optional(),
    count: z.int().min(1).max(100),
    price: z.number().positive().meta({ description: "in euros" }),
    isOn: z.boolean().default(true),
    colour: z.enum(["red", "green"]),
    kind: z.literal("order"),
    tags: z.array(z.string()).min(2),
    place: z.object({ street: z.string() }),
    note: z.string().nullable(),
  });
  const field = fieldOf(jsonSchema(schema), nowhere);
  expect(shapeOf(field)).toEqual({
    text: "text",
    when: "text",
    "mail?": "text",
    count: "number",
    price: "number",
    "isOn?": "flag",
    colour: "choice",
    kind: "constant",
    tags: ["text"],
    place: { street: "text" },
    note: "text or null",
  });
  expect(ruleOf(field, "text")).toBe("1–500 characters");
  expect(ruleOf(field, "count")).toBe("1–100");
  expect(ruleOf(field, "when")).toBe("date-time");
  expect(ruleOf(field, "price")).toBe("more than 0");
  expect(ruleOf(field, "tags")).toBe("at least 2 items");
  expect(memberOf(field, "price")).toMatchObject({ description: "in euros" });
  expect(memberOf(field, "isOn")).toMatchObject({ initial: true });
});

test.each<[string, Schema, string]>([
  [
    "a union of shapes",
    jsonSchema(z.union([z.object({ a: z.string() }), z.object({ b: z.number() })])),
    "several shapes",
  ],
  ["several types", { type: ["string", "number"] }, "several types"],
  ["anything", {}, "does not say"],
  ["true", true, "does not say"],
  ["nothing", false, "Nothing"],
  ["a tuple", jsonSchema(z.tuple([z.string(), z.number()])), "a schema of its own"],
  ["a map", jsonSchema(z.record(z.string(), z.number())), "names of your own"],
  ["names by a pattern", { type: "object", properties: {}, patternProperties: { "^x": {} } }, "names of your own"],
  ["schemas at once", { allOf: [{ type: "object" }, { type: "object" }] }, "several schemas"],
  ["what is not in the document", { $ref: "#/components/schemas/Lost" }, "not in the document"],
  ["a type of nobody's", { type: "blob" }, "blob"],
])("%s is written as JSON, and it is said why", (_, schema, why) => {
  expect(fieldOf(schema, nowhere)).toMatchObject({ kind: "json", why: expect.stringContaining(why) });
});

test("what holds itself is JSON from where it begins, and what is around it is a form", () => {
  const tree: Schema = {
    type: "object",
    properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#/tree" } } },
    required: ["name"],
  };
  const order: Schema = {
    type: "object",
    properties: {
      id: { type: "number" },
      tree: { $ref: "#/tree" },
      more: { type: "array", items: { $ref: "#/tree" } },
    },
    required: ["id", "tree"],
  };
  const field = fieldOf(order, (reference) => (reference === "#/tree" ? tree : undefined));
  expect(shapeOf(field)).toEqual({ id: "number", tree: "json", "more?": ["json"] });
  expect(memberOf(field, "tree")).toMatchObject({ why: "It holds itself again." });
});

test("two that hold each other have an end too", () => {
  const schemas: Readonly<Record<string, Schema>> = {
    "#/a": { type: "object", properties: { b: { $ref: "#/b" } } },
    "#/b": { type: "object", properties: { a: { $ref: "#/a" } } },
  };
  expect(fieldOf({ $ref: "#/a" }, (reference) => schemas[reference])).toMatchObject({ kind: "json" });
});

test("the same schema twice, side by side, is no recursion", () => {
  const point: Schema = { type: "object", properties: { x: { type: "number" } }, required: ["x"] };
  const line: Schema = {
    type: "object",
    properties: { from: { $ref: "#/point" }, to: { $ref: "#/point", description: "where it ends" } },
    required: ["from", "to"],
  };
  const field = fieldOf(line, () => point);
  expect(shapeOf(field)).toEqual({ from: { x: "number" }, to: { x: "number" } });
  expect(memberOf(field, "to")).toMatchObject({ description: "where it ends" });
});

test("a union of constants is a choice, null included", () => {
  const field = fieldOf({ anyOf: [{ const: 1 }, { enum: ["a", "b"] }, { type: "null" }] }, nowhere);
  expect(field).toMatchObject({ kind: "choice", options: [1, "a", "b", null] });
});

function jsonSchema(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { target: "draft-7", io: "input" });
}

/** A form in short. */
function shapeOf(field: Field): unknown {
  switch (field.kind) {
    case "group":
      return Object.fromEntries(
        field.members.map(({ name, isRequired, field }) => [isRequired ? name : `${name}?`, shapeOf(field)]),
      );
    case "list":
      return [shapeOf(field.item)];
    case "nullable":
      return `${shapeOf(field.inner)} or null`;
    default:
      return field.kind;
  }
}

function memberOf(field: Field, name: string): Field | undefined {
  return field.kind === "group" ? field.members.find((member) => member.name === name)?.field : undefined;
}

function ruleOf(field: Field, name: string): string | undefined {
  return memberOf(field, name)?.rule;
}
