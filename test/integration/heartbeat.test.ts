import { createApp, endpoint, rawEndpoint } from "tidings";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { anyRate } from "../support/any-rate.js";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { frame, opcodes, openRaw } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";
import { dial, dialTidings } from "../support/ws-client.js";

const pingTimeout = { code: 1011, reason: "ping_timeout" };
const quick = { every: "40ms", timeout: "40ms" } as const;
const echo = rawEndpoint("/ws/echo", { text: ({ connection }, text) => void connection.send(text) });
const talk = endpoint("/ws/talk", {
  receives: { say: z.object({}) },
  on: { say: () => "said" },
});

test("P16: the server pings, whoever answers stays, and whoever does not is closed with 1011 `ping_timeout`", async () => {
  await using server = await serve({ endpoints: [echo, talk], heartbeat: quick });
  const good = await dial(`${server.url}/ws/echo`);
  using dead = await openRaw(`${server.url}/ws/echo`);
  expect((await dead.nextFrame()).opcode).toBe(opcodes.ping);
  expect(await dead.nextClose()).toEqual(pingTimeout);
  using deadTalk = await openRaw(`${server.url}/ws/talk`);
  expect(await deadTalk.nextClose()).toEqual(pingTimeout);
  good.sendText("still here");
  expect(await good.nextText()).toBe("still here");
  expect(server.app.stats()).toMatchObject({ pingTimeouts: 2, connections: 1 });
});

test("P16: any frame is a sign of life, also one that answers nothing", async () => {
  await using server = await serve({ endpoints: [echo], heartbeat: quick });
  using raw = await openRaw(`${server.url}/ws/echo`);
  for (const sign of [
    frame({ payload: "text" }),
    frame({ opcode: opcodes.pong }),
    frame({ opcode: opcodes.ping, payload: "mine" }),
  ]) {
    let next = await raw.nextFrame();
    while (next.opcode !== opcodes.ping) next = await raw.nextFrame();
    raw.write(sign);
  }
  expect(server.app.stats()).toMatchObject({ pingTimeouts: 0, connections: 1 });
});

test("P16: `ping` is answered with `pong`: as a message, with its id, as bare text, and as a frame", async () => {
  await using server = await serve({ endpoints: [talk, echo] });
  const client = await dial(`${server.url}/ws/talk`);
  client.send({ type: "ping" });
  client.send({ type: "ping", id: 7 });
  client.send({ type: "ping", payload: { ignored: true }, id: "seven" });
  expect(await client.take(3)).toEqual([{ type: "pong" }, { type: "pong", id: 7 }, { type: "pong", id: "seven" }]);
  client.sendText("ping");
  expect(await client.nextText()).toBe("pong");
  client.sendText("pong");
  client.send({ type: "pong", id: 8 });
  expect(await client.takeAll()).toEqual([]);
  using raw = await openRaw(`${server.url}/ws/echo`);
  raw.write(frame({ opcode: opcodes.ping, payload: "data" }));
  const { opcode, payload } = await raw.nextFrame();
  expect([opcode, payload.toString()]).toEqual([opcodes.pong, "data"]);
  // At a raw endpoint the text is the app's.
  raw.write(frame({ payload: "ping" }));
  expect((await raw.nextFrame()).payload.toString()).toBe("ping");
});

test("P16: `ping` is answered while a handler runs", async () => {
  const gate = createGate();
  const slow = endpoint("/ws/slow", { receives: { work: z.object({}) }, on: { work: () => gate.opened } });
  await using server = await serve({ endpoints: [slow] });
  const client = await dial(`${server.url}/ws/slow`);
  client.send({ type: "work", id: 1 });
  client.send({ type: "ping", id: 2 });
  expect(await client.next()).toEqual({ type: "pong", id: 2 });
  gate.open();
  expect(await client.next()).toEqual({ type: "reply", id: 1, payload: null });
});

test("P16: a client of tidings.v1 is pinged by message, and so is a plain one where the app says so", async () => {
  await using byFrame = await serve({ endpoints: [talk], heartbeat: quick });
  const ours = await dialTidings(`${byFrame.url}/ws/talk`);
  expect(await ours.next()).toMatchObject({ type: "connected", payload: { heartbeatMs: 40 } });
  for (let n = 0; n < 3; n += 1) {
    expect(await ours.next()).toEqual({ type: "ping" });
    ours.send({ type: "pong" });
  }
  await using byMessage = await serve({ endpoints: [talk, echo], heartbeat: { ...quick, by: "message" } });
  const plain = await dial(`${byMessage.url}/ws/talk`);
  expect(await plain.next()).toEqual({ type: "ping" });
  plain.sendText("pong");
  expect(await plain.next()).toEqual({ type: "ping" });
  expect(await plain.closed).toEqual(pingTimeout);
  using raw = await openRaw(`${byMessage.url}/ws/echo`);
  expect((await raw.nextFrame()).opcode).toBe(opcodes.ping);
});

