// Runs CI's steps one after the other and goes on after a failure. Counts the tests that ran where a step has any, and
// the step itself where it has none.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";

const steps = [
  { command: "npm ci" },
  { command: "npm run check", report: ".reports/check.json" },
  { command: "npm test", report: ".reports/test.json" },
  { command: "npm run test:more" },
];

let passed = 0;
let failed = 0;
const lines = [];
for (const { command, report } of steps) {
  if (report !== undefined) rmSync(report, { force: true });
  console.log(`\n=== ${command}`);
  const began = Date.now();
  const { status } = spawnSync(command, { shell: true, stdio: ["ignore", "inherit", "inherit"] });
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  const tests = report !== undefined && existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : undefined;
  const isGood = status === 0;
  passed += (tests?.numPassedTests ?? 0) + (isGood ? 1 : 0);
  // A step can fail without a failing test, and a test file can fail without a test.
  failed += tests?.numFailedTests ?? 0;
  if (!isGood && (tests?.numFailedTests ?? 0) === 0) failed += 1;
  lines.push(`${isGood ? "ok    " : "FAILED"} ${command.padEnd(20)} ${seconds.padStart(6)} s`);
  if (command === "npm ci" && !isGood) break;
}
console.log(`\n${lines.join("\n")}\n`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
