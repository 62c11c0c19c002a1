import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arbitrarySetting, arbitrarySteps, type Step } from "../support/model/steps.js";
import { type Setting, World } from "../support/model/world.js";

const { MODEL_RUNS = "10000", MODEL_SEED, MODEL_PATH, MODEL_REPLAY } = process.env;

test("whatever happens, nobody misses an event, hears one twice, or hears them in another order", {
  timeout: 180_000,
}, async () => {
  const property = fc.asyncProperty(arbitrarySetting, arbitrarySteps(MODEL_REPLAY), async (setting, steps) => {
    const world = new World(setting);
    try {
      await world.start();
      await fc.asyncModelRun(() => ({ model: {}, real: world }), steps);
      await world.finish();
    } finally {
      await world.stop();
    }
  });
  const details = await fc.check(property, {
    numRuns: Number(MODEL_RUNS),
    ...(MODEL_SEED !== undefined && { seed: Number(MODEL_SEED) }),
    ...(MODEL_PATH !== undefined && { path: MODEL_PATH, endOnFailure: true }),
  });
  expect(details.failed ? explain(details) : "").toBe("");
});

/** What went wrong, and how to see it again. */
function explain(details: fc.RunDetails<[Setting, Iterable<Step>]>): string {
  const report = fc.defaultReportMessage(details) ?? "";
  const replay = /replayPath="([^"]*)"/.exec(report)?.[1] ?? "";
  const again = `MODEL_SEED=${details.seed} MODEL_PATH=${details.counterexamplePath} MODEL_REPLAY=${replay}`;
  return `${String(details.errorInstance)}\n\n${report}\n\nAgain: ${again} npx vitest run --project integration test/integration/model.test.ts`;
}
