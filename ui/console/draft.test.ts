import { expect, test } from "vitest";
import { blankDraft, type Draft, draftOf, readForm } from "./draft.js";
import { type Field, fieldOf, type Schema } from "./form-model.js";

const order: Schema = {
  type: "object",
  properties: {
    id: { type: "integer" },
    name: { type: "string", default: "one" },
    note: { type: ["string", "null"] },
    isGift: { type: "boolean" },
    size: { enum: ["s", "m", 42] },
    kind: { const: "order" },
    lines: { type: "array", items: { type: "object", properties: { text: { type: "string" } }, required: ["text"] } },
    more: { description: "anything" },
    hint: { type: "string" },
  },
  required: ["id", "name", "note", "isGift", "size", "kind", "lines", "more"],
};
const form = fieldOf(order, () => undefined);
const whole = {
  id: 7,
  name: "two",
  note: null,
  isGift: true,
  size: 42,
  kind: "order",
  lines: [{ text: "a" }, { text: "b" }],
  more: { any: ["thing"] },
};

test("a value that the form has a place for comes back as it was", () => {
  expect(thereAndBack(whole)).toEqual(whole);
  expect(thereAndBack({ ...whole, hint: "h", note: "n", lines: [] })).toEqual({
    ...whole,
    hint: "h",
    note: "n",
    lines: [],
  });
});

test.each([
  ["a field too many", { ...whole, extra: 1 }],
  ["a field too few", { ...whole, id: undefined }],
  ["a choice that is none", { ...whole, size: "xl" }],
  ["another constant", { ...whole, kind: "invoice" }],
  ["a text in the place of a number", { ...whole, id: "7" }],
  ["a list in the place of an object", []],
])("the form has no place for %s", (_, value) => {
  expect(draftOf(form, JSON.parse(JSON.stringify(value)))).toBeUndefined();
});

test("what is blank begins with the defaults, leaves out what may be, and tells where a value is needed", () => {
  const reading = readForm(form, blankDraft(form));
  expect(reading.problems).toEqual([{ path: ["id"], message: "A number is needed here." }]);
  const draft = blankDraft(form);
  expect(draft).toMatchObject({
    kind: "group",
    members: { name: { draft: { text: "one" } }, hint: { isGiven: false } },
  });
});

test("however many items a list must have, it begins with ten at most", () => {
  const listOf = (minItems: number) => fieldOf({ type: "array", items: { type: "string" }, minItems }, () => undefined);
  expect(blankDraft(listOf(2))).toMatchObject({ items: { length: 2 } });
  expect(blankDraft(listOf(1e9))).toMatchObject({ items: { length: 10 } });
});

test.each(["", " ", "1e999", "0x", "a", "NaN"])("%j is no number", (text) => {
  expect(
    readForm(
      fieldOf({ type: "number" }, () => undefined),
      { kind: "number", text },
    ).problems,
  ).toHaveLength(1);
});

test("where JSON is written that is none, it is said where", () => {
  const field = fieldOf({ type: "object", properties: { any: {} }, required: ["any"] }, () => undefined);
  const draft: Draft = { kind: "group", members: { any: { isGiven: true, draft: { kind: "json", text: "{" } } } };
  expect(readForm(field, draft).problems).toEqual([{ path: ["any"], message: expect.stringContaining("not JSON") }]);
});

test("a field called __proto__ is a field", () => {
  const properties = JSON.parse('{"__proto__":{"type":"string"}}');
  const field: Field = fieldOf({ type: "object", properties, required: ["__proto__"] }, () => undefined);
  const value = JSON.parse('{"__proto__":"x"}');
  const draft = draftOf(field, value);
  expect(draft && JSON.stringify(readForm(field, draft).value)).toBe('{"__proto__":"x"}');
});

function thereAndBack(value: unknown): unknown {
  const draft = draftOf(form, value);
  return draft && readForm(form, draft).value;
}
