import { expect, test } from "vitest";
import { endingOf } from "./ending.js";

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
  const ending = endingOf({ code, reason }, true, "tidings.v1");
  expect(ending.meaning).toContain(meaning);
  expect(ending.ourClient).toContain(ourClient);
  expect(ending.label).toBe(`${code} ${reason}`.trim());
});

test("a plain client that was not let in is told that a browser keeps the reason from it", () => {
  expect(endingOf({ code: 1006, reason: "" }, false, "plain")).toMatchObject({ isHidden: true });
  expect(endingOf({ code: 1006, reason: "" }, true, "plain")).toMatchObject({ isHidden: false });
  expect(endingOf({ code: 1006, reason: "" }, false, "tidings.v1")).toMatchObject({ isHidden: false });
});
