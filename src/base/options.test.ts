import { expect, test } from "vitest";
import { checkOptions, type OptionKind, requireOption } from "./options.js";

const kinds: Readonly<Record<string, OptionKind>> = {
  allow: "function",
  limits: "object",
  origins: "list",
  host: "text",
  claims: "anything",
};
const check = (given: unknown) => () => checkOptions("createApp()", given, kinds);

test.each([
  {},
  { allow: () => true, limits: {}, origins: [], host: "", claims: 7 },
  { allow: undefined, limits: undefined, origins: undefined, host: undefined },
])("options that exist and are of their kind are taken: %o", (given) => {
  expect(check(given)).not.toThrow();
});

test.each<[object, string]>([
  [{ allows: 1 }, "createApp() has no option `allows`. Did you mean `allow`?"],
  [{ origin: 1 }, "createApp() has no option `origin`. Did you mean `origins`?"],
  [{ Hosts: 1 }, "createApp() has no option `Hosts`. Did you mean `host`?"],
  [{ nothing: 1 }, "createApp() has no option `nothing`. Its options are allow, limits, origins, host, claims."],
  [{ toString: 1 }, "createApp() has no option `toString`. Its options are allow, limits, origins, host, claims."],
])("an option that does not exist is named, and the nearest that does: %o", (given, message) => {
  expect(check(given)).toThrow(expect.objectContaining({ code: "unknown_option", message }));
});

test.each<[object, string]>([
  [{ allow: true }, "createApp(): `allow` is true. Give it a function."],
  [{ limits: [] }, "createApp(): `limits` is a list. Give it an object."],
  [{ origins: "https://a.example" }, 'createApp(): `origins` is "https://a.example". Give it a list.'],
  [{ host: 1 }, "createApp(): `host` is 1. Give it a text."],
  [{ limits: null }, "createApp(): `limits` is null. Give it an object."],
])("one of another kind is refused: %o", (given, message) => {
  expect(check(given)).toThrow(expect.objectContaining({ code: "invalid_option", message }));
});

test.each([undefined, null, [], "x", () => {}])("what are no options at all is refused: %o", (given) => {
  expect(check(given)).toThrow(expect.objectContaining({ code: "invalid_options" }));
});

test("one that has to be there is asked for", () => {
  const message = "session(): `lookup` is undefined. Give it a function.";
  expect(() => requireOption("session()", {}, "lookup", "function")).toThrow(message);
  expect(() => requireOption("session()", { lookup: 1 }, "lookup", "function")).not.toThrow();
});
