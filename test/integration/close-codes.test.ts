import { endpoint, rawEndpoint } from "tidings";
import { jwt } from "tidings/auth";
import { expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { closePayload, frame, opcodes, openRaw } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";
import { secret } from "../support/tokens.js";
import { dial } from "../support/ws-client.js";

function createWork(closes = new Inbox<unknown>("close")) {
  return endpoint("/ws/work", {
    receives: { closeMe: z.object({ code: z.union([z.number(), z.literal("NaN")]), reason: z.string().optional() }) },
    on: {
      closeMe: ({ connection }, { code, reason }) => {
        try {
          connection.close(code === "NaN" ? Number.NaN : code, reason);
        } catch (error) {
          return `${(error as Error).name}: ${(error as Error).message}`;
        }
      },
    },
    close: (_, closed) => closes.put(closed),
  });
}

test.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 3000, 4000, 4999])(
  "P19: a server may close with %d, and the client sees it",
  async (code) => {
    const closes = new Inbox<unknown>("close");
    await using server = await serve({ endpoints: [createWork(closes)] });
    const client = await dial(`${server.url}/ws/work`);
    client.send({ type: "closeMe", payload: { code, reason: "żółć" } });
    expect(await client.closed).toEqual({ code, reason: "żółć" });
    expect(await closes.next()).toEqual({ code, reason: "żółć" });
  },
);

test.each([0, 999, 1004, 1005, 1006, 1010, 1014, 1015, 1016, 2999, 5000, 1000.5, -1, "NaN"])(
  "P19: a server may not close with %s: it is a RangeError, and the connection is kept",
  async (code) => {
    await using server = await serve({ endpoints: [createWork()] });
    const client = await dial(`${server.url}/ws/work`);
    const { payload } = await client.ask("closeMe", { code });
    expect(payload).toMatch(/^RangeError: /);
    expect(await client.takeAll()).toEqual([]);
  },
);

test.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999])(
  "P19: a client may close with %d, and the server sees and answers it",
  async (code) => {
    const closes = new Inbox<unknown>("close");
    await using server = await serve({ endpoints: [createWork(closes)] });
    const client = await dial(`${server.url}/ws/work`);
    client.close(code, "so long");
    expect(await client.closed).toEqual({ code, reason: "so long" });
    expect(await closes.next()).toEqual({ code, reason: "so long" });
  },
);

test.each([0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535])(
  "P19: a client may not close with %d: that is a broken protocol, 1002",
  async (code) => {
    const closes = new Inbox<unknown>("close");
    await using server = await serve({ endpoints: [createWork(closes)] });
    using raw = await openRaw(`${server.url}/ws/work`);
    raw.write(frame({ opcode: opcodes.close, payload: closePayload(code) }));
    expect(await raw.nextClose()).toEqual({ code: 1002, reason: "protocol_error" });
    expect(await closes.next()).toEqual({ code: 1002, reason: "protocol_error" });
  },
);

test("P19: 1000 is the default, without a reason", async () => {
  const brief = rawEndpoint("/ws/brief", { open: ({ connection }) => connection.close() });
  await using server = await serve({ endpoints: [brief] });
  expect(await (await dial(`${server.url}/ws/brief`)).closed).toEqual({ code: 1000, reason: "" });
});

test("P19: a reason has at most 123 bytes, cut between two characters", async () => {
  const closes = new Inbox<unknown>("close");
  await using server = await serve({ endpoints: [createWork(closes)] });
  for (const [reason, seen] of [
    ["x".repeat(200), "x".repeat(123)],
    ["ż".repeat(100), "ż".repeat(61)],
    ["👩".repeat(40), "👩".repeat(30)],
    ["\ud83d", "\ufffd"],
  ] as const) {
    const client = await dial(`${server.url}/ws/work`);
    client.sendText(JSON.stringify({ type: "closeMe", payload: { code: 4000, reason } }));
    expect(await client.closed).toEqual({ code: 4000, reason: seen });
    expect(await closes.next()).toEqual({ code: 4000, reason: seen });
  }
});

test("P19: what was sent before a close arrives, and after it nothing is sent or handled", async () => {
  let calls = 0;
  const gate = createGate();
  const last = endpoint("/ws/last", {
    sends: { word: z.object({ n: z.number() }) },
    receives: { go: z.object({}) },
    on: {
      async go({ connection }) {
        calls += 1;
        await gate.opened;
        const sent = [connection.send("word", { n: 1 }), connection.send("word", { n: 2 })];
        connection.close(4000, "that was all");
        return [...sent, connection.send("word", { n: 3 })];
      },
    },
  });
  await using server = await serve({ endpoints: [last] });
  const client = await dial(`${server.url}/ws/last`);
  client.send({ type: "go", id: 1 });
  client.send({ type: "go", id: 2 });
  await client.takeAll();
  gate.open();
  expect(await client.take(2)).toMatchObject([{ payload: { n: 1 } }, { payload: { n: 2 } }]);
  expect(await client.closed).toEqual({ code: 4000, reason: "that was all" });
  expect(client.unread).toEqual([]);
  await server.app.close();
  expect(calls).toBe(1);
});

test.each([
  ["1001 when the app goes away", "/ws/work", { code: 1001, reason: "going_away" }],
  ["1002 for a broken protocol", "/ws/work", { code: 1002, reason: "protocol_error" }],
  ["1003 for binary where text is meant", "/ws/work", { code: 1003, reason: "unsupported_data" }],
  ["1007 for text that is not UTF-8", "/ws/work", { code: 1007, reason: "invalid_data" }],
  ["1008 for who may not enter", "/ws/private", { code: 1008, reason: "unauthorized" }],
  ["1009 for a message that is too big", "/ws/work", { code: 1009, reason: "message_too_big" }],
  ["1011 for a failure of the server", "/ws/failing", { code: 1011, reason: "internal" }],
])("P19: %s", async (_, path, closed) => {
  const endpoints = [
    createWork(),
    endpoint("/ws/private", { auth: jwt({ secret }), refuse: "close" }),
    endpoint("/ws/failing", { open: () => Promise.reject(new Error("x")) }),
  ];
  await using server = await serve({ endpoints });
  using raw = await openRaw(`${server.url}${path}`);
  let closing: Promise<void> | undefined;
  if (closed.code === 1001) closing = server.app.close();
  if (closed.code === 1002) raw.write(frame({ reserved: 1 }));
  if (closed.code === 1003) raw.write(frame({ opcode: opcodes.binary }));
  if (closed.code === 1007) raw.write(frame({ payload: Buffer.of(0xff) }));
  if (closed.code === 1009) raw.write(frame({ payload: "x".repeat(65_537) }));
  expect(await raw.nextClose()).toEqual(closed);
  raw[Symbol.dispose]();
  await closing;
});
