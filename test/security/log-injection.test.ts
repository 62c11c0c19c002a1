import { type AppOptions, endpoint, rawEndpoint } from "tidings";
import { bearer } from "tidings/auth";
import { expect, test } from "vitest";
import { jsonLogger } from "../../src/observe/log-json.js";
import { textLogger } from "../../src/observe/log-text.js";
import { closePayload, frame, handshakeRequest, opcodes, openRaw, request } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

const FORGED = 'x\r\n03:04:05 error forged\u001b[2K\u009b31m\u2028\u202e{"level":"error"}';

const user = bearer({ verify: (token) => ({ id: token === "forger" ? FORGED : token }) });
const endpoints: AppOptions["endpoints"] = [
  endpoint("/ws", {
    auth: user,
    on: { fail: () => Promise.reject(new Error(FORGED)) },
    receives: { fail: anything() },
  }),
  rawEndpoint("/raw", { auth: user, text() {} }),
];

/** A schema that takes all. */
function anything() {
  return { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;
}

/** All that strangers can bring into a log: who they say they are, where they come from, why they go, what they make fail. */
async function provoke(url: string): Promise<void> {
  const origin = "https://evil.example\u001b[31m\u009b";
  await request(url, handshakeRequest("/ws?token=forger", { headers: { origin, host: "a\u009b b" } }));
  await request(url, handshakeRequest(`/ws/${encodeURIComponent(FORGED)}?token=x`));
  const failing = await dial(`${url}/ws`, { token: "forger" });
  expect(await failing.ask("fail", 1)).toMatchObject({ payload: { code: "internal" } });
  failing.close();
  await failing.closed;
  using leaving = await openRaw(`${url}/raw`, { authorization: "Bearer forger" });
  leaving.write(frame({ opcode: opcodes.close, payload: closePayload(1000, FORGED) }));
  await leaving.nextClose();
}

test("whatever a stranger says, a line of the text log is one line, and nothing in it moves a cursor", async () => {
  const lines: string[] = [];
  const logger = textLogger({ write: (line) => void lines.push(line), now: () => 0, isColourful: false });
  await using server = await serve({ endpoints, logger, origins: ["https://app.example"], log: { level: "debug" } });
  await provoke(server.url);
  await server.app.close();
  const said = lines.join("");
  expect(said).toContain("forged");
  for (const line of said.split("\n").filter((each) => each !== "")) {
    // Ours begin with the time, and of an error the lines are indented.
    expect(line).toMatch(/^(?:\d\d:\d\d:\d\d (?:debug|info |warn |error) | {4})/);
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
    expect(line).not.toMatch(/^03:04:05 error forged/);
  }
});

test("whatever a stranger says, a line of the JSON log is one object", async () => {
  const lines: string[] = [];
  const logger = jsonLogger(
    (line) => void lines.push(line),
    () => 0,
  );
  await using server = await serve({ endpoints, logger, origins: ["https://app.example"], log: { level: "debug" } });
  await provoke(server.url);
  await server.app.close();
  expect(lines.join("")).toContain("forged");
  for (const line of lines) {
    expect(line.indexOf("\n")).toBe(line.length - 1);
    expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), time: "1970-01-01T00:00:00.000Z" });
  }
});
