import { expect, test } from "vitest";
import { ConfigError, TidingsError } from "../index.js";
import { tellError } from "./command.js";
import { Trouble } from "./talk/trouble.js";
import { Terminal } from "./terminal.js";

/** What is said of an error, and the exit code. */
function tell(error: unknown, { isJson = true } = {}) {
  let said = "";
  const output = { write: (text: string) => (said += text) };
  const streams = { stdout: output, stderr: output, stdin: (async function* () {})(), env: {} };
  const code = tellError(new Terminal(streams, { isJson }), error);
  return { code, said };
}

test("what can't be configured so is misuse, told with its message, its advice, and where the documents have it", () => {
  const error = new ConfigError("invalid_port", { message: "No port.", fix: "Give one." });
  const { docs } = error;
  const { code, said } = tell(error);
  expect(code).toBe(2);
  expect(JSON.parse(said)).toEqual({ error: { code: "invalid_port", message: "No port.", fix: "Give one.", docs } });
  expect(tell(error, { isJson: false }).said).toBe(`error No port.\n  Give one.\n  see ${docs}\n`);
});

test("what a server answers is a failure, told in words where it has none of its own", () => {
  const issues = [{ path: ["text"], message: "Too short" }];
  const { code, said } = tell(new TidingsError("rate_limited", undefined, { issues, retryAfterMs: 20 }));
  expect(code).toBe(1);
  expect(JSON.parse(said).error).toEqual({
    code: "rate_limited",
    message: "Too many messages in too short a time.",
    issues,
    retryAfterMs: 20,
  });
});

test("a trouble has advice", () => {
  expect(tell(new Trouble("unreachable", "Nobody there.", "Start it."), { isJson: false })).toEqual({
    code: 1,
    said: "error Nobody there.\n  Start it.\n",
  });
});

test.each([
  [new Error("disk full"), "disk full"],
  ["thrown by hand", "thrown by hand"],
])("anything else is a failure, told as it is", (error, message) => {
  const { code, said } = tell(error);
  expect([code, JSON.parse(said)]).toEqual([1, { error: { code: "internal", message } }]);
});
