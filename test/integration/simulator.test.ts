import { expect, test } from "vitest";
import { createProgram } from "../simulator/program.js";
import { runProgram } from "../simulator/run.js";
import { explain, trySeed } from "../simulator/seed.js";
import { shrink } from "../simulator/shrink.js";

const { SIMULATOR_SEEDS = "1000", SIMULATOR_FROM = "1" } = process.env;

test("whatever happens to the network and the server, no client is lied to", { timeout: 120_000 }, async () => {
  const [from, count] = [Number(SIMULATOR_FROM), Number(SIMULATOR_SEEDS)];
  for (let seed = from; seed < from + count; seed += 1) {
    const failure = await trySeed(seed);
    expect(failure === undefined ? "" : explain(failure)).toBe("");
  }
});

test("the same seed is the same run, to the millisecond", async () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const [first, second] = [await runProgram(createProgram(seed)), await runProgram(createProgram(seed))];
    expect(first.journal.length).toBeGreaterThan(10);
    expect(second.journal).toEqual(first.journal);
  }
});

test("of what fails, the fewest steps are told", async () => {
  const needs = async (steps: readonly string[]) => steps.includes("b") && steps.includes("y");
  expect(await shrink([..."abcdefghijklmnopqrstuvwxyz"], needs)).toEqual(["b", "y"]);
});
