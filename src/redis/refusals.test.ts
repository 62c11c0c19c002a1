import { ErrorReply } from "redis";
import { expect, test } from "vitest";
import { Refusals } from "./refusals.js";
import { unavailable } from "./servers.js";

function openRefusals() {
  const clock = { nowMs: 1_000 };
  const told: [error: unknown, during: string][] = [];
  const refusals = new Refusals(
    (error, during) => told.push([error, during]),
    () => clock.nowMs,
  );
  const fail = async (what: string, error: unknown) => {
    await expect(refusals.of(what, Promise.reject(error))).rejects.toBe(error);
  };
  return { clock, told, refusals, fail };
}

const fault = unavailable(new ErrorReply("ERR user_script:58: bad argument #1 to 'ipairs'"));

test("what Redis answers is given, and nothing is told", async () => {
  const { refusals, told } = openRefusals();
  expect(await refusals.of("history", Promise.resolve(7))).toBe(7);
  expect(told).toEqual([]);
});

test("what a script of ours gets wrong is told once in a minute, however often it is asked for", async () => {
  const { clock, told, fail } = openRefusals();
  await fail("history", fault);
  await fail("publish", fault);
  clock.nowMs += 59_999;
  await fail("history", fault);
  expect(told).toEqual([
    [fault, "history"],
    [fault, "publish"],
  ]);
  clock.nowMs += 1;
  await fail("history", fault);
  expect(told.slice(2)).toEqual([[fault, "history"]]);
});

test.each<[string, unknown]>([
  ["a Redis that is away", unavailable(new Error("The line ended."))],
  ["a state that passes", unavailable(new ErrorReply("LOADING Redis is loading the dataset in memory"))],
  ["a Redis that takes nothing", unavailable(new ErrorReply("OOM command not allowed"), "not-done")],
  ["what is no answer of Redis", new Error("x")],
])("%s is told by others", async (_, error) => {
  const { told, fail } = openRefusals();
  await fail("history", error);
  expect(told).toEqual([]);
});
