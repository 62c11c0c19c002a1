import { type App, channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { startTestApp, type TestApp } from "tidings/testing";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import type { ConnectionReport, Trouble } from "../../src/declare/connection-report.js";
import { FarBroker } from "../support/far-broker.js";
import { createGate } from "../support/gate.js";
import { secret, signToken } from "../support/tokens.js";

const text = "x".repeat(2_000);
const news = channel("news", { events: { item: z.object({ text: z.string() }) }, history: { size: 100, ttl: "5m" } });
const feed = endpoint("/ws/feed", { channels: [news], open: ({ connection }) => connection.join(news()) });

async function reportOf(app: App, id: string): Promise<ConnectionReport> {
  const { view } = await app["~host"]();
  const report = view.connection(id)?.report() ?? [...view.closed()].find((closed) => closed.id === id);
  if (report === undefined) throw new Error(`Nothing is known of ${id}.`);
  return report;
}

async function troublesOf(app: App, id: string): Promise<readonly Trouble[]> {
  return (await reportOf(app, id)).troubles;
}

function onlyId({ app }: TestApp): string {
  const [connection, ...others] = app.connections();
  if (connection === undefined || others.length > 0) throw new Error("One connection was expected.");
  return connection.id;
}

test("a connection that stopped reading says so, since when, how much waits and how far behind it is", async () => {
  const app = createApp({ endpoints: [feed], limits: { outbox: "16kb" } });
  await using server = await startTestApp(app);
  await server.connect<typeof feed>("/ws/feed", { reading: false });
  const id = onlyId(server);
  const beganMs = server.clock.now();
  for (let n = 0; n < 40; n += 1) {
    await app.publish(news(), "item", { text });
    await server.clock.advance("100ms");
  }
  const report = await reportOf(app, id);
  const [trouble] = report.troubles;
  expect(trouble).toMatchObject({
    word: "stopped reading",
    detail: expect.stringContaining(" of 16 kB wait for its socket."),
  });
  expect(trouble?.sinceMs).toBeGreaterThanOrEqual(beganMs);
  expect(trouble?.sinceMs).toBeLessThan(beganMs + 2_000);
  expect(report.outbox.bytes).toBeGreaterThan(8_000);
  expect(report.channels).toEqual([
    { channel: "news", state: "catching-up", isOwn: false, offset: 40, behind: expect.any(Number) },
  ]);
  expect(report.channels[0]?.behind).toBeGreaterThan(30);
  expect(report).toMatchObject({ stage: "open", closed: undefined, channelCount: 1 });
});

test("what a connection was closed for as a slow consumer is as it was until then", async () => {
  const live = channel("live", { events: { item: z.object({ text: z.string() }) } });
  const shape = endpoint("/ws", { channels: [live], open: ({ connection }) => connection.join(live()) });
  const app = createApp({ endpoints: [shape], limits: { outbox: "16kb" } });
  await using server = await startTestApp(app);
  const ana = await server.connect<typeof shape>("/ws", { reading: false });
  const id = onlyId(server);
  for (let n = 0; n < 12; n += 1) {
    await app.publish(live(), "item", { text });
    await server.clock.advance("500ms");
  }
  expect(await ana.closed).toEqual({ code: 1013, reason: "slow_consumer" });
  const report = await reportOf(app, id);
  expect(report.closed).toMatchObject({ code: 1013, reason: "slow_consumer", by: "server" });
  expect(report.troubles.map(({ word }) => word)).toEqual(["stopped reading"]);
  expect(report.outbox.bytes).toBeGreaterThan(8_000);
  expect(report).toMatchObject({ stage: "closed", channelCount: 1 });
});

test("a connection over its rate says so since the first refusal, and what is left of its limits", async () => {
  const shape = endpoint("/ws", { receives: { say: z.object({}) }, on: { say: () => null } });
  const app = createApp({ endpoints: [shape], limits: { messages: "2/1s" } });
  await using server = await startTestApp(app);
  const ana = await server.connect<typeof shape>("/ws");
  const id = onlyId(server);
  await ana.request("say", {});
  const { rates } = await reportOf(app, id);
  expect(rates[0]).toEqual({ name: "messages", left: 1, count: 2, windowMs: 1_000 });
  await ana.request("say", {});
  await server.clock.advance("100ms");
  const refusedAtMs = server.clock.now();
  await expect(ana.request("say", {})).rejects.toMatchObject({ code: "rate_limited" });
  await server.clock.advance("300ms");
  await expect(ana.request("say", {})).rejects.toMatchObject({ code: "rate_limited" });
  const report = await reportOf(app, id);
  expect(report.troubles).toEqual([
    { word: "over its rate", sinceMs: refusedAtMs, detail: "2 messages were refused with rate_limited." },
  ]);
  expect(report.errors).toHaveLength(2);
  expect(report.errors[0]).toMatchObject({ atMs: refusedAtMs, code: "rate_limited", type: "say" });
  expect(report.counts).toMatchObject({ messagesReceived: 5, errorsAnswered: 2 });
});

test("a connection whose credential has expired says so while it is still open, and when it was closed for it", async () => {
  const me = endpoint("/ws/me", { auth: jwt({ secret }) });
  const app = createApp({ endpoints: [me] });
  await using server = await startTestApp(app);
  const exp = Math.floor(server.clock.now() / 1_000) + 60;
  const ana = await server.connect<typeof me>("/ws/me", { token: signToken({ sub: "ana", exp }) });
  const id = onlyId(server);
  expect(await troublesOf(app, id)).toEqual([]);
  await server.clock.advance(`${exp * 1_000 - server.clock.now() + 5_000}ms`);
  expect(await reportOf(app, id)).toMatchObject({
    user: "ana",
    stage: "open",
    expiresAtMs: exp * 1_000,
    troubles: [{ word: "expired", sinceMs: exp * 1_000 }],
  });
  await server.clock.advance("20s");
  expect(await ana.closed).toEqual({ code: 1008, reason: "token_expired" });
  expect(await reportOf(app, id)).toMatchObject({
    stage: "closed",
    closed: { code: 1008, reason: "token_expired", by: "server", atMs: exp * 1_000 + 25_000 },
    troubles: [{ word: "expired", sinceMs: exp * 1_000 }],
  });
});

test("an error that nobody is told any more is not among those that were answered", async () => {
  const gate = createGate();
  const shape = endpoint("/ws", {
    receives: { say: z.object({}) },
    on: { say: () => gate.opened.then(() => Promise.reject(new Error("late"))) },
  });
  const errors: unknown[] = [];
  const app = createApp({ endpoints: [shape], onError: (error) => errors.push(error) });
  await using server = await startTestApp(app);
  const ana = await server.connect<typeof shape>("/ws");
  ana.send("say");
  await server.clock.advance("1ms");
  await ana.close();
  gate.open();
  await server.clock.advance("1s");
  expect(errors).toHaveLength(1);
  expect(app.stats().errorsAnswered).toBe(0);
});

test.each([
  ["in production, where nobody was asked to look", "production", undefined, 0],
  ["where a guard may let somebody look", "production", { guard: () => true }, 1],
  ["where the dashboard has a port of its own", "production", { port: 0 }, 1],
  ["where it is off", "test", { dashboard: false }, 0],
  ["in development", "test", undefined, 1],
] as const)("who has gone is remembered where somebody may look: %s", async (_, environment, http, count) => {
  vi.stubEnv("NODE_ENV", environment);
  const shape = endpoint("/ws", {});
  const app = createApp({ endpoints: [shape], http });
  vi.unstubAllEnvs();
  await using server = await startTestApp(app);
  await (await server.connect<typeof shape>("/ws")).close();
  await server.clock.advance("1s");
  expect([...(await app["~host"]()).view.closed()]).toHaveLength(count);
});

test("an `open` that does not end is a handler that runs long", async () => {
  const gate = createGate();
  const shape = endpoint("/ws", { open: () => gate.opened });
  const app = createApp({ endpoints: [shape] });
  await using server = await startTestApp(app);
  await server.connect<typeof shape>("/ws");
  const id = onlyId(server);
  await server.clock.advance("3s");
  expect(await reportOf(app, id)).toMatchObject({ stage: "entering", troubles: [{ word: "handler runs long" }] });
  gate.open();
  await server.clock.advance("1ms");
  expect(await reportOf(app, id)).toMatchObject({ stage: "open", troubles: [] });
});

test("what waits for a broker that is slow is not held against a handler that has ended", async () => {
  const broker = new FarBroker();
  const shape = endpoint("/ws", {
    auth: jwt({ secret }),
    limits: { messagesPerUser: "10/1s" },
    receives: { say: z.object({}) },
    on: { say: async () => null },
  });
  const app = createApp({ endpoints: [shape], broker });
  await using server = await startTestApp(app);
  const ana = await server.connect<typeof shape>("/ws", { token: signToken({ sub: "ana" }) });
  const id = onlyId(server);
  await ana.request("say", {});
  await server.clock.advance("1m");
  const held = createGate();
  broker.reach = () => held.opened;
  const answered = ana.request("say", {});
  await server.clock.advance("5s");
  expect(await troublesOf(app, id)).toEqual([]);
  held.open();
  await answered;
});

test("a handler that runs long is told, and what waits for it", async () => {
  const gate = createGate();
  const shape = endpoint("/ws", { receives: { work: z.object({}) }, on: { work: () => gate.opened } });
  const app = createApp({ endpoints: [shape] });
  await using server = await startTestApp(app);
  const ana = await server.connect<typeof shape>("/ws");
  const done = ana.request("work", {});
  const id = onlyId(server);
  await server.clock.advance("1ms");
  const beganMs = server.clock.now() - 1;
  await server.clock.advance("2s");
  expect(await troublesOf(app, id)).toMatchObject([{ word: "handler runs long", sinceMs: beganMs }]);
  gate.open();
  await done;
  expect(await troublesOf(app, id)).toEqual([]);
});

test("connections that have closed stay known, the newest first", async () => {
  const shape = endpoint("/ws", {});
  const app = createApp({ endpoints: [shape] });
  await using server = await startTestApp(app);
  const [ana, bob] = [await server.connect<typeof shape>("/ws"), await server.connect<typeof shape>("/ws")];
  const ids = [...app.connections()].map(({ id }) => id);
  await ana.close();
  await bob.close();
  await server.clock.advance("1s");
  const { view } = await app["~host"]();
  expect([...view.closed()].map(({ id, closed }) => [id, closed?.by])).toEqual([
    [ids[1], "peer"],
    [ids[0], "peer"],
  ]);
  expect([...view.connections()]).toEqual([]);
});

test("of many channels fifty are listed, and how many there are is said", async () => {
  const many = channel("many/:n", { events: { item: z.object({}) } });
  const shape = endpoint("/ws", {
    channels: [many],
    open: ({ connection }) => connection.join(...Array.from({ length: 60 }, (_, n) => many({ n: String(n) }))),
  });
  const app = createApp({ endpoints: [shape] });
  await using server = await startTestApp(app);
  await server.connect<typeof shape>("/ws");
  const { channels, channelCount } = await reportOf(app, onlyId(server));
  expect([channels.length, channelCount]).toEqual([50, 60]);
});

test("what waits for handlers is told until its socket is read again", async () => {
  const gate = createGate();
  const shape = endpoint("/ws", { receives: { work: z.object({}) }, on: { work: () => gate.opened } });
  const app = createApp({ endpoints: [shape], limits: { waitingMessages: 2, messages: "100/1s" } });
  await using server = await startTestApp(app);
  const ana = await server.connect<typeof shape>("/ws");
  const id = onlyId(server);
  const done = [1, 2, 3, 4].map(() => ana.request("work", {}));
  await server.clock.advance("2s");
  expect((await troublesOf(app, id)).map(({ word }) => word).sort()).toEqual([
    "handler runs long",
    "waits for handlers",
  ]);
  expect((await reportOf(app, id)).waiting).toMatchObject({ isPaused: true });
  gate.open();
  await Promise.all(done);
  await server.clock.advance("2s");
  expect(await troublesOf(app, id)).toEqual([]);
});

test("a connection whose socket is gone is closed, though its handler still runs", async () => {
  const gate = createGate();
  const shape = endpoint("/ws", { close: () => gate.opened });
  const app = createApp({ endpoints: [shape] });
  await using server = await startTestApp(app);
  const ana = await server.connect<typeof shape>("/ws");
  const { view } = await app["~host"]();
  const id = onlyId(server);
  await ana.close();
  await server.clock.advance("1ms");
  expect(view.connection(id)?.stage).toBe("closed");
  gate.open();
});
