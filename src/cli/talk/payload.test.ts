import { expect, test } from "vitest";
import { Terminal } from "../terminal.js";
import { readPayload } from "./payload.js";

const MIB = 1_024 * 1_024;

/** A terminal whose stdin gives these chunks, and how many of them were taken. */
function withStdin(chunks: readonly (string | Uint8Array)[], isTTY = false) {
  let said = "";
  let taken = 0;
  async function* read() {
    for (const chunk of chunks) {
      taken += 1;
      yield chunk;
    }
  }
  const output = { write: (text: string) => (said += text) };
  const stdin = Object.assign(read(), { isTTY });
  const terminal = new Terminal({ stdout: output, stderr: output, stdin, env: {} }, { isJson: false });
  return { terminal, said: () => said, taken: () => taken };
}

test("it is what was given, or nothing where nothing was", async () => {
  const { terminal, taken } = withStdin(["never read"]);
  expect(await readPayload(terminal, undefined)).toBe(undefined);
  expect(await readPayload(terminal, '{"a":[1,null]}')).toEqual({ a: [1, null] });
  expect(taken()).toBe(0);
});

test("- is what stdin has, wherever it is cut", async () => {
  const bytes = Buffer.from('"für"');
  const { terminal } = withStdin([bytes.subarray(0, 3), bytes.subarray(3)]);
  expect(await readPayload(terminal, "-")).toBe("für");
});

test("who types it is told how to end", async () => {
  const { terminal, said } = withStdin(["1"], true);
  expect(await readPayload(terminal, "-")).toBe(1);
  expect(said()).toBe("Reading from the keyboard. Ctrl-D ends it.\n");
});

test("of an endless stdin no more is read than may be", async () => {
  const { terminal, taken } = withStdin(Array.from({ length: 40 }, () => Buffer.alloc(MIB, " ")));
  await expect(readPayload(terminal, "-")).rejects.toMatchObject({ code: "payload_too_long" });
  expect(taken()).toBe(17);
});

test("what is no JSON is told without what could move a cursor", async () => {
  const { terminal } = withStdin([]);
  const reading = readPayload(terminal, '{"a": \u001b[31m}');
  await expect(reading).rejects.toMatchObject({
    code: "invalid_payload_json",
    message: expect.stringContaining("\\u001b"),
  });
});
