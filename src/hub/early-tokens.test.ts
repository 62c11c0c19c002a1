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

test("those that are as late by now as they say are forgotten when one more is seen", () => {
  const { early, namesOf } = holding(
    10,
    token("t1", 1_000, 3_000),
    token("t2", 1_000, 4_000),
    token("t3", 3_000, 9_000),
  );
  expect(early.size).toBe(2);
  expect(namesOf("ana", 3_500)).toEqual(["t2", "t3"]);
});

test("where all places are taken the oldest is forgotten", () => {
  const { early, namesOf } = holding(2, token("t1", 1, 90), token("t2", 2, 90), token("t3", 3, 90));
  expect(early.size).toBe(2);
  expect(namesOf("ana", 50)).toEqual(["t2", "t3"]);
});
