import "./environment.js";
import { startTestApp } from "tidings/testing";
import { expect, test, vi } from "vitest";
import { app as messages } from "../../../examples/patterns/p13-messages/app.js";
import { app as topics } from "../../../examples/patterns/p14-topics/app.js";
import { app as heartbeat } from "../../../examples/patterns/p16-heartbeat/app.js";
import { app as rateLimit } from "../../../examples/patterns/p17-rate-limit/app.js";
import { app as errors } from "../../../examples/patterns/p18-errors/app.js";
import { app as closeCodes } from "../../../examples/patterns/p19-close-codes/app.js";
import { app as limits } from "../../../examples/patterns/p20-limits/app.js";
import { Inbox } from "../../support/inbox.js";
import { closePayload, frame, opcodes, openRaw } from "../../support/raw-client.js";
import { type Arrival, dial, dialRefused, dialTidings } from "../../support/ws-client.js";
import { logged, tokenOf } from "./environment.js";
import { serveExample } from "./served-example.js";

/** The codes of errors, and `ok` for the rest. */
function codesOf(answers: readonly Arrival[]): readonly string[] {
  return answers.map(({ type, payload }) => (type === "error" ? (payload as { readonly code: string }).code : "ok"));
}

test("P13: messages are checked both ways; ping and subscribe are answered; what is wrong is an error, and the connection is kept", async () => {
  await using server = await serveExample(messages);
  const client = await dial(`${server.url}/ws`);
  expect(await client.next()).toEqual({ type: "welcome", payload: { version: 1 } });
  expect(await client.ask("add", { a: 2, b: 3 }, 1)).toEqual({ type: "reply", id: 1, payload: 5 });
  expect(await client.ask("ping", {}, 2)).toEqual({ type: "pong", id: 2 });
  expect(await client.ask("subscribe", { channel: "news/tech" }, 3)).toMatchObject({ type: "subscribed", id: 3 });
  // What is not as `replies` says does not leave.
  expect(codesOf([await client.ask("add", { a: 1e308, b: 1e308 })])).toEqual(["internal"]);
  for (const [text, code] of [
    ['{"type":"shout"}', "unknown_type"],
    ['{"type":"add","payload":{"a":"2"}}', "invalid_payload"],
    ["", "invalid_json"],
    ["{}", "invalid_message"],
  ] as const) {
    client.sendText(text);
    expect(await client.next()).toMatchObject({ type: "error", payload: { code } });
  }
  expect(await client.ask("add", { a: 1, b: 1 })).toMatchObject({ payload: 2 });
});

test("P14: topics are subscribed to by message and by path, and published to by clients and by the server", async () => {
  await using server = await serveExample(topics);
  const byMessage = await dial(`${server.url}/ws`);
  const byPath = await dial(`${server.url}/ws/subscribe/a`);
  expect(await byPath.takeAll()).toEqual([]);
  const item = { type: "item", channel: "topic/a", payload: { text: "hi" } };
  const publish = (channel: string) => byMessage.ask("publish", { channel, type: "item", payload: { text: "hi" } });
  await publish("topic/a");
  expect(await byPath.next()).toEqual(item);

  expect(await byMessage.ask("subscribe", { channel: "topic/a" })).toMatchObject({ type: "subscribed" });
  byMessage.send({ type: "publish", payload: { channel: "topic/a", type: "item", payload: { text: "hi" } } });
  for (const client of [byMessage, byPath]) expect(await client.next()).toEqual(item);
  expect(await byMessage.ask("unsubscribe", { channel: "topic/a" })).toMatchObject({ type: "unsubscribed" });
  await publish("topic/a");
  expect(await byPath.next()).toEqual(item);
  expect(await byMessage.takeAll()).toEqual([]);

  expect(codesOf([await publish("topic/time")])).toEqual(["forbidden"]);
  const clock = await dial(`${server.url}/ws/subscribe/time`);
  expect(await clock.next()).toMatchObject({ type: "item", channel: "topic/time" });
});