test("P16: its timers end with the connection", async () => {
  const closes = new Inbox<unknown>("close");
  const work = rawEndpoint("/ws/work", { close: (_, closed) => closes.put(closed) });
  await using server = await startTestApp(createApp({ endpoints: [work] }));
  const gone = await server.connect("/ws/work", { answersPings: false });
  await server.clock.advance("22500ms");
  gone.close(1000, "before it is missed");
  expect(await closes.next()).toEqual({ code: 1000, reason: "before it is missed" });
  await server.clock.advance("10m");
  expect(closes.unread).toEqual([]);
  expect(server.app.stats()).toMatchObject({ pingTimeouts: 0, connections: 0, connectionsClosed: 1 });
});

test("by default it pings every 30 s, first in the second half, and waits 10 s", async () => {
  const closes = new Inbox<unknown>("close");
  const work = rawEndpoint("/ws/work", { close: (_, closed) => closes.put(closed) });
  await using server = await startTestApp(createApp({ endpoints: [work] }));
  const dead = await server.connect("/ws/work", { answersPings: false });
  // The test's chance is always the middle: 22.5 s.
  await server.clock.advance("32499ms");
  expect(server.app.stats().connections).toBe(1);
  await server.clock.advance("1ms");
  expect(await dead.closed).toEqual(pingTimeout);
  expect(await closes.next()).toEqual(pingTimeout);

  const fickle = await server.connect("/ws/work", { answersPings: false });
  await server.clock.advance("22500ms");
  fickle.send("a sign of life");
  // Pinged at 22.5 s and at 52.5 s, and given up at 62.5 s.
  await server.clock.advance("39999ms");
  expect(server.app.stats().connections).toBe(1);
  await server.clock.advance("1ms");
  expect(await fickle.closed).toEqual(pingTimeout);
});

test("whoever answers stays for ever, however little is said", async () => {
  await using server = await startTestApp(createApp({ endpoints: [echo, talk] }));
  const frames = await server.connect("/ws/echo");
  const ours = await server.connect<typeof talk>("/ws/talk");
  const plain = await server.connect<typeof talk>("/ws/talk", { as: "plain" });
  await server.clock.advance("1d");
  frames.send("hi");
  expect(await frames.next()).toBe("hi");
  expect(await ours.request("say", {})).toBe("said");
  expect(await plain.request("say", {})).toBe("said");
});

test("the first pings of many connections are spread over the second half of the interval", async () => {
  const clients = 40;
  await using server = await serve({ endpoints: [talk], heartbeat: { every: "400ms", timeout: "1s" } });
  const order = new Inbox<number>("pinged");
  for (let index = 0; index < clients; index += 1) {
    const client = await dialTidings(`${server.url}/ws/talk`);
    expect((await client.next()).type).toBe("connected");
    void client.next().then(() => order.put(index));
  }
  const pinged: number[] = [];
  while (pinged.length < clients) pinged.push(await order.next());
  // In the order they came all would be pinged, were it at one time.
  expect(pinged).not.toEqual(pinged.toSorted((a, b) => a - b));
});

test("a client whose socket we read no further is not missed, and is asked again afterwards", async () => {
  const gate = createGate();
  const slow = endpoint("/ws/slow", {
    limits: { waitingMessages: 1, ...anyRate },
    receives: { work: z.object({}) },
    on: { work: () => gate.opened },
  });
  await using server = await startTestApp(createApp({ endpoints: [slow] }));
  const client = await server.connect<typeof slow>("/ws/slow", { answersPings: false });
  for (let n = 0; n < 3; n += 1) client.send("work", {});
  await server.clock.advance("10m");
  expect(server.app.stats()).toMatchObject({ connections: 1, pingTimeouts: 0 });
  gate.open();
  await server.clock.advance("0s");
  expect(server.app.stats()).toMatchObject({ connections: 1, waitingBytes: 0 });
  await server.clock.advance("50s");
  expect(await client.closed).toEqual(pingTimeout);
});

test("who is gone without a word is found out", async () => {
  const closes = new Inbox<unknown>("close");
  const work = endpoint("/ws/work", { close: (_, closed) => closes.put(closed) });
  await using server = await startTestApp(createApp({ endpoints: [work] }));
  await server.connect("/ws/work", { answersPings: false, reading: false });
  await server.clock.advance("40s");
  expect(await closes.next()).toEqual(pingTimeout);
  expect(server.app.stats()).toMatchObject({ connections: 0, pingTimeouts: 1 });
});

test.each([
  ["every", { every: "0s" }],
  ["timeout", { timeout: "0s" }],
] as const)("a heartbeat whose `%s` is 0 is a ConfigError", (name, heartbeat) => {
  expect(() => createApp({ endpoints: [], heartbeat })).toThrow(
    expect.objectContaining({ code: "invalid_duration", message: expect.stringContaining(`heartbeat.${name}`) }),
  );
});
