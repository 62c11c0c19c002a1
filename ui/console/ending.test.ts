import { expect, test } from "vitest";
import { endingOf, type Tried } from "./ending.js";

const tried: Tried = { speaks: "tidings.v1", token: "", place: undefined, refuse: "http", credentials: [] };

test.each<[code: number, reason: string, meaning: string, ourClient: string]>([
  [1008, "unauthorized", "A valid credential is needed.", "It stays closed"],
  [4001, "token_expired", "The token has expired.", "fresh token"],
  [1013, "slow_consumer", "Messages were not read fast enough.", "back-off"],
  [1001, "going_away", "The server is going away.", "drain"],
  [1008, "Out of credit", "the app's own reason", "It stays closed"],
  [4_100, "", "the app's own", "It stays closed"],
  [1006, "", "lost", "back-off"],
  [2_999, "", "Nobody has said", "back-off"],
])("%i %s is explained", (code, reason, meaning, ourClient) => {
  const ending = endingOf({ code, reason }, true, tried);
  expect(ending.meaning).toContain(meaning);
  expect(ending.ourClient).toContain(ourClient);
  expect(ending.label).toBe(`${code} ${reason}`.trim());
});

test("a plain client that was not let in is told that a browser keeps the reason from it", () => {
  const lost = { code: 1006, reason: "" };
  const plain: Tried = { ...tried, speaks: "plain" };
  expect(endingOf(lost, false, plain)).toMatchObject({ isHidden: true, ourClient: undefined });
  expect(endingOf(lost, true, plain)).toMatchObject({ isHidden: false });
  expect(endingOf(lost, false, tried)).toMatchObject({ isHidden: false });
});

const byMessage: Partial<Tried> = { credentials: [{ place: "message", scheme: "message" }], place: "message" };
test.each<[words: string, reason: string, Partial<Tried>]>([
  ["answered with HTTP 401", "unauthorized", {}],
  ["connected, and closed with 1008 forbidden", "forbidden", { refuse: "close" }],
  ["connected, and closed with 1008 unauthorized", "unauthorized", { ...byMessage, token: "bad" }],
  ["connected, and has some seconds", "unauthorized", byMessage],
  ["answered with HTTP 401", "unauthorized", { ...byMessage, token: "bad", place: "query" }],
  ["answered with HTTP 403", "origin_not_allowed", { ...byMessage, token: "bad" }],
])("a plain client is %s: %s %j", (words, reason, given) => {
  expect(endingOf({ code: 1008, reason }, false, { ...tried, ...given }).plain).toContain(words);
});
