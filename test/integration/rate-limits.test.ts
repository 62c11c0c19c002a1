import { createApp, endpoint, rawEndpoint } from "tidings";
import { bearer, jwt } from "tidings/auth";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { FarBroker } from "../support/far-broker.js";
import { createGate } from "../support/gate.js";
import { closePayload, frame, opcodes, openRaw } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";
import { secret, signToken } from "../support/tokens.js";
import { type Arrival, dial, type WsClient } from "../support/ws-client.js";

const rateLimited = { code: 1008, reason: "rate_limited" };
const byName = bearer({ verify: (token) => ({ id: token }) });
const say = { receives: { say: z.object({}) }, on: { say: () => "said" } };
const talk = endpoint("/ws/talk", say);
const echo = rawEndpoint("/ws/echo", { text: ({ connection }, text) => void connection.send(text) });

/** How each is answered, in order: `ok`, or the code of an error. */
async function askMany(client: WsClient, count: number, type = "say"): Promise<readonly string[]> {
  for (let n = 0; n < count; n += 1) client.send({ type, payload: {}, id: n });
  return (await client.take(count)).map(codeOf);
}

function codeOf({ type, payload }: Arrival): string {
  return type === "reply" ? "ok" : (payload as { code: string }).code;
}

function waitOf(refused: Arrival | undefined): number {
  return (refused?.payload as { retryAfterMs: number } | undefined)?.retryAfterMs ?? Number.NaN;
}

function many(count: number, code: string): readonly string[] {
  return Array.from({ length: count }, () => code);
}

test("P17: ten a second of one connection are handled; the next is an error with the time to wait, and it is kept", async () => {
  await using server = await serve({ endpoints: [talk] });
  const [client, other] = [await dial(`${server.url}/ws/talk`), await dial(`${server.url}/ws/talk`)];
  for (let n = 0; n < 11; n += 1) client.send({ type: "say", payload: {}, id: n });
  const answers = await client.take(11);
  expect(answers.map(codeOf)).toEqual([...many(10, "ok"), "rate_limited"]);
  expect(answers[10]).toMatchObject({
    type: "error",
    id: 10,
    payload: { code: "rate_limited", type: "say", retryAfterMs: expect.any(Number), message: expect.any(String) },
  });
  const retryAfterMs = waitOf(answers[10]);
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(retryAfterMs).toBeLessThanOrEqual(1_000);
  expect(Number.isInteger(retryAfterMs)).toBe(true);
  // What is no message of the app's, and who else is there, is not concerned.
  client.send({ type: "ping", id: "p" });
  expect(await client.next()).toEqual({ type: "pong", id: "p" });
  expect(await askMany(other, 3)).toEqual(many(3, "ok"));
  expect(server.app.stats()).toMatchObject({ rateLimited: 1, errorsAnswered: 1, connections: 2 });
});

test("P17: ten in 60 s of one user are handled, over all of the user's connections", async () => {
  const chat = endpoint("/ws/chat", { auth: jwt({ secret }), limits: { messagesPerUser: "10/60s" }, ...say });
  await using server = await serve({ endpoints: [chat] });
  const enter = (sub: string) => dial(`${server.url}/ws/chat`, { token: signToken({ sub }) });
  const [phone, laptop, bob] = [await enter("ana"), await enter("ana"), await enter("bob")];
  expect(await askMany(phone, 6)).toEqual(many(6, "ok"));
  expect(await askMany(laptop, 5)).toEqual([...many(4, "ok"), "rate_limited"]);
  phone.send({ type: "say", payload: {}, id: "one too many" });
  const refused = await phone.next();
  expect(codeOf(refused)).toBe("rate_limited");
  // Longer than the window of a connection.
  expect(waitOf(refused)).toBeGreaterThan(1_000);
  expect(waitOf(refused)).toBeLessThanOrEqual(60_000);
  expect(await askMany(bob, 10)).toEqual(many(10, "ok"));
  // A user who goes and comes back is the same user.
  phone.close();
  await server.log.next("disconnected");
  expect(await askMany(await enter("ana"), 1)).toEqual(["rate_limited"]);
});

test("P17: whoever goes on after 20 warnings in 60 s is closed with 1008 `rate_limited`", async () => {
  await using server = await serve({ endpoints: [talk] });
  const client = await dial(`${server.url}/ws/talk`);
  for (let n = 0; n < 40; n += 1) client.send({ type: "say", payload: {}, id: n });
  expect(await client.closed).toEqual(rateLimited);
  const answers = client.unread.map((each) => codeOf(JSON.parse(String(each)) as Arrival));
  expect(answers).toEqual([...many(10, "ok"), ...many(20, "rate_limited")]);
  expect(server.app.stats()).toMatchObject({ rateLimited: 21 });
});