test("P16: ping is answered by pong, as a message and as a bare text, and the server pings by itself", async () => {
  await using server = await serveExample(heartbeat);
  const client = await dial(`${server.url}/ws`);
  client.send({ type: "ping" });
  expect(await client.next()).toEqual({ type: "pong" });
  client.sendText("ping");
  expect(await client.nextText()).toBe("pong");
  const ours = await dialTidings(`${server.url}/ws`);
  expect(await ours.next()).toMatchObject({ type: "connected", payload: { heartbeatMs: 30_000 } });
});

test("P16: who gives no sign of life is closed, who answers stays, and no timer outlives its connection", async () => {
  await using server = await startTestApp(heartbeat);
  const [dead, alive] = [await server.connect("/ws", { answersPings: false }), await server.connect("/ws")];
  const gone = await server.connect("/ws", { answersPings: false });
  gone.close(1000);
  await server.clock.advance("40s");
  expect(await dead.closed).toEqual({ code: 1011, reason: "ping_timeout" });
  await server.clock.advance("10m");
  expect(server.app.stats()).toMatchObject({ connections: 1, pingTimeouts: 1 });
  alive.close(1000);
});

test("P17: past ten a second, or ten a minute of a user, it is an error with the time to wait; who goes on is closed", async () => {
  await using server = await serveExample(rateLimit);
  const enter = (name: string) => dial(`${server.url}/ws/chat`, { token: tokenOf(name) });
  const say = async (client: Awaited<ReturnType<typeof enter>>, count: number) => {
    for (let id = 0; id < count; id += 1) client.send({ type: "say", payload: { text: "hi" }, id });
    return client.take(count);
  };
  const [phone, laptop, bob] = [await enter("ana"), await enter("ana"), await enter("bob")];
  expect(codesOf(await say(phone, 6))).toEqual(Array(6).fill("ok"));
  const answers = await say(laptop, 5);
  expect(codesOf(answers)).toEqual([...Array(4).fill("ok"), "rate_limited"]);
  expect(waitOf(answers[4])).toBeGreaterThan(1_000); // of the user's minute
  const burst = await say(bob, 11);
  expect(codesOf(burst)).toEqual([...Array(10).fill("ok"), "rate_limited"]);
  expect(waitOf(burst[10])).toBeGreaterThan(0);
  expect(await bob.ask("ping", {})).toMatchObject({ type: "pong" });

  expect(codesOf(await say(bob, 19))).toEqual(Array(19).fill("rate_limited"));
  bob.send({ type: "say", payload: { text: "hi" } });
  expect(await bob.closed).toEqual({ code: 1008, reason: "rate_limited" });
  expect(codesOf(await say(phone, 1))).toEqual(["rate_limited"]);
});

function waitOf(refused: Arrival | undefined): number {
  return (refused?.payload as { readonly retryAfterMs: number } | undefined)?.retryAfterMs ?? Number.NaN;
}

test("P18: what throws in `open` closes with 1011, in a handler it is an error; it is logged with the connection's id, and all go on", async () => {
  const reported = new Inbox<string>("What `onError` prints");
  const print = vi.spyOn(console, "log").mockImplementation((line: string) => reported.put(line));
  await using server = await serveExample(errors);
  const shop = await dial(`${server.url}/ws/shops/mine`);
  const other = await dial(`${server.url}/ws/shops/other`);
  const { connection } = await logged("connected", { endpoint: "/ws/shops/:shop" });
  expect((await shop.ask("print", {})).payload).toEqual({
    code: "internal",
    type: "print",
    message: expect.not.stringContaining("paper"),
  });
  const line = await logged("error", { connection });
  expect(line).toMatchObject({
    level: "error",
    during: 'message "print"',
    err: { message: expect.stringContaining("paper") },
  });
  expect(await reported.next()).toBe(`${connection}: message "print": Error: The printer is out of paper.`);
  expect((await shop.ask("buy", {})).payload).toMatchObject({ code: "sold_out", message: "There is none left." });

  expect(await (await dial(`${server.url}/ws/shops/closed`)).closed).toEqual({ code: 1011, reason: "internal" });
  expect(await reported.next()).toContain("open: Error: The door is stuck.");
  for (const client of [shop, other]) {
    expect(await client.ask("look", {})).toMatchObject({ payload: "All of it is here." });
  }
  print.mockRestore();
});

