// Runs tests of the copy that is its folder, as messages tell it to: all in one process, so that what was not changed is
// transformed once. Started by copy.mjs.
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { createVitest } from "vitest/node";

const root = process.cwd();
let isOneEnough = false;

const vitest = await createVitest("test", {
  root,
  watch: false,
  // There is one copy for each job.
  maxWorkers: 1,
  reporters: [{ onTestCaseResult: stopWhereItFailed }],
});
process.on("message", async (wanted) => process.send(await run(wanted)));
// Whoever started it has gone.
process.once("disconnect", () => process.exit());
process.send("ready");

/** @param wanted `names`: of each test that is run the name has one of these in it; none: all are run. */
async function run({ projects, files, names, changed, ...wanted }) {
  isOneEnough = wanted.isOneEnough ?? false;
  for (const path of changed) vitest.invalidateFile(path);
  vitest.setGlobalTestNamePattern(new RegExp(names.map(literally).join("|")));
  const found = await vitest.globTestSpecifications(files);
  const chosen = found.filter(({ project }) => projects.includes(project.name));
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(chosen);
  // It gives all that ever ran.
  const own = testModules.filter(({ moduleId }) => chosen.some((each) => each.moduleId === moduleId));
  return {
    tests: own.flatMap((module) => [...module.children.allTests()].filter(hasRun).map(lineOf)),
    faults: own.flatMap((module) => module.errors()).map(faultOf),
    unhandled: unhandledErrors.map(faultOf),
  };
}

function stopWhereItFailed(test) {
  if (isOneEnough && isFailed(test)) void vitest.cancelCurrentRun("test-failure");
}

function hasRun(test) {
  return ["passed", "failed"].includes(test.result().state);
}

function isFailed(test) {
  return test.result().state === "failed";
}

/** Its file is from the copy's root. */
function lineOf(test) {
  const file = relative(root, test.module.moduleId).replaceAll("\\", "/");
  const isPassed = !isFailed(test);
  return { file, name: test.fullName.replaceAll(" > ", " "), isPassed, isLate: !isPassed && isLate(test) };
}

/** Did it wait in vain? What it waited for may be slow, and not more than that. */
function isLate(test) {
  return test.diagnostic().duration >= LATE_MS || test.result().errors.every(isTimeout);
}

/** Of vitest's own patience. */
function isTimeout({ message }) {
  return /^(?:Test|Hook) timed out in \d+ms/.test(stripVTControlCharacters(message));
}

function literally(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function faultOf(error) {
  return { text: stripVTControlCharacters(error.stack ?? error.message), isLate: isTimeout(error) };
}

/** Nobody among the tests waits for less: an Inbox does for 8 s, vitest for 10 at least. */
const LATE_MS = 7_500;