test("P17: a raw endpoint has no errors to answer with, and closes at the first that is one too many", async () => {
  await using server = await serve({ endpoints: [echo] });
  const client = await dial(`${server.url}/ws/echo`);
  for (let n = 0; n < 12; n += 1) client.sendText(`${n}`);
  expect(await client.closed).toEqual(rateLimited);
  expect(client.unread).toEqual(Array.from({ length: 10 }, (_, n) => `${n}`));
});

test("P17: control frames, pings and what is no message are counted too: 200 in 10 s", async () => {
  await using server = await serve({ endpoints: [talk, echo], limits: { control: "5/10s", strikes: "3/60s" } });
  const client = await dial(`${server.url}/ws/talk`);
  for (let n = 0; n < 5; n += 1) client.send({ type: "ping", id: n });
  expect((await client.take(5)).map(({ type }) => type)).toEqual(many(5, "pong"));
  client.send({ type: "ping", id: "late" });
  expect(await client.next()).toMatchObject({
    type: "error",
    id: "late",
    payload: { code: "rate_limited", retryAfterMs: expect.any(Number) },
  });
  client.sendText("nonsense");
  expect(await client.next()).toMatchObject({ type: "error", payload: { code: "rate_limited" } });
  expect(await askMany(client, 1)).toEqual(["ok"]);
  client.send({ type: "no such message" });
  expect(await client.next()).toMatchObject({ type: "error", payload: { code: "rate_limited" } });
  client.sendText("pong");
  expect(await client.closed).toEqual(rateLimited);
  for (const opcode of [opcodes.ping, opcodes.pong]) {
    using raw = await openRaw(`${server.url}/ws/echo`);
    raw.write(Buffer.concat(Array.from({ length: 6 }, () => frame({ opcode, payload: "x" }))));
    expect(await raw.nextClose()).toEqual(rateLimited);
    raw.write(frame({ opcode: opcodes.close, payload: closePayload(1000) }));
  }
});

test("after waiting for exactly `retryAfterMs` one more passes, and a millisecond earlier none", async () => {
  await using server = await startTestApp(createApp({ endpoints: [talk] }));
  const client = await server.connect<typeof talk>("/ws/talk");
  const attempt = () =>
    client.request("say", {}).then(
      () => 0,
      (error: { retryAfterMs: number }) => error.retryAfterMs,
    );
  for (let n = 0; n < 5; n += 1) expect(await attempt()).toBe(0);
  await server.clock.advance("300ms");
  for (let n = 0; n < 5; n += 1) expect(await attempt()).toBe(0);
  expect(await attempt()).toBe(700);
  await server.clock.advance("699ms");
  expect(await attempt()).toBe(1);
  await server.clock.advance("1ms");
  // The five of the beginning are a second old now; refused ones were not counted.
  for (let n = 0; n < 5; n += 1) expect(await attempt()).toBe(0);
  expect(await attempt()).toBe(300);
});

test("a user's messages wait for as long as they are told to as well", async () => {
  const chat = endpoint("/ws/chat", { auth: byName, limits: { messagesPerUser: "10/60s" }, ...say });
  await using server = await startTestApp(createApp({ endpoints: [chat] }));
  const [phone, laptop] = [
    await server.connect<typeof chat>("/ws/chat", { token: "ana" }),
    await server.connect<typeof chat>("/ws/chat", { token: "ana" }),
  ];
  for (let n = 0; n < 5; n += 1) {
    await phone.request("say", {});
    await laptop.request("say", {});
    await server.clock.advance("2s");
  }
  await expect(phone.request("say", {})).rejects.toMatchObject({ code: "rate_limited", retryAfterMs: 50_000 });
  await server.clock.advance("49999ms");
  await expect(laptop.request("say", {})).rejects.toMatchObject({ code: "rate_limited", retryAfterMs: 1 });
  await server.clock.advance("1ms");
  expect(await laptop.request("say", {})).toBe("said");
  expect(await phone.request("say", {})).toBe("said");
  await expect(phone.request("say", {})).rejects.toMatchObject({ code: "rate_limited", retryAfterMs: 2_000 });
});

test("20 warnings in 60 s are forgiven, the 21st closes; those of a minute ago are forgotten", async () => {
  await using server = await startTestApp(createApp({ endpoints: [talk] }));
  const client = await server.connect<typeof talk>("/ws/talk");
  const flood = async (count: number) => {
    for (let n = 0; n < count; n += 1) client.send("say", {});
    await client.ping();
  };
  for (let minute = 0; minute < 3; minute += 1) {
    await flood(30);
    await server.clock.advance("60s");
  }
  await client.ping();
  expect(server.app.stats()).toMatchObject({ rateLimited: 60, connections: 1 });
  await expect(flood(31)).rejects.toMatchObject({ code: "connection_lost" });
  expect(await client.closed).toEqual(rateLimited);
});

