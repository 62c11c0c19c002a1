import { expect, test } from "vitest";
import { credential, type Dependency, dependency } from "../declare/dependency.js";
import { bearer } from "./bearer.js";
import { firstOf } from "./first-of.js";
import { jwt } from "./jwt.js";
import { session } from "./session.js";

const byCookie = session({ lookup: () => ({ id: "ana", email: "ana@example.com" }) });
const byKey = bearer({ verify: () => ({ id: "robot", model: "T" }), from: ["query", "header"] });

test("the ways of all are tried in their order", () => {
  const either: Dependency<{ id: string; email: string } | { id: string; model: string }, "connection"> = firstOf(
    byCookie,
    byKey,
  );
  expect(waysOf(either)).toEqual([...waysOf(byCookie), ...waysOf(byKey)]);
  expect(waysOf(either).map(({ place }) => place)).toEqual(["cookie", "query", "header"]);
});

test("one is itself, and they can be nested", () => {
  expect(waysOf(firstOf(byKey))).toEqual(waysOf(byKey));
  const nested = firstOf(firstOf(byKey, byCookie), jwt({ secret: undefined, from: ["message"] }));
  expect(waysOf(nested).map(({ place }) => place)).toEqual(["query", "header", "cookie", "message"]);
});

test("none at all is a ConfigError", () => {
  expect(() => firstOf()).toThrow(expect.objectContaining({ name: "ConfigError", code: "no_credential" }));
});

test.each<[string, unknown, string]>([
  ["a dependency that app code makes", dependency({ create: () => ({ id: "ana" }) }), "reads no token"],
  ["its options", { secret: "s" }, "no credential"],
  ["a function", () => byKey, "no credential"],
  ["undefined", undefined, "no credential"],
])("%s is no credential", (_, given, words) => {
  // The types let the first of them through, and JavaScript all.
  const notCredential = given as Dependency<{ id: string }, "connection">;
  expect(() => firstOf(byKey, notCredential)).toThrow(
    expect.objectContaining({ name: "ConfigError", code: "not_a_credential", message: expect.stringContaining(words) }),
  );
  expect(() => firstOf(byKey, notCredential)).toThrow("argument 2");
});

test("a credential of one's own is as good as ours", () => {
  const own = credential<{ id: string }>([]);
  expect(waysOf(firstOf(own, byKey))).toEqual(waysOf(byKey));
});

function waysOf(given: Dependency<unknown>) {
  const definition = given["~definition"];
  if (definition.kind !== "credential") throw new Error("It reads no token.");
  return definition.ways;
}
