import { expect, test } from "vitest";
import { Random } from "./random.js";

const take = (random: Random, count: number) => Array.from({ length: count }, random.next);

test("the same seed gives the same numbers, a neighbour others", () => {
  expect(take(new Random(1), 5)).toEqual(take(new Random(1), 5));
  expect(take(new Random(1), 5)).not.toEqual(take(new Random(2), 5));
  expect(take(new Random(1), 5)).not.toEqual(take(new Random(2 ** 32 + 1), 5));
});

test("its numbers are spread evenly, over one seed and over the first of many", () => {
  const ofOne = take(new Random(7), 10_000);
  const ofMany = Array.from({ length: 10_000 }, (_, seed) => new Random(seed).next());
  for (const numbers of [ofOne, ofMany]) {
    const tenths = new Array<number>(10).fill(0);
    for (const number of numbers) tenths[Math.floor(number * 10)] = (tenths[Math.floor(number * 10)] ?? 0) + 1;
    expect(Math.min(...tenths)).toBeGreaterThan(850);
    expect(Math.max(...tenths)).toBeLessThan(1_150);
  }
});

test("a fork does not depend on what others were asked", () => {
  const [one, other] = [new Random(3), new Random(3)];
  take(other, 10);
  expect(take(one.fork("weather"), 3)).toEqual(take(other.fork("weather"), 3));
  expect(take(one.fork("weather"), 3)).not.toEqual(take(one.fork("ids"), 3));
});

test("ids are of letters and digits, and no two alike", () => {
  const { id } = new Random(4);
  const ids = Array.from({ length: 1_000 }, id);
  expect(new Set(ids).size).toBe(1_000);
  expect(ids.every((each) => /^[a-z0-9]{21}$/.test(each))).toBe(true);
});
