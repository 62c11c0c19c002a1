import { channel, endpoint, rawEndpoint } from "tidings";
import { jwt } from "tidings/auth";
import { expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../support/gate.js";
import { serve } from "../support/served-app.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";
import { dial, dialTidings } from "../support/ws-client.js";

const protocols = ["tidings.v1"];
const room = channel("room/:room", { events: { said: z.object({ text: z.string() }) } });

const rooms = endpoint("/ws/rooms", {
  channels: [room],
  sends: { welcome: z.object({}) },
  receives: { enter: z.array(z.string()), leave: z.array(z.string()), say: z.object({ in: z.string() }) },
  async open({ connection }) {
    connection.send("welcome", {});
    await connection.join(room({ room: "lobby" }));
  },
  on: {
    enter: ({ connection }, names) => connection.join(...names.map((name) => room({ room: name }))),
    leave: ({ connection }, names) => connection.leave(...names.map((name) => room({ room: name }))),
    say: async ({ app }, { in: name }) => void (await app.publish(room({ room: name }), "said", { text: "hi" })),
  },
});

test("tidings.v1 is selected, hears `connected` first, then what `open` says", async () => {
  await using server = await serve({ endpoints: [rooms] });
  const client = await dial(`${server.url}/ws/rooms`, { protocols });
  expect(client.protocol).toBe("tidings.v1");
  client.send({ type: "connect" });
  const [connection] = await client.take(1);
  expect(connection).toEqual({ type: "connected", payload: { connection: expect.any(String), heartbeatMs: 30_000 } });
  expect(await client.take(2)).toEqual([
    { type: "welcome", payload: {} },
    { type: "subscribed", channel: "room/lobby", payload: {} },
  ]);
  const [known] = [...server.app.connections()];
  expect(connection?.payload).toMatchObject({ connection: known?.id });
});

test("`connected` has the user's public face and nothing else of the token", async () => {
  const claims = z.object({ sub: z.string(), name: z.string(), salary: z.number() });
  const me = endpoint("/ws/me", { auth: jwt({ secret, claims }) });
  await using server = await serve({ endpoints: [me] });
  const forGood = signToken({ sub: "ana", name: "Ana", salary: 7 });
  const forAnHour = signToken({ sub: "ana", name: "Ana", salary: 7, exp: inSeconds(3_600) });
  const [unlimited, limited] = await Promise.all(
    [forGood, forAnHour].map(async (token) => (await dialTidings(`${server.url}/ws/me`, { token })).next()),
  );
  const payload = { connection: expect.any(String), heartbeatMs: 30_000, user: { id: "ana" } };
  expect(unlimited).toEqual({ type: "connected", payload });
  expect(limited).toEqual({ type: "connected", payload: { ...payload, expiresInMs: expect.any(Number) } });
  const expiresInMs = limited === undefined ? 0 : (limited.payload as { readonly expiresInMs: number }).expiresInMs;
  expect(expiresInMs).toBeGreaterThan(3_580_000);
  expect(expiresInMs).toBeLessThanOrEqual(3_600_000);
});

test("`subscribed` follows a join and `unsubscribed` a leave, in their places among the events", async () => {
  await using server = await serve({ endpoints: [rooms] });
  const client = await dialTidings(`${server.url}/ws/rooms`);
  await client.take(3);
  await client.ask("leave", ["nowhere"], 1);
  client.send({ type: "enter", payload: ["a", "b", "lobby"], id: 2 });
  expect(await client.takeUntil(2)).toEqual([
    { type: "subscribed", channel: "room/a", payload: {} },
    { type: "subscribed", channel: "room/b", payload: {} },
  ]);
  for (const text of ["a", "b"]) client.send({ type: "say", payload: { in: text } });
  client.send({ type: "leave", payload: ["a", "a", "lobby"] });
  for (const text of ["a", "b"]) client.send({ type: "say", payload: { in: text } });
  client.send({ type: "enter", payload: ["a"], id: 3 });
  expect(await client.takeUntil(3)).toEqual([
    { type: "said", channel: "room/a", payload: { text: "hi" } },
    { type: "said", channel: "room/b", payload: { text: "hi" } },
    { type: "unsubscribed", channel: "room/a", payload: { code: "left" } },
    { type: "unsubscribed", channel: "room/lobby", payload: { code: "left" } },
    { type: "said", channel: "room/b", payload: { text: "hi" } },
    { type: "subscribed", channel: "room/a", payload: {} },
  ]);
});

test("a channel that is named twice in one join is `subscribed` once", async () => {
  await using server = await serve({ endpoints: [rooms] });
  const client = await dialTidings(`${server.url}/ws/rooms`);
  await client.take(3);
  client.send({ type: "enter", payload: ["a", "b", "a"], id: 1 });
  expect((await client.takeUntil(1)).map(({ type, channel }) => `${type} ${channel}`)).toEqual([
    "subscribed room/a",
    "subscribed room/b",
  ]);
});

test("a plain client hears neither `connected` nor `subscribed` nor `unsubscribed`", async () => {
  await using server = await serve({ endpoints: [rooms] });
  const client = await dial(`${server.url}/ws/rooms`);
  expect(client.protocol).toBe("");
  expect(await client.next()).toEqual({ type: "welcome", payload: {} });
  client.send({ type: "leave", payload: ["lobby"] });
  client.send({ type: "enter", payload: ["a"], id: 1 });
  expect(await client.takeUntil(1)).toEqual([]);
});

test("who is closed hears no `unsubscribed` for it", async () => {
  await using server = await serve({ endpoints: [rooms] });
  const client = await dialTidings(`${server.url}/ws/rooms`);
  await client.take(3);
  for (const connection of server.app.connections()) connection.close(4000);
  expect(await client.closed).toEqual({ code: 4000, reason: "" });
  expect(client.unread).toEqual([]);
});

test.each([
  '{"type":"ping"}',
  "ping",
  '{"type":"pong"}',
  '{"type":"enter","payload":["a"],"id":1}',
  '{"type":"auth","payload":{"token":"x"}}',
  '{"type":"Connect"}',
  '{"type":"connect","id":{}}',
  '[{"type":"connect"}]',
  "connect",
  "",
])("%j in the place of `connect` closes with 1002, and nothing of the app runs", async (text) => {
  const steps: string[] = [];
  const quiet = endpoint("/ws/quiet", {
    receives: { enter: z.unknown() },
    open: () => void steps.push("open"),
    on: { enter: () => void steps.push("enter") },
    close: () => void steps.push("close"),
  });
  await using server = await serve({ endpoints: [quiet] });
  const client = await dial(`${server.url}/ws/quiet`, { protocols });
  client.sendText(text);
  client.send({ type: "connect" });
  expect(await client.closed).toEqual({ code: 1002, reason: "protocol_error" });
  expect(client.unread).toEqual([]);
  await server.app.close();
  expect(steps).toEqual([]);
});

test("binary in the place of `connect` closes with 1003", async () => {
  await using server = await serve({ endpoints: [rooms] });
  const client = await dial(`${server.url}/ws/rooms`, { protocols });
  client.sendBinary(Uint8Array.of(1));
  expect(await client.closed).toEqual({ code: 1003, reason: "unsupported_data" });
});

test("no `connect` in time closes with 1008 `auth_timeout`; before it nothing of the app runs or counts", async () => {
  const steps: string[] = [];
  const late = endpoint("/ws/late", { open: () => void steps.push("open"), close: () => void steps.push("close") });
  await using server = await serve({ endpoints: [late], limits: { auth: "50ms" } });
  const client = await dial(`${server.url}/ws/late`, { protocols });
  expect([...server.app.connections()]).toEqual([]);
  expect(await client.closed).toEqual({ code: 1008, reason: "auth_timeout" });
  await server.log.next("disconnected");
  expect(steps).toEqual([]);
});

test("a `connect` in time stops that clock, and so does a client that leaves", async () => {
  await using server = await serve({ endpoints: [rooms], limits: { auth: "250ms" } });
  const client = await dialTidings(`${server.url}/ws/rooms`);
  const gone = await dial(`${server.url}/ws/rooms`, { protocols });
  gone.terminate();
  // The clock of a later one runs out after the two others' would have.
  const late = await dial(`${server.url}/ws/rooms`, { protocols });
  expect(await late.closed).toEqual({ code: 1008, reason: "auth_timeout" });
  await client.take(3);
  expect(await client.takeAll()).toEqual([]);
});

test("it may send on before `connected`: what follows `connect` waits for `open`", async () => {
  const gate = createGate();
  const slow = endpoint("/ws/slow", {
    receives: { step: z.object({}) },
    open: () => gate.opened,
    on: { step: () => "step" },
  });
  await using server = await serve({ endpoints: [slow] });
  const client = await dial(`${server.url}/ws/slow`, { protocols });
  client.send({ type: "connect", payload: { since: {} } });
  client.send({ type: "step", id: 1 });
  expect(await client.next()).toMatchObject({ type: "connected" });
  expect(await client.takeAll()).toEqual([]);
  gate.open();
  expect(await client.next()).toEqual({ type: "reply", id: 1, payload: "step" });
});

test("a second `connect`, and one of a plain client, is an unknown type", async () => {
  await using server = await serve({ endpoints: [rooms] });
  const client = await dialTidings(`${server.url}/ws/rooms`);
  await client.take(3);
  const plain = await dial(`${server.url}/ws/rooms`);
  await plain.take(1);
  for (const each of [client, plain]) {
    expect(await each.ask("connect", {}, 1)).toMatchObject({ id: 1, payload: { code: "unknown_type" } });
  }
});

const chat = endpoint("/ws/chat", {
  subprotocols: ["chat.v2", "chat.v1"],
  receives: { hi: z.object({}) },
  on: { hi: () => "hi" },
});

test.each([
  [["chat.v2"], "chat.v2"],
  [["chat.v1", "chat.v2"], "chat.v1"],
  [["tidings.v1", "chat.v2"], "tidings.v1"],
  [["chat.v2", "tidings.v1"], "chat.v2"],
  [["mqtt", "chat.v1"], "chat.v1"],
])("of %j the first that fits is selected: %s", async (offered, selected) => {
  await using server = await serve({ endpoints: [chat] });
  const client = await dial(`${server.url}/ws/chat`, { protocols: offered });
  expect(client.protocol).toBe(selected);
  if (selected === "tidings.v1") {
    client.send({ type: "connect" });
    expect((await client.next()).type).toBe("connected");
  }
  expect(await client.ask("hi", {})).toMatchObject({ payload: "hi" });
});

test.each([["mqtt"], ["Tidings.v1"], ["chat.v3", "CHAT.V2"]])(
  "where none fits, none is selected",
  async (...offered) => {
    await using server = await serve({ endpoints: [chat] });
    // This client fails then, as a browser does.
    await expect(dial(`${server.url}/ws/chat`, { protocols: offered })).rejects.toThrow("Server sent no subprotocol");
    expect(server.app.stats()).toMatchObject({ connectionsOpened: 1, handshakesRefused: 0 });
  },
);

test("on a raw endpoint tidings.v1 means that a refusal is a close code, and no more", async () => {
  const echo = rawEndpoint("/ws/echo", {
    allow: ({ query }) => query.key === "open",
    text: ({ connection }, text) => void connection.send(text),
  });
  await using server = await serve({ endpoints: [echo] });
  const refused = await dial(`${server.url}/ws/echo`, { protocols });
  expect(refused.protocol).toBe("tidings.v1");
  expect(await refused.closed).toEqual({ code: 1008, reason: "forbidden" });
  const client = await dial(`${server.url}/ws/echo?key=open`, { protocols });
  client.sendText('{"type":"connect"}');
  expect(await client.nextText()).toBe('{"type":"connect"}');
});

test("what a refused client says is not listened to, and it is not waited for long", async () => {
  const shut = endpoint("/ws/shut", { allow: () => false, refuse: "close" });
  await using server = await serve({ endpoints: [shut] });
  const client = await dial(`${server.url}/ws/shut`);
  client.sendText("x".repeat(100_000));
  client.sendBinary(new Uint8Array(10));
  expect(await client.closed).toEqual({ code: 1008, reason: "forbidden" });
  expect(server.app.stats()).toMatchObject({ connectionsOpened: 0, messagesReceived: 0, handshakesRefused: 1 });
  expect(server.errors.unread).toEqual([]);
});
