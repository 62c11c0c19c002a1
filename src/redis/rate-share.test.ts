import fc from "fast-check";
import { expect, test } from "vitest";
import { RateShare, type Tokens } from "./rate-share.js";

function shareOf(...tokens: readonly Tokens[]): RateShare {
  const share = new RateShare(100);
  for (const each of tokens) share.add(each, 0);
  return share;
}

function takeAll(share: RateShare, timesMs: readonly number[]): (number | undefined)[] {
  return timesMs.map((nowMs) => share.take(nowMs));
}

test("each token passes one message a window", () => {
  const share = shareOf({ usableMs: 0, count: 2 });
  expect(takeAll(share, [10, 20, 30, 109, 110, 111])).toEqual([0, 0, 80, 1, 0, 9]);
});

test("who has no tokens does not know how long to wait", () => {
  expect(takeAll(shareOf(), [10])).toEqual([undefined]);
});

test("a token that was used elsewhere is usable from its own time on", () => {
  const share = shareOf({ usableMs: 0, count: 1 }, { usableMs: 50, count: 2 });
  expect(takeAll(share, [10, 10, 50, 60, 60])).toEqual([0, 40, 0, 0, 50]);
});

test("those that have not been used for longest go first, each with its time, the latest in front", () => {
  const share = shareOf({ usableMs: 0, count: 4 });
  takeAll(share, [1, 12, 14]);
  expect(share.remove(3, 10, 20)).toEqual([
    { usableMs: 120, count: 1 },
    { usableMs: 110, count: 1 },
    { usableMs: 20, count: 1 },
  ]);
  expect(share.size).toBe(1);
  expect(takeAll(share, [20, 114])).toEqual([94, 0]);
});

test("their times are as many as the grid has, and never too early", () => {
  const share = shareOf({ usableMs: 0, count: 50 });
  takeAll(
    share,
    Array.from({ length: 50 }, (_, index) => index / 2),
  );
  const removed = share.remove(50, 10, 24);
  expect(removed.map(({ usableMs }) => usableMs)).toEqual([130, 120, 110, 100]);
  expect(removed.reduce((sum, { count }) => sum + count, 0)).toBe(50);
});

test("who gives more than there is gives all", () => {
  const share = shareOf({ usableMs: 0, count: 2 });
  expect(share.remove(5, 1, 7)).toEqual([{ usableMs: 7, count: 2 }]);
  expect(share.remove(1, 1, 7)).toEqual([]);
  expect(share.size).toBe(0);
});

test("of a share that shrinks those stay that were used last", () => {
  const share = shareOf({ usableMs: 0, count: 3 });
  takeAll(share, [1, 2]);
  share.shrinkTo(1, 3);
  expect(share.size).toBe(1);
  expect(takeAll(share, [3, 101, 102])).toEqual([99, 1, 0]);
  share.shrinkTo(5, 110);
  expect(share.size).toBe(1);
});

test("whatever comes and goes, it says what a list of all tokens says", () => {
  const step = fc.record({
    what: fc.constantFrom("take", "take", "take", "add", "remove", "shrink"),
    count: fc.integer({ min: 0, max: 4 }),
    laterMs: fc.integer({ min: 0, max: 30 }),
    inMs: fc.integer({ min: -5, max: 150 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
      const share = new RateShare(100);
      let [tokens, nowMs] = [[] as number[], 0];
      for (const { what, count, laterMs, inMs } of steps) {
        nowMs += laterMs;
        tokens = tokens.map((usableMs) => Math.max(usableMs, nowMs)).sort((a, b) => a - b);
        if (what === "take") {
          const [first] = tokens;
          expect(share.take(nowMs)).toBe(first === undefined ? undefined : first - nowMs);
          if (first === nowMs) tokens[0] = nowMs + 100;
        } else if (what === "add") {
          share.add({ usableMs: nowMs + inMs, count }, nowMs);
          for (let n = 0; n < count; n += 1) tokens.push(nowMs + inMs);
        } else if (what === "remove") {
          const removed = share.remove(count, 1, nowMs).flatMap((each) => Array(each.count).fill(each.usableMs));
          expect(removed).toEqual(tokens.splice(0, count).reverse());
        } else {
          share.shrinkTo(count, nowMs);
          tokens = tokens.slice(Math.max(0, tokens.length - count));
        }
        expect(share.size).toBe(tokens.length);
        expect(share.usable(nowMs)).toBe(tokens.filter((usableMs) => usableMs <= nowMs).length);
      }
    }),
    { numRuns: 300 },
  );
});
