import { expect, test } from "vitest";
import { runCommand } from "../../test/support/command-run.js";
import { packageVersion } from "./package.js";
import { COMMANDS } from "./program.js";

const names = COMMANDS.map(({ usage }) => usage.split(" ", 1).join());

test("called for nothing it shows its help, and has been misused", async () => {
  const { code, stdout, stderr } = await runCommand([]);
  expect([code, stdout]).toEqual([2, ""]);
  for (const name of names) expect(stderr).toMatch(new RegExp(`^  ${name}\\b`, "m"));
  expect(stderr).toContain("Exit codes: 0 done, 1 it did not succeed, 2 it could not be tried.");
});

test("help that was asked for goes to stdout, and so does the version", async () => {
  expect(await runCommand(["--help"])).toMatchObject({ code: 0, stderr: "" });
  expect(await runCommand(["--version"])).toEqual({ code: 0, stdout: `${packageVersion}\n`, stderr: "" });
});

test.each(names)(
  "the help of `%s` says what it is for, shows an example that begins with it, and knows --json",
  async (name) => {
    const { code, stdout } = await runCommand([name, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: tidings ${name}\\b`));
    expect(stdout).toMatch(new RegExp(`Examples:\n {2}(\\S+=\\S+ )*(npx )?tidings ${name}\\b`));
    expect(stdout).toContain("--json");
  },
);

test.each([
  [["requst"], "Unknown command 'requst'.", "Did you mean request?"],
  [["brew"], "Unknown command 'brew'.", "See tidings --help."],
  [["token", "--expire", "1h", "ana"], "Unknown option '--expire'.", "Did you mean --expires?"],
  [["token", "--pot"], "Unknown option '--pot'.", "See tidings token --help."],
  [["token"], "Missing required argument 'user'.", "See tidings token --help."],
  [["token", "a", "b"], "Too many arguments for 'token'. Expected 1 argument but got 2.", "See tidings token --help."],
  [["token", "a", "--secret"], "Option '--secret <text>' argument missing.", "See tidings token --help."],
])("%j is told with the way out, and is misuse", async (args, message, fix) => {
  expect(await runCommand(args)).toEqual({ code: 2, stdout: "", stderr: `error ${message}\n  ${fix}\n` });
});

test("a program is told the same as JSON, in one line", async () => {
  const { code, stdout, stderr } = await runCommand(["token", "--pot", "--json"]);
  expect([code, stdout]).toEqual([2, ""]);
  const error = { code: "unknown_option", message: "Unknown option '--pot'.", fix: "See tidings token --help." };
  expect(stderr).toBe(`${JSON.stringify({ error })}\n`);
});
