import { expect, test } from "vitest";
import { runCommand } from "../../test/support/command-run.js";

// What it writes is seen where it runs as a process: test/integration/talk-process.test.ts.
test("a file that is not there is misuse, and the console is as it was", async () => {
  const { log } = console;
  const { code, stderr } = await runCommand(["asyncapi", "nowhere.ts", "--json"]);
  expect([code, JSON.parse(stderr).error.code]).toEqual([2, "no_such_file"]);
  expect(console.log).toBe(log);
});
