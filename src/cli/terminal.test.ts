import { expect, test } from "vitest";
import { Terminal } from "./terminal.js";

/** A terminal, and what was written to it in order. */
function record({ isTTY = false, isJson = false, env = {} as Record<string, string> } = {}) {
  const written: string[] = [];
  let drain: () => void = () => {};
  const output = (name: string) => ({
    isTTY,
    columns: 20,
    write: (text: string) => {
      written.push(`${name} ${text}`);
      return !text.startsWith("full");
    },
    once: (_: "drain", listener: () => void) => {
      drain = listener;
    },
  });
  const streams = { stdout: output("out"), stderr: output("err"), stdin: (async function* () {})(), env };
  return { terminal: new Terminal(streams, { isJson }), written, drain: () => drain() };
}

test("a result is text for people, or JSON that they can read where it has none", () => {
  const { terminal, written } = record();
  terminal.result({ a: 1 }, "one");
  terminal.result({ a: 1 });
  expect(written).toEqual(["out one\n", 'out {\n  "a": 1\n}\n']);
});

test("for a program each result is one line of JSON, and notes are not written", () => {
  const { terminal, written } = record({ isJson: true, isTTY: true });
  terminal.note("by the way");
  terminal.progress("half");
  terminal.result({ a: 1 }, "one");
  expect(written).toEqual(['out {"a":1}\n']);
});

test("an error tells people where a payload does not fit and what to do, each on a line", () => {
  const { terminal, written } = record();
  const issues = [
    { path: ["user", 0, "name"], message: "Too short" },
    { path: [], message: "Too many keys" },
  ];
  terminal.error({ code: "invalid_payload", message: "It does not fit.", fix: "Look there.", issues });
  expect(written).toEqual([
    "err error It does not fit.\n  user.0.name: Too short\n  (the payload): Too many keys\n  Look there.\n",
  ]);
});

test("an error that says nothing of what to do has its code, which the documents have", () => {
  const { terminal, written } = record();
  terminal.error({ code: "forbidden", message: "This is not allowed." });
  terminal.error({ code: "internal", message: "The disk is full." });
  expect(written).toEqual(["err error forbidden: This is not allowed.\n", "err error The disk is full.\n"]);
});

test("an error for a program has all that is known of it", () => {
  const { terminal, written } = record({ isJson: true });
  const failure = {
    code: "invalid_payload",
    message: "It does not fit.",
    issues: [{ path: ["a"], message: "Too short" }],
  };
  terminal.error({ ...failure, retryAfterMs: 5 });
  expect(written).toEqual([`err ${JSON.stringify({ error: { ...failure, retryAfterMs: 5 } })}\n`]);
});

test("progress is one line as wide as the terminal, gone before anything else is written, and not written elsewhere", () => {
  const seen = record({ isTTY: true });
  seen.terminal.progress("connecting to everybody at once");
  seen.terminal.result({}, "done");
  expect(seen.written).toEqual(["err \r\u001b[2Kconnecting to every", "err \r\u001b[2K", "out done\n"]);
  const piped = record();
  piped.terminal.progress("connecting");
  expect(piped.written).toEqual([]);
});

test("there are colours in a terminal, and none for a program, a file, or who asked for none", () => {
  const red = (terminal: Terminal) => terminal.style("red", "x");
  expect(red(record({ isTTY: true }).terminal)).toBe("\u001b[31mx\u001b[39m");
  for (const given of [{}, { isTTY: true, isJson: true }, { isTTY: true, env: { NO_COLOR: "1" } }]) {
    expect(red(record(given).terminal)).toBe("x");
  }
});

test("who has more to say learns that the reader is slow, and when it is not any more", async () => {
  const { terminal, drain } = record();
  expect([terminal.result({}, "a line"), terminal.result({}, "full")]).toEqual([true, false]);
  const drained = terminal.drained();
  drain();
  await drained;
});
