import { expect, test } from "vitest";
import { mutants } from "../mutants.js";
import { readRepositoryFile } from "../support/repository.js";

interface Run {
  readonly isLate: boolean;
  readonly tests: readonly { readonly name: string; readonly isPassed: boolean; readonly isLate: boolean }[];
  readonly faults: readonly { readonly text: string; readonly isLate: boolean }[];
  readonly unhandled: Run["faults"];
}

interface Verdict {
  readonly outcome: string;
  readonly hangs?: boolean;
  readonly because: string;
}

/** Plain JavaScript, which has no types of its own. */
const { judge } = (await import(String(new URL("../../scripts/mutants/verdict.mjs", import.meta.url)))) as {
  judge(
    tests: Record<"changed" | "unchanged", (patienceMs: number) => Promise<Run>>,
    suite: { readonly files: readonly string[] },
  ): Promise<Verdict>;
};

test("what a mutant changes is once in its file, and what it becomes is something else", () => {
  const missed = mutants.filter(({ file, text, replacement }) => {
    const times = readRepositoryFile(file).split(text).length - 1;
    return times !== 1 || replacement === text;
  });
  expect(missed.map(({ file, text }) => `${file}: ${text}`)).toEqual([]);
});

test("no mutant is there twice", () => {
  const changes = mutants.map(({ file, text, replacement }) => JSON.stringify([file, text, replacement]));
  expect(changes.filter((change, index) => changes.indexOf(change) < index)).toEqual([]);
});

const nothing = { isLate: false, tests: [], faults: [], unhandled: [] };
const ran = (name: string, isPassed: boolean, isLate = false): Run => ({
  ...nothing,
  tests: [{ name, isPassed, isLate }],
});
const passes = ran("a", true);
const fails = ran("a", false);
const waits = ran("a", false, true);
const late: Run = { ...nothing, isLate: true };
const slowHook: Run = { ...passes, faults: [{ text: "", isLate: true }] };
const uncaught: Run = { ...passes, unhandled: [{ text: "", isLate: false }] };
const broken: Run = { ...nothing, faults: [{ text: "no such file", isLate: false }] };

test.each<[string, Run[], Run[], Verdict]>([
  ["where a test fails it is killed", [fails], [], { outcome: "killed", because: "Fails: a" }],
  [
    "where an error is left it is killed",
    [uncaught],
    [],
    { outcome: "killed", because: "An error that no test caught." },
  ],
  ["where all pass it has survived", [passes], [], { outcome: "survived", because: "All pass: a.test.ts" }],
  ["where no test runs it is not tried", [broken], [], { outcome: "does not run", because: "no such file" }],
  [
    "what waits in vain twice hangs, where those as they are pass",
    [waits, waits],
    [passes],
    { outcome: "killed", hangs: true, because: "Waits in vain, twice: a" },
  ],
  [
    "so does what does not end",
    [late, late],
    [passes],
    { outcome: "killed", hangs: true, because: "Waits in vain, twice: a.test.ts" },
  ],
  ["what was slow, and fails, is killed", [late, fails], [passes], { outcome: "killed", because: "Fails: a" }],
  [
    "what was slow, and passes, has survived",
    [waits, passes],
    [passes],
    { outcome: "survived", because: "All pass: a.test.ts" },
  ],
  [
    "so has what was slow after its tests",
    [slowHook, passes],
    [passes],
    { outcome: "survived", because: "All pass: a.test.ts" },
  ],
  ...[waits, late, fails, nothing].map((unchanged): [string, Run[], Run[], Verdict] => [
    "where those as they are do not pass either nothing is known",
    [waits],
    [unchanged],
    { outcome: "too slow", because: expect.any(String) },
  ]),
])("of a mutant's tests: %s", async (_, changed, unchanged, verdict) => {
  const next = (runs: Run[]) => async () => {
    const run = runs.shift();
    if (run === undefined) throw new Error("They are run once more than is needed.");
    return run;
  };
  const [rest, restUnchanged] = [[...changed], [...unchanged]];
  const given = await judge({ changed: next(rest), unchanged: next(restUnchanged) }, { files: ["a.test.ts"] });
  expect(given).toEqual(verdict);
  expect([rest, restUnchanged]).toEqual([[], []]);
});