test("an app's messagesPerUser counts all endpoints together, an endpoint's own only its own", async () => {
  const one = endpoint("/ws/one", { auth: byName, ...say });
  const two = endpoint("/ws/two", { auth: byName, ...say });
  const own = endpoint("/ws/own", { auth: byName, limits: { messagesPerUser: "1/60s" }, ...say });
  const raw = rawEndpoint("/ws/raw", { auth: byName, text: ({ connection }, text) => void connection.send(text) });
  const limits = { messagesPerUser: "3/60s" } as const;
  await using server = await startTestApp(createApp({ endpoints: [one, two, own, raw], limits }));
  const enter = (path: "/ws/one" | "/ws/two" | "/ws/own") => server.connect<typeof one>(path, { token: "ana" });
  const [first, second, third] = [await enter("/ws/one"), await enter("/ws/two"), await enter("/ws/own")];
  const frames = await server.connect("/ws/raw", { token: "ana" });
  await first.request("say", {});
  await second.request("say", {});
  frames.send("the third");
  expect(await frames.next()).toBe("the third");
  await expect(first.request("say", {})).rejects.toMatchObject({ code: "rate_limited" });
  expect(await third.request("say", {})).toBe("said");
  await expect(third.request("say", {})).rejects.toMatchObject({ code: "rate_limited" });
  frames.send("one too many");
  expect(await frames.closed).toEqual(rateLimited);
});

test("it is counted at a message's turn: what waited for a slow handler is not refused for having come at once", async () => {
  const gate = createGate();
  const slow = endpoint("/ws/slow", {
    limits: { messages: "2/1s" },
    receives: { work: z.object({ wait: z.boolean() }) },
    on: { work: (_, { wait }) => (wait ? gate.opened : undefined) },
  });
  await using server = await startTestApp(createApp({ endpoints: [slow] }));
  const client = await server.connect<typeof slow>("/ws/slow");
  const first = client.request("work", { wait: true });
  const others = [1, 2, 3].map(() => client.request("work", { wait: false }));
  await server.clock.advance("900ms");
  gate.open();
  await first;
  await others[0];
  await expect(others[1]).rejects.toMatchObject({ code: "rate_limited", retryAfterMs: 100 });
  await expect(others[2]).rejects.toMatchObject({ code: "rate_limited", retryAfterMs: 100 });
});

test("what can't be handled for its payload counts as a message, what is unknown does not", async () => {
  await using server = await startTestApp(
    createApp({ endpoints: [endpoint("/ws/talk", { ...say, limits: { messages: "1/1s" } })] }),
  );
  const client = await server.connect<typeof talk>("/ws/talk");
  const code = async (type: string, payload: unknown) => {
    client.sendFrame(JSON.stringify({ type, payload, id: "x" }));
    return (await client.next("error")).code;
  };
  expect(await code("unknown", {})).toBe("unknown_type");
  expect(await code("unknown", {})).toBe("unknown_type");
  expect(await code("say", "no object")).toBe("invalid_payload");
  expect(await code("say", "no object")).toBe("rate_limited");
  expect(await code("unknown", {})).toBe("unknown_type");
});

test("no handler begins after `close`: what was still being counted when the server closed is dropped", async () => {
  const [asked, gate] = [createGate(), createGate()];
  const broker = new FarBroker();
  broker.reach = async (what) => {
    if (what !== "countInWindow") return;
    asked.open();
    await gate.opened;
  };
  const story: string[] = [];
  const chat = endpoint("/ws/chat", {
    auth: byName,
    limits: { messagesPerUser: "10/60s" },
    receives: { say: z.object({}) },
    on: { say: () => void story.push("say") },
    close: () => void story.push("close"),
  });
  await using server = await serve({ endpoints: [chat], broker });
  const client = await dial(`${server.url}/ws/chat`, { token: "ana" });
  client.send({ type: "say", payload: {} });
  await asked.opened;
  const [connection] = server.app.connections();
  connection?.close(4000, "enough");
  await client.closed;
  gate.open();
  await server.log.next("disconnected");
  await server.app.close();
  expect(story).toEqual(["close"]);
});

test("with both limits each counts: what one refuses does not count for the other", async () => {
  const both = endpoint("/ws/both", { auth: byName, limits: { messages: "2/1s", messagesPerUser: "3/60s" }, ...say });
  await using server = await startTestApp(createApp({ endpoints: [both] }));
  const ana = await server.connect<typeof both>("/ws/both", { token: "ana" });
  const ask = () =>
    ana.request("say").then(
      () => "ok",
      ({ retryAfterMs }: { readonly retryAfterMs?: number }) => retryAfterMs,
    );
  expect([await ask(), await ask(), await ask()]).toEqual(["ok", "ok", 1_000]);
  await server.clock.advance("1s");
  expect([await ask(), await ask(), await ask()]).toEqual(["ok", 59_000, 59_000]);
  await server.clock.advance("59s");
  expect([await ask(), await ask(), await ask()]).toEqual(["ok", "ok", 1_000]);
});
