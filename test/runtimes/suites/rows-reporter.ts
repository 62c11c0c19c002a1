import type { Reporter, TestModule } from "vitest/node";
import { differences } from "./differences.js";

/** Fails the run where the table of differences names a test that was not run. */
export class RowsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const run = new Set(modules.flatMap((module) => [...module.children.allTests()].map(({ fullName }) => fullName)));
    const rows = differences.filter(({ runtime }) => runtime === process.env.RUNTIME_UNDER_TEST);
    const unknown = rows.flatMap(({ tests }) => tests).filter((name) => !run.has(name));
    if (unknown.length === 0) return;
    console.error(["In test/runtimes/suites/differences.ts, but not among the tests:", ...unknown].join("\n  "));
    process.exitCode = 1;
  }
}
