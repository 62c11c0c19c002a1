import { expect, test } from "vitest";
import { StandingQuestions } from "./standing-questions.js";

const asked = (...names: readonly string[]) =>
  names.map((by) => ({ by, question: { ask: by, about: "channels", text: "" } as const }));

test("those that have waited for longest are first", () => {
  const standing = new StandingQuestions();
  standing.hear({ process: "p1", looks: true, asked: asked("a", "b", "c") }, 0);
  for (const each of standing.soughtBefore(0))
    each.soughtAtMs = each.by === "a" ? 30 : each.by === "b" ? 20 : undefined;
  expect(standing.soughtBefore(30).map(({ by }) => by)).toEqual(["c", "b", "a"]);
  expect(standing.soughtBefore(20).map(({ by }) => by)).toEqual(["c", "b"]);
});

test("what a process says takes the place of what it said before, and what stays is remembered", () => {
  const standing = new StandingQuestions();
  expect(standing.hear({ process: "p1", looks: true, asked: asked("a", "b") }, 0)).toBe(true);
  for (const each of standing.soughtBefore(0)) each.soughtAtMs = 1;
  expect(standing.hear({ process: "p1", looks: true, asked: asked("b") }, 2)).toBe(false);
  expect(standing.hear({ process: "p1", looks: true, asked: asked("b", "c") }, 2)).toBe(true);
  expect(standing.soughtBefore(2)).toMatchObject([
    { by: "c", soughtAtMs: undefined },
    { by: "b", soughtAtMs: 1 },
  ]);
});

test("of a thousand processes it hears, and of no more until one of them is gone", () => {
  const standing = new StandingQuestions();
  for (let n = 0; n < 1_001; n += 1) standing.hear({ process: `p${n}`, looks: true, asked: asked(`${n}`) }, n);
  expect(standing.soughtBefore(0)).toHaveLength(1_000);
  standing.forget(15_000);
  expect(standing.hear({ process: "p1000", looks: true, asked: asked("late") }, 15_000)).toBe(true);
  standing.forget(40_000);
  expect(standing.isLookedAt).toBe(false);
});
