import { endpoint, rawEndpoint } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { anyRate } from "../support/any-rate.js";
import { Inbox } from "../support/inbox.js";
import { frame, opcodes, openRaw } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";
import { dial, type WsClient } from "../support/ws-client.js";

const echo = rawEndpoint("/ws/echo", {
  text: ({ connection }, text) => void connection.send(text),
  binary: ({ connection }, bytes) => void connection.send(bytes),
});
const loop = rawEndpoint("/ws/loop", {
  async run({ connection }) {
    for await (const each of connection.frames()) connection.send(each);
  },
});

const texts = ["", "a", "ping", '{"type":"ping"}', "żółć 👩‍👧 \u0000 \u2028", "\ufeffwith a BOM", "x".repeat(125)];
/** RFC 6455 §5.2 writes lengths in three ways. */
const sizes = [0, 1, 125, 126, 127, 65_535, 65_536];

test.each(["echo", "loop"])("P3: /ws/%s returns each text frame unchanged, in order", async (path) => {
  await using server = await serve({ endpoints: [echo, loop] });
  const client = await dial(`${server.url}/ws/${path}`);
  for (const text of texts) client.sendText(text);
  const back: unknown[] = [];
  while (back.length < texts.length) back.push(await client.nextFrame());
  expect(back).toEqual(texts);
  expect(client.unread).toEqual([]);
});

test.each(["echo", "loop"])("P3: /ws/%s returns each binary frame unchanged, in order", async (path) => {
  await using server = await serve({ endpoints: [echo, loop] });
  const client = await dial(`${server.url}/ws/${path}`);
  const sent = sizes.map((size) => Buffer.from(Uint8Array.from({ length: size }, (_, at) => at * 31 + size)));
  for (const bytes of sent) client.sendBinary(bytes);
  for (const bytes of sent) expect(bytes.equals(Buffer.from(await client.nextFrame()))).toBe(true);
});

test("P2: text and binary frames arrive as what they were sent, mixed and in order", async () => {
  const seen = new Inbox<string>("frames");
  const mixed = rawEndpoint("/ws/mixed", {
    open({ connection }) {
      connection.send("hello");
      connection.send(Uint8Array.of(0, 255));
    },
    text: (_, text) => seen.put(`text ${text}`),
    binary: (_, bytes) => seen.put(`binary ${[...bytes]}`),
  });
  await using server = await serve({ endpoints: [mixed] });
  const client = await dial(`${server.url}/ws/mixed`);
  expect(await client.nextFrame()).toBe("hello");
  expect(await client.nextFrame()).toEqual(Buffer.of(0, 255));
  client.sendText("1,2");
  client.sendBinary(Uint8Array.of(1, 2));
  client.sendText("3");
  expect([await seen.next(), await seen.next(), await seen.next()]).toEqual(["text 1,2", "binary 1,2", "text 3"]);
});

test("P2: bytes that were sent belong to nobody else: a handler may keep them", async () => {
  const kept: Uint8Array[] = [];
  const keeper = rawEndpoint("/ws/keep", {
    binary({ connection }, bytes) {
      kept.push(bytes);
      if (kept.length === 50) connection.send(Buffer.concat(kept));
    },
  });
  await using server = await serve({ endpoints: [keeper], limits: anyRate });
  const client = await dial(`${server.url}/ws/keep`);
  for (let n = 0; n < 50; n += 1) client.sendBinary(new Uint8Array(100).fill(n));
  const expected = Buffer.concat(Array.from({ length: 50 }, (_, n) => Buffer.alloc(100, n)));
  expect(await client.nextFrame()).toEqual(expected);
});

test("P2: a message in fragments, with a ping between them, arrives whole", async () => {
  await using server = await serve({ endpoints: [echo] });
  using raw = await openRaw(`${server.url}/ws/echo`);
  const [first, second, third] = [Buffer.from("ż").subarray(0, 1), Buffer.from("ż").subarray(1), "ółć"];
  raw.write(frame({ payload: first, isFinal: false }));
  raw.write(frame({ opcode: opcodes.ping, payload: "still there?" }));
  raw.write(frame({ opcode: opcodes.continuation, payload: second, isFinal: false }));
  raw.write(frame({ opcode: opcodes.continuation, payload: third }));
  expect(await raw.nextFrame()).toEqual({ opcode: opcodes.pong, payload: Buffer.from("still there?") });
  expect(await raw.nextFrame()).toEqual({ opcode: opcodes.text, payload: Buffer.from("żółć") });
});

