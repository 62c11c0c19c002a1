import { expect, test } from "vitest";
import { claimOf, fits, goesByUser, permissionOf, textOf } from "./channel-rules.js";
import type { ChannelConfig, Rule } from "./config.js";

const ana = { id: "ana", sub: "ana", org: { id: 7 }, rooms: ["a", "b"], admin: true };
const never = async (): Promise<boolean> => {
  throw new Error("It was asked.");
};

test.each<[Readonly<Record<string, string>>, Readonly<Record<string, string>>, boolean]>([
  [{}, { user: "bob" }, true],
  [{ user: "sub" }, { user: "ana" }, true],
  [{ user: "sub" }, { user: "bob" }, false],
  [{ user: "sub" }, { user: "" }, false],
  [{ org: "org.id" }, { org: "7" }, true],
  [{ org: "org.id" }, { org: "70" }, false],
  [{ room: "rooms" }, { room: "b" }, true],
  [{ room: "rooms" }, { room: "c" }, false],
  [{ room: "nothing" }, { room: "undefined" }, false],
  [{ room: "org" }, { room: "[object Object]" }, false],
  [{ room: "admin" }, { room: "true" }, false],
  [{ room: "constructor.name" }, { room: "Object" }, false],
  [{ user: "sub", room: "rooms" }, { user: "ana", room: "c" }, false],
  [{ user: "sub" }, {}, false],
])("where the params must match %j, Ana may be on %j: %s", (match, params, may) => {
  expect(fits(match, { user: ana, params })).toBe(may);
});

test("nobody fits where a claim is asked for", () => {
  expect(fits({ user: "sub" }, { params: { user: "ana" } })).toBe(false);
  expect(fits({ user: "sub" }, { user: { id: "ana" }, params: { user: "ana" } })).toBe(false);
});

test("a claim is found by its own names alone", () => {
  expect([claimOf(ana, "org.id"), claimOf(ana, "toString"), claimOf(ana, "sub.length")]).toEqual([
    7,
    undefined,
    undefined,
  ]);
  expect([textOf("a"), textOf(7), textOf(1.5), textOf(null)]).toEqual(["a", "7", undefined, undefined]);
});

test.each<[Rule | undefined, ChannelConfig["match"], boolean, boolean]>([
  [undefined, undefined, false, false],
  ["nobody", undefined, false, false],
  ["nobody", { user: "sub" }, false, false],
  ["everybody", undefined, true, true],
  ["everybody", { user: "sub" }, true, false],
  ["users", undefined, true, false],
  ["users", { user: "sub" }, true, false],
  ["users", { user: "org.id" }, false, false],
])("the rule %s with match %j lets Ana: %s, and nobody in particular: %s", async (rule, match, lets, letsNobody) => {
  const may = permissionOf(rule, match, never);
  const ask = async (user?: typeof ana) =>
    typeof may === "boolean" ? may : may({ user, params: { user: "ana" } }, undefined);
  expect([await ask(ana), await ask()]).toEqual([lets, letsNobody]);
});

test("by a webhook the backend decides, of those who match", async () => {
  const may = permissionOf(
    "webhook",
    { user: "sub" },
    async ({ user }, event: string) => user?.id === "ana" && event === "said",
  );
  if (typeof may === "boolean") throw new Error("It decides by itself.");
  expect(await may({ user: ana, params: { user: "ana" } }, "said")).toBe(true);
  expect(await may({ user: ana, params: { user: "ana" } }, "left")).toBe(false);
  expect(await may({ user: ana, params: { user: "bob" } }, "said")).toBe(false);
});

test.each<[ChannelConfig, boolean, boolean]>([
  [{}, true, false],
  [{ subscribe: "everybody", publish: "everybody" }, true, false],
  [{ subscribe: "users" }, true, true],
  [{ publish: "users" }, false, true],
  [{ subscribe: "everybody", match: { user: "sub" } }, true, true],
  [{ subscribe: "webhook" }, true, true],
  [{ subscribe: "webhook" }, false, false],
  [{ subscribe: "everybody", presence: true }, true, false],
  [{ subscribe: "everybody", presence: ["name"] }, true, true],
])("%j, of a server that knows users: %s, goes by who somebody is: %s", (config, hasUsers, goes) => {
  expect(goesByUser(config, hasUsers)).toBe(goes);
});
