import { expect, test } from "vitest";
import { type EarlyToken, EarlyTokens } from "./early-tokens.js";

const token = (name: string, seenAtMs: number, issuedAtMs: number, user = "ana"): EarlyToken => {
  return { user, name, seenAtMs, issuedAtMs, untilMs: undefined };
};

function holding(maxCount: number, ...given: EarlyToken[]) {
  const early = new EarlyTokens(maxCount);
  for (const each of given) early.add(each);
  const namesOf = (user: string, revokedAtMs: number) => early.of(user, revokedAtMs).map(({ name }) => name);
  return { early, namesOf };
}

test.each([
  ["before it was seen", 4_999, []],
  ["when it was seen", 5_000, ["t1"]],
  ["just before it is as late as it says", 8_999, ["t1"]],
  ["when it is as late as it says, and its own time tells enough", 9_000, []],
])("a token that was seen early, and its user revoked %s", (_, revokedAtMs, names) => {
  const { namesOf } = holding(10, token("t1", 5_000, 9_000));
  expect(namesOf("ana", revokedAtMs)).toEqual(names);
  expect(namesOf("bob", revokedAtMs)).toEqual([]);
});

test("one that is shown again was seen when it was seen first", () => {
  const { namesOf } = holding(10, token("t1", 5_000, 9_000), token("t1", 7_000, 9_000));
  expect(namesOf("ana", 6_000)).toEqual(["t1"]);
});

test("those that have been as late as they say for five minutes are forgotten when one more is seen", () => {
  const [t1, t2] = [token("t1", 1_000, 3_000), token("t2", 1_000, 4_000)];
  const { early, namesOf } = holding(10, t1, t2, token("t3", 303_000, 309_000));
  expect(early.size).toBe(2);
  // A revocation of then, which is told now.
  expect(namesOf("ana", 2_500)).toEqual(["t2"]);
});

test("one that is shown as two users is kept in mind for both", () => {
  const { namesOf } = holding(10, token("t1", 5_000, 9_000, "auth0|7"), token("t1", 5_000, 9_000, "ana"));
  expect([namesOf("auth0|7", 6_000), namesOf("ana", 6_000)]).toEqual([["t1"], ["t1"]]);
});

test("where all places are taken the oldest is forgotten", () => {
  const { early, namesOf } = holding(2, token("t1", 1, 90), token("t2", 2, 90), token("t3", 3, 90));
  expect(early.size).toBe(2);
  expect(namesOf("ana", 50)).toEqual(["t2", "t3"]);
});
