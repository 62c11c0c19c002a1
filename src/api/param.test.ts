import { expect, test } from "vitest";
import type { TidingsError } from "../protocol/tidings-error.js";
import { anything, count, oneOf, optional, readParams, required, text } from "./param.js";

const params = {
  name: text("A name.", 4),
  many: optional(count("How many.", 1, 10)),
  kind: optional(oneOf("Which.", ["a", "b"])),
  what: optional(anything("Whatever.")),
  list: optional(required<readonly unknown[]>("a list", { type: "array", minItems: 1 })),
};

function issuesOf(given: unknown) {
  try {
    return readParams(params, given);
  } catch (error) {
    const { code, issues = [] } = error as TidingsError;
    return [code, ...issues.map(({ path, message }) => `${path.join(".")}: ${message}`)];
  }
}

test("what is given is given on under its name, and what is left out is undefined", () => {
  const all = { name: "💬ana", many: 10, kind: "b", what: null, list: [1] };
  expect(readParams(params, all)).toEqual(all);
  expect(readParams(params, { name: "a" })).toEqual({ name: "a" });
});

test.each([
  [undefined, ["bad_request", ": This is undefined, and not an object."]],
  [[], ["bad_request", ": This is a list, and not an object."]],
  ["name", ["bad_request", ': This is "name", and not an object.']],
  [{}, ["bad_request", "name: It is missing: give a text of 1 to 4 characters."]],
  [{ name: "" }, ["bad_request", 'name: It is "": give a text of 1 to 4 characters.']],
  [{ name: "five!" }, ["bad_request", 'name: It is "five!": give a text of 1 to 4 characters.']],
  [{ name: null }, ["bad_request", "name: It is null: give a text of 1 to 4 characters."]],
  [{ name: "a", many: 0 }, ["bad_request", "many: It is 0: give a whole number from 1 to 10."]],
  [{ name: "a", many: "1" }, ["bad_request", 'many: It is "1": give a whole number from 1 to 10.']],
  [{ name: "a", many: 1.5 }, ["bad_request", "many: It is 1.5: give a whole number from 1 to 10."]],
  [{ name: "a", kind: "c" }, ["bad_request", 'kind: It is "c": give one of a, b.']],
  [{ name: "a", list: [] }, ["bad_request", "list: It is a list: give a list."]],
  [{ name: "a", nome: 1 }, ["bad_request", "nome: There is no such name. Known are name, many, kind, what, list."]],
  [{ name: "a", toString: 1 }, ["bad_request", expect.stringContaining("toString: There is no such name.")]],
  [JSON.parse('{"name":"a","__proto__":1}'), ["bad_request", expect.stringContaining("__proto__: ")]],
  [Object.create({ name: "a" }), ["bad_request", expect.stringContaining("name: It is missing")]],
])("what does not fit is told by its name: %j", (given, told) => {
  expect(issuesOf(given)).toEqual(told);
});

test("an error says no more of a long name than what it begins with", () => {
  expect(JSON.stringify(issuesOf({ name: "a", ["x".repeat(10_000)]: 1 })).length).toBeLessThan(300);
});