test("P19: each close code is used for what RFC 6455 says", async () => {
  const closed = new Inbox<string>("What `close` prints");
  const print = vi.spyOn(console, "log").mockImplementation((line: string) => closed.put(line));
  const server = await serveExample(closeCodes);
  const url = `${server.url}/ws/doors/front`;
  for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011]) {
    const client = await dial(url);
    client.send({ type: "goodbye", payload: { code, reason: "so long" } });
    expect(await client.closed).toEqual({ code, reason: "so long" });
    expect(await closed.next()).toBe(`closed with ${code} so long`);
  }
  const kept = await dial(url);
  for (const code of [1005, 1006, 1010, 1015]) {
    expect(codesOf([await kept.ask("goodbye", { code })])).toEqual(["forbidden"]);
  }
  kept.close(1010, "no such extension");
  expect(await closed.next()).toBe("closed with 1010 no such extension");

  for (const [bytes, code] of [
    [frame({ reserved: 1 }), 1002],
    [frame({ opcode: opcodes.binary }), 1003],
    [frame({ payload: Buffer.of(0xff) }), 1007],
    [frame({ payload: "x".repeat(1_025) }), 1009],
    [frame({ opcode: opcodes.close, payload: closePayload(1015) }), 1002],
  ] as const) {
    using raw = await openRaw(url);
    raw.write(bytes);
    expect((await raw.nextClose()).code).toBe(code);
    expect(await closed.next()).toContain(`closed with ${code}`);
  }
  expect(await (await dial(`${server.url}/ws/doors/locked`)).closed).toEqual({ code: 1008, reason: "forbidden" });
  expect(await (await dial(`${server.url}/ws/doors/broken`)).closed).toEqual({ code: 1011, reason: "internal" });
  const last = await dial(url);
  await server[Symbol.asyncDispose]();
  expect(await last.closed).toEqual({ code: 1001, reason: "going_away" });
  print.mockRestore();
});

test("P20: a message too big is 1009; too many connections of a user, of an address, in all, and channels are refused", async () => {
  await using server = await serveExample(limits);
  const from = (name: string, address: string) => ({
    token: tokenOf(name),
    headers: { "x-forwarded-for": address },
  });
  const url = `${server.url}/ws`;
  const client = await dial(url, from("ana", "203.0.113.1"));
  expect(await client.ask("size", { text: "hi" })).toMatchObject({ payload: 2 });
  const subscribe = (topic: number) => client.ask("subscribe", { channel: `topic/${topic}` });
  expect(codesOf([await subscribe(1), await subscribe(2), await subscribe(3), await subscribe(4)])).toEqual([
    "ok",
    "ok",
    "ok",
    "too_many_channels",
  ]);

  const second = await dial(url, from("ana", "203.0.113.1"));
  const tooMany = { status: 429, body: { code: "too_many_connections" } };
  expect(await dialRefused(url, from("ana", "203.0.113.2"))).toMatchObject(tooMany);
  for (const name of ["bob", "eve"]) await dial(url, from(name, "203.0.113.1"));
  expect(await dialRefused(url, from("ivo", "203.0.113.1"))).toMatchObject(tooMany);
  for (const name of ["ivo", "zoe"]) await dial(url, from(name, "203.0.113.2"));
  expect(await dialRefused(url, from("max", "203.0.113.3"))).toMatchObject({
    status: 503,
    body: { code: "overloaded" },
  });

  second.send({ type: "size", payload: { text: "x".repeat(1_024) } });
  expect(await second.closed).toEqual({ code: 1009, reason: "message_too_big" });
});
