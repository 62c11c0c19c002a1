import { ErrorReply } from "redis";
import { expect, test } from "vitest";
import { TidingsError } from "../protocol/tidings-error.js";
import { isAway, unavailable, wasNotDone } from "./servers.js";

test.each([
  "TRYAGAIN Multiple keys request during rehashing of slot",
  "CLUSTERDOWN The cluster is down",
  "LOADING Redis is loading the dataset in memory",
  "MASTERDOWN Link with MASTER is down",
  "READONLY You can't write against a read only replica.",
  "MOVED 3999 127.0.0.1:6381",
])("with %j the broker is away: it passes", (words) => {
  expect(isAway(unavailable(new ErrorReply(words)))).toBe(true);
});

test.each([
  "WRONGTYPE Operation against a key holding the wrong kind of value",
  "OOM command not allowed when used memory > 'maxmemory'.",
  "MISCONF Redis is configured to save RDB snapshots, but it's unable to persist to disk.",
  "NOPERM this user has no permissions",
  "ERR unknown",
])("with %j Redis refuses just this, and is not away", (words) => {
  expect(isAway(unavailable(new ErrorReply(words)))).toBe(false);
});

test("a line that has ended is away, and no other error is", () => {
  expect(isAway(unavailable(new Error("The line ended.")))).toBe(true);
  expect(isAway(new TidingsError("forbidden"))).toBe(false);
  expect(isAway(new Error("READONLY x"))).toBe(false);
});

test("only of what is said not to have been done is it known", () => {
  const cause = new Error("The line ended.");
  expect(wasNotDone(unavailable(cause, "not-done"))).toBe(true);
  expect(wasNotDone(unavailable(cause))).toBe(false);
  expect(wasNotDone(cause)).toBe(false);
});

test("whoever is told that the broker is away is told when to try again, and why", () => {
  const cause = new Error("The line ended.");
  expect(unavailable(cause)).toMatchObject({ code: "unavailable", retryAfterMs: 1_000, cause });
});
