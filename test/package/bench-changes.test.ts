import { expect, test } from "vitest";

interface Spread {
  readonly median: number;
  readonly least?: number;
  readonly most?: number;
  readonly count?: number;
}

/** Plain JavaScript, which the benchmarks are: `bench/` has no types of its own. */
const { changeOf, besideBefore } = (await import(String(new URL("../../bench/before.mjs", import.meta.url)))) as {
  changeOf(now: Spread, then: Spread, isMoreBetter: boolean): string | undefined;
  besideBefore(row: object, verdict: object, committed: object | undefined): unknown;
};

const then = { median: 1, least: 0.9, most: 1.1, count: 5 };

test.each<[string, Spread, Spread, boolean, string | undefined]>([
  ["all runs are above all of then", { median: 1.2, least: 1.11, most: 1.3, count: 5 }, then, true, "faster"],
  ["the same where less is better", { median: 1.2, least: 1.11, most: 1.3, count: 5 }, then, false, "slower"],
  ["all runs are below all of then", { median: 0.8, least: 0.7, most: 0.89, count: 5 }, then, true, "slower"],
  ["one run is as one of then was", { median: 1.2, least: 1.1, most: 1.3, count: 5 }, then, true, "as before"],
  ["there were too few runs", { median: 1.2, least: 1.2, most: 1.2, count: 4 }, then, true, undefined],
  ["the runs of then are not known", { ...then, count: 5 }, { median: 2 }, true, undefined],
])("a benchmark's ratio beside what it was before: %s", (_, now, before, isMoreBetter, change) => {
  expect(changeOf(now, before, isMoreBetter)).toBe(change);
});

test("a benchmark that is committed already shows what it was compared with when it was measured", () => {
  const row = { id: "F1" };
  const verdictOf = (date: string, ratio: Spread) => {
    return { row: "F1", date, contenders: [{ name: "ws", ratio, besides: [] }] };
  };
  const committedAs = (verdict: unknown, commit: string) => ({ machine: { commit }, rows: [verdict] });
  const now = verdictOf("2026-02-01", { median: 1.2, least: 1.11, most: 1.3, count: 5 });
  const compared = besideBefore(row, now, committedAs(verdictOf("2026-01-01", then), "a1"));
  expect(compared).toMatchObject({
    before: { commit: "a1", date: "2026-01-01" },
    contenders: [{ ratio: { median: 1.2, before: { median: 1, least: 0.9, most: 1.1 }, change: "faster" } }],
  });
  expect(besideBefore(row, now, committedAs(compared, "b2"))).toEqual(compared);
});