test("P2: JSON goes in and out as messages", async () => {
  const shop = endpoint("/ws/shop", {
    receives: { order: z.object({ items: z.array(z.object({ name: z.string(), at: z.coerce.date() })) }) },
    on: {
      order: (_, { items }) => ({ count: items.length, first: items[0]?.at, nothing: undefined, nan: Number.NaN }),
    },
  });
  await using server = await serve({ endpoints: [shop] });
  const client = await dial(`${server.url}/ws/shop`);
  const items = [{ name: "żółć", at: "2026-01-02T03:04:05.678Z" }];
  expect(await client.ask("order", { items }, 1)).toEqual({
    type: "reply",
    id: 1,
    payload: { count: 1, first: "2026-01-02T03:04:05.678Z", nan: null },
  });
});

test("P3: leaving the loop closes with 1000", async () => {
  const once = rawEndpoint("/ws/once", {
    async run({ connection }) {
      for await (const each of connection.frames()) {
        connection.send(each);
        break;
      }
    },
  });
  await using server = await serve({ endpoints: [once] });
  const first = await dial(`${server.url}/ws/once`);
  first.sendText("only this");
  first.sendText("not this");
  expect(await first.nextFrame()).toBe("only this");
  expect(await first.closed).toEqual({ code: 1000, reason: "" });
  expect(first.unread).toEqual([]);
});

test.each([
  ["that closes", (client: WsClient) => client.close(1000)],
  ["that is lost", (client: WsClient) => client.terminate()],
])("P3: a client %s ends the loop at once, after the frames that came before", async (_, leave) => {
  const seen = new Inbox<string>("the loop");
  const forever = rawEndpoint("/ws/forever", {
    async run({ connection }) {
      for await (const each of connection.frames()) seen.put(String(each));
      seen.put("the end");
    },
    close: (_, { code }) => seen.put(`closed with ${code}`),
  });
  // Long enough that a loop which only ends by this limit is not seen to end.
  await using server = await serve({ endpoints: [forever], limits: { close: "12s" } });
  const client = await dial(`${server.url}/ws/forever`);
  client.sendText("one");
  expect(await seen.next()).toBe("one");
  leave(client);
  expect(await seen.next()).toBe("the end");
  expect(await seen.next()).toMatch(/^closed with/);
});

test("P2: a connection that has closed takes no frame more, and says so", async () => {
  const sent = new Inbox<boolean>("sent");
  const brief = rawEndpoint("/ws/brief", {
    open({ connection }) {
      sent.put(connection.send("before"));
      connection.close(4000);
      sent.put(connection.send("after"));
      sent.put(connection.send(Uint8Array.of(1)));
    },
    close: ({ connection }) => sent.put(connection.send("in close")),
  });
  await using server = await serve({ endpoints: [brief] });
  const client = await dial(`${server.url}/ws/brief`);
  expect(await client.closed).toMatchObject({ code: 4000 });
  expect(client.unread).toEqual(["before"]);
  expect([await sent.next(), await sent.next(), await sent.next(), await sent.next()]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test("P3: many connections at once each get back their own", async () => {
  await using server = await serve({ endpoints: [echo, loop] });
  const clients = await Promise.all(
    Array.from({ length: 20 }, (_, index) => dial(`${server.url}/ws/${index % 2 === 0 ? "echo" : "loop"}`)),
  );
  for (const n of [1, 2, 3]) for (const [index, client] of clients.entries()) client.sendText(`${index}: ${n}`);
  for (const [index, client] of clients.entries()) {
    for (const n of [1, 2, 3]) expect(await client.nextText()).toBe(`${index}: ${n}`);
  }
});
