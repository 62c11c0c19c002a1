import { expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.js";
import { RateGuard } from "./rate-guard.js";

/** With three limits that differ in all they say. */
function guard() {
  const clock = new FakeClock();
  const limits = {
    messages: { count: 2, windowMs: 1_000 },
    control: { count: 3, windowMs: 2_000 },
    strikes: { count: 1, windowMs: 500 },
  };
  return { rate: new RateGuard(limits, clock), advance: (ms: number) => clock.advance(`${ms}ms`) };
}

test("a message counts when it passes, and not when it is asked whether it would", async () => {
  const { rate, advance } = guard();
  for (let time = 0; time < 5; time += 1) expect(rate.messageWaitMs).toBe(0);
  rate.passMessage();
  await advance(400);
  expect(rate.messageWaitMs).toBe(0);
  rate.passMessage();
  expect(rate.messageWaitMs).toBe(600);
  await advance(599);
  expect(rate.messageWaitMs).toBe(1);
  await advance(1);
  expect(rate.messageWaitMs).toBe(0);
});

test("what else comes is counted by itself, and what is refused does not count", async () => {
  const { rate, advance } = guard();
  for (let time = 0; time < 3; time += 1) expect(rate.takeControl()).toBe(0);
  expect([rate.takeControl(), rate.takeControl(), rate.messageWaitMs]).toEqual([2_000, 2_000, 0]);
  await advance(1_999);
  expect(rate.takeControl()).toBe(1);
  await advance(1);
  expect(rate.takeControl()).toBe(0);
});

test("a strike more than may be is time to close", async () => {
  const { rate, advance } = guard();
  expect([rate.takeStrike(), rate.takeStrike()]).toEqual([true, false]);
  await advance(499);
  expect(rate.takeStrike()).toBe(false);
  await advance(1);
  expect(rate.takeStrike()).toBe(true);
});
