import { expect, test } from "vitest";
import type { MessageDoc } from "./api.js";
import { fieldOf, type Schema } from "./form-model.js";
import { MessageState } from "./message-state.js";

const say: Schema = {
  type: "object",
  properties: { text: { type: "string" }, loud: { type: "boolean" } },
  required: ["text"],
};

test("it begins with the example, as a form", () => {
  const state = stateOf(say, { text: "hello" });
  expect([state.mode.value, state.reading().value]).toEqual(["form", { text: "hello" }]);
});

test("what is in the form is in the JSON, and back", () => {
  const state = stateOf(say, { text: "hello" });
  state.showJson();
  expect(JSON.parse(state.text.value)).toEqual({ text: "hello" });
  state.text.value = '{"text":"bye","loud":true}';
  state.showForm();
  expect([state.mode.value, state.reading().value]).toEqual(["form", { text: "bye", loud: true }]);
});

test.each([
  ["{", "not JSON"],
  ['{"text":"a","more":1}', "no place"],
  ['{"text":7}', "no place"],
])("%s stays JSON, and it is said why", (text, why) => {
  const state = stateOf(say, { text: "hello" });
  state.showJson();
  state.text.value = text;
  state.showForm();
  expect(state.mode.value).toBe("json");
  expect(state.whyJson.value).toContain(why);
});

test("what no form can show begins as JSON with the example in it", () => {
  const state = stateOf({ anyOf: [say, { type: "string" }] }, { text: "either" });
  expect([state.mode.value, state.hasForm, state.whyJson.value]).toEqual([
    "json",
    false,
    "It may have one of several shapes.",
  ]);
  expect(state.reading().value).toEqual({ text: "either" });
});

test("an example that the form has no place for begins as JSON", () => {
  const state = stateOf(say, { text: "a", more: true });
  expect([state.mode.value, state.hasForm]).toEqual(["json", true]);
  expect(state.reading().value).toEqual({ text: "a", more: true });
});

test("without an example it begins blank", () => {
  expect(stateOf({}, undefined).reading().value).toEqual({});
  expect(stateOf(say, undefined).reading().value).toEqual({ text: "" });
});

function stateOf(schema: Schema, example: unknown): MessageState {
  const field = fieldOf(schema, () => undefined);
  const doc: MessageDoc = {
    type: "say",
    isAny: false,
    title: undefined,
    summary: undefined,
    description: undefined,
    reply: undefined,
    schema,
    field,
    example,
  };
  return new MessageState(doc);
}
