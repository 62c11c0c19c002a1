import { expect, test } from "vitest";
import { runProgram } from "./program.js";

/** With the options in the environment. */
async function misuse(env: Readonly<Record<string, string>>, ...args: string[]) {
  let stderr = "";
  const output = (write: (text: string) => void) => ({
    write: (text: string) => {
      write(text);
      return true;
    },
  });
  const streams = {
    stdout: output(() => {}),
    stderr: output((text) => {
      stderr += text;
    }),
    stdin: (async function* () {})(),
    env,
  };
  const code = await runProgram(["dev", ...args, "--json"], streams);
  return [code, JSON.parse(stderr).error.code];
}

test.each([
  ["a file that is not there", {}, ["nothing.ts"], "no_such_file"],
  ["production", { NODE_ENV: "production" }, ["src/index.ts"], "dev_in_production"],
  ["a port that can't be", {}, ["src/index.ts", "--port", "80000"], "invalid_port"],
  ["a port that is no number, in the environment", { TIDINGS_PORT: "http" }, ["src/index.ts"], "invalid_port"],
])("%s is misuse, and nothing is started", async (_name, env, args, code) => {
  expect(await misuse(env, ...args)).toEqual([2, code]);
});
