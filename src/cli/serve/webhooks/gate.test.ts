import { expect, test } from "vitest";
import { Gate } from "./gate.js";

const never = new AbortController().signal;

test("so many are in at once; the next comes in when one leaves, in the order of coming", async () => {
  const gate = new Gate({ atOnce: 1, waiting: 2 });
  const order: string[] = [];
  expect(await gate.enter(never)).toBe(true);
  const second = gate.enter(never).then(() => order.push("second"));
  const third = gate.enter(never).then(() => order.push("third"));
  gate.leave();
  await second;
  gate.leave();
  await third;
  expect(order).toEqual(["second", "third"]);
});

test("past those that may wait nobody comes in", async () => {
  const gate = new Gate({ atOnce: 1, waiting: 1 });
  await gate.enter(never);
  const waiting = gate.enter(never);
  expect(await gate.enter(never)).toBe(false);
  gate.leave();
  expect(await waiting).toBe(true);
});

test("who gives up leaves its place to the next", async () => {
  const gate = new Gate({ atOnce: 1, waiting: 1 });
  await gate.enter(never);
  const impatient = new AbortController();
  const given = gate.enter(impatient.signal);
  impatient.abort();
  expect(await given).toBe(false);
  const next = gate.enter(never);
  gate.leave();
  expect(await next).toBe(true);
  expect(await gate.enter(impatient.signal)).toBe(false);
});

test("when all have left there is room for as many as before", async () => {
  const gate = new Gate({ atOnce: 2, waiting: 0 });
  await Promise.all([gate.enter(never), gate.enter(never)]);
  gate.leave();
  gate.leave();
  expect([await gate.enter(never), await gate.enter(never), await gate.enter(never)]).toEqual([true, true, false]);
});
