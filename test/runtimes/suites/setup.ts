// In each process that runs tests: it is where it should be, and what differs there is expected to.
import assert from "node:assert/strict";
import { beforeEach } from "vitest";
import { differences } from "./differences.js";
import { presentRuntime } from "./present-runtime.js";

const wanted = process.env.RUNTIME_UNDER_TEST;
assert.equal(presentRuntime(), wanted, `These tests should run on ${wanted}.`);

const failing = differences.filter(({ runtime }) => runtime === wanted).flatMap(({ tests }) => tests);

beforeEach(({ task }) => {
  // As `test.fails` does. One that passes after all then fails: its row is to be taken out.
  if (failing.includes(task.fullTestName)) Object.assign(task, { fails: true });
});
