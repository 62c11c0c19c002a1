import { expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.js";
import { SharedHeadcount } from "./shared-headcount.js";

function openHeadcount() {
  const clock = new FakeClock();
  const counts: (Error | undefined)[] = [];
  let counted = 0;
  const headcount = new SharedHeadcount({
    clock,
    async count() {
      counted += 1;
      const failure = counts.shift();
      if (failure !== undefined) throw failure;
      return { users: counted, connections: counted, isOfThisProcess: false };
    },
  });
  const users = async (times: number) => {
    const found = await Promise.all(Array.from({ length: times }, () => headcount.read()));
    return found.map((each) => each.users);
  };
  return { clock, counts, headcount, users };
}

test("five in a second are counted anew, and all others are given the last of them", async () => {
  const { clock, users } = openHeadcount();
  expect(await users(8)).toEqual([1, 2, 3, 4, 5, 5, 5, 5]);
  await clock.advance("999ms");
  expect(await users(2)).toEqual([5, 5]);
  await clock.advance("1ms");
  expect(await users(7)).toEqual([6, 7, 8, 9, 10, 10, 10]);
});

test("who asks now and then is given what is so now", async () => {
  const { clock, users } = openHeadcount();
  for (const n of [1, 2, 3]) {
    expect(await users(1)).toEqual([n]);
    await clock.advance("300ms");
  }
});

test("a count that fails is that of the second, and not of the next", async () => {
  const { clock, counts, headcount, users } = openHeadcount();
  expect(await users(4)).toEqual([1, 2, 3, 4]);
  counts.push(new Error("away"));
  await expect(headcount.read()).rejects.toThrow("away");
  await expect(headcount.read()).rejects.toThrow("away");
  await clock.advance("1s");
  expect(await users(1)).toEqual([6]);
});
