import { channel, createApp, dependency, endpoint, rawEndpoint } from "tidings";
import { jwt } from "tidings/auth";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { openRaw } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";
import { secret } from "../support/tokens.js";
import { dial, dialRefused, dialTidings } from "../support/ws-client.js";

const goingAway = { code: 1001, reason: "going_away" };
const talk = endpoint("/ws/talk", { receives: { say: z.object({}) }, on: { say: () => "said" } });
const echo = rawEndpoint("/ws/echo", { text: ({ connection }, text) => void connection.send(text) });

test("a client of tidings.v1 hears `drain` with its delay and is then closed with 1001, others are closed alone", async () => {
  await using server = await serve({ endpoints: [talk, echo], drain: { reconnectWithin: "2s" } });
  const ours = await dialTidings(`${server.url}/ws/talk`);
  expect((await ours.next()).type).toBe("connected");
  const plain = await dial(`${server.url}/ws/talk`);
  const raw = await dial(`${server.url}/ws/echo`);
  const rawOfOurs = await dial(`${server.url}/ws/echo`, { protocols: ["tidings.v1"] });
  await plain.takeAll();
  await server.app.close();
  for (const client of [ours, plain, raw, rawOfOurs]) expect(await client.closed).toEqual(goingAway);
  const { type, payload } = await ours.next();
  expect(type).toBe("drain");
  const { reconnectAfterMs } = payload as { reconnectAfterMs: number };
  expect(Number.isInteger(reconnectAfterMs)).toBe(true);
  expect(reconnectAfterMs).toBeGreaterThanOrEqual(0);
  expect(reconnectAfterMs).toBeLessThanOrEqual(2_000);
  expect([ours, plain, raw, rawOfOurs].map(({ unread }) => unread)).toEqual([[], [], [], []]);
});

test("the delays are spread over the window, 5 s by default", async () => {
  await using server = await serve({ endpoints: [talk] });
  const clients = await Promise.all(Array.from({ length: 40 }, () => dialTidings(`${server.url}/ws/talk`)));
  for (const client of clients) await client.next();
  await server.app.close();
  const delays = await Promise.all(
    clients.map(async (client) => ((await client.next()).payload as { reconnectAfterMs: number }).reconnectAfterMs),
  );
  // By chance once in more times than there are atoms.
  expect(new Set(delays).size).toBeGreaterThan(20);
  expect(Math.max(...delays)).toBeLessThanOrEqual(5_000);
  expect(Math.max(...delays)).toBeGreaterThan(2_500);
  expect(Math.min(...delays)).toBeLessThan(2_500);
});

test("while it drains it is not ready, refuses who comes with `draining`, and takes no more once it is closed", async () => {
  const [begun, gate] = [createGate(), createGate()];
  const work = endpoint("/ws/work", {
    async close() {
      begun.open();
      await gate.opened;
    },
  });
  await using server = await serve({ endpoints: [work] });
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  await (await dial(`${server.url}/ws/work`)).takeAll();
  const closing = server.app.close();
  await begun.opened;
  expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
  const refused = await dialRefused(`${server.url}/ws/work`);
  expect(refused).toMatchObject({ status: 503, body: { code: "draining" } });
  expect(refused.headers["retry-after"]).toMatch(/^\d+$/);
  // Before the path is looked at, and before there is one too many.
  expect(await dialRefused(`${server.url}/nowhere`)).toMatchObject({ status: 503, body: { code: "draining" } });
  const ours = await dial(`${server.url}/ws/work`, { protocols: ["tidings.v1"] });
  expect(await ours.closed).toEqual({ code: 1013, reason: "draining" });
  gate.open();
  await closing;
  await expect(dial(`${server.url}/ws/work`)).rejects.toThrow("ECONNREFUSED");
});

test("`close` handlers are awaited, and the last line of the log counts them", async () => {
  const order: string[] = [];
  const store = dependency({ scope: "app", create: () => ({}), dispose: () => order.push("store disposed") });
  const work = endpoint("/ws/work/:name", {
    needs: { store },
    open: ({ params }) => void order.push(`open ${params.name}`),
    async close({ params }, { code, reason }) {
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`close ${params.name} ${code} ${reason}`);
    },
  });
  await using server = await serve({ endpoints: [work] });
  for (const name of ["a", "b", "c"]) await (await dial(`${server.url}/ws/work/${name}`)).takeAll();
  const early = await dial(`${server.url}/ws/work/early`);
  early.close(1000, "bye");
  await server.log.next("disconnected");
  await server.app.close();
  expect(order.slice(4).toSorted()).toEqual([
    "close a 1001 going_away",
    "close b 1001 going_away",
    "close c 1001 going_away",
    "close early 1000 bye",
    "store disposed",
  ]);
  expect(order.at(-1)).toBe("store disposed");
  const last = server.log.lines.at(-1);
  expect(last).toMatchObject({
    level: "info",
    message: "drained",
    fields: { event: "drained", connections: 3, closeHandlers: 3, abandoned: 0, durationMs: expect.any(Number) },
  });
});

test("a handler that runs is told by `signal` and awaited; what waits is dropped, and nothing is sent any more", async () => {
  const [begun, seen] = [createGate(), new Inbox<unknown>("seen")];
  const gate = createGate();
  const news = channel("news", { events: { item: z.object({}) } });
  const work = endpoint("/ws/work", {
    channels: [news],
    sends: { done: z.object({}) },
    receives: { job: z.object({ n: z.number() }) },
    open: ({ connection }) => connection.join(news()),
    on: {
      async job({ app, connection }, { n }) {
        connection.signal.addEventListener("abort", () => gate.open());
        begun.open();
        await gate.opened;
        seen.put([n, connection.send("done", {}), connection.channels.size]);
        await app.publish(news(), "item", {});
      },
    },
    close: () => seen.put("close"),
  });
  await using server = await serve({ endpoints: [work] });
  const client = await dial(`${server.url}/ws/work`);
  for (const n of [1, 2, 3]) client.send({ type: "job", payload: { n }, id: n });
  await begun.opened;
  await server.app.close();
  expect(await client.closed).toEqual(goingAway);
  expect(client.unread).toEqual([]);
  expect(seen.unread).toEqual([[1, false, 0], "close"]);
});

test("one that has not said who it is, and one whose `open` runs, are closed as well", async () => {
  const [begun, gate] = [createGate(), createGate()];
  const closes: unknown[] = [];
  const byMessage = endpoint("/ws/message", {
    auth: jwt({ secret, from: ["message"] }),
    close: () => closes.push("never"),
  });
  const slow = endpoint("/ws/slow", {
    async open({ connection }) {
      connection.signal.addEventListener("abort", () => gate.open());
      begun.open();
      await gate.opened;
    },
    close: (_, { code }) => closes.push(code),
  });
  await using server = await serve({ endpoints: [byMessage, slow] });
  const clients = [
    await dial(`${server.url}/ws/message`),
    await dial(`${server.url}/ws/message`, { protocols: ["tidings.v1"] }),
    await dial(`${server.url}/ws/slow`),
  ];
  await begun.opened;
  await server.app.close();
  for (const client of clients) expect(await client.closed).toEqual(goingAway);
  expect(closes).toEqual([1001]);
});

test("at the deadline whoever is still there is ended, however long its limits are", async () => {
  const gate = createGate();
  const stuck = endpoint("/ws/stuck", { close: () => gate.opened });
  await using server = await serve({
    endpoints: [stuck, echo],
    limits: { close: "1h" },
    drain: { deadline: "100ms" },
  });
  using deaf = await openRaw(`${server.url}/ws/echo`);
  const client = await dial(`${server.url}/ws/stuck`);
  await client.takeAll();
  const closed = new Inbox<string>("the app's close");
  server.app.close().then(() => closed.put("closed"));
  expect(await deaf.nextClose()).toEqual(goingAway);
  await expect(deaf.nextFrame()).rejects.toThrow("the connection ended");
  expect(await closed.next()).toBe("closed");
  gate.open();
});

test("many are closed in batches of 500, 50 ms apart", async () => {
  const app = createApp({ endpoints: [echo] });
  await using server = await startTestApp(app);
  const clients = await Promise.all(Array.from({ length: 1_100 }, () => server.connect("/ws/echo")));
  expect(app.stats().connections).toBe(1_100);
  const closing = app.close();
  await server.clock.advance("0s");
  expect(app.stats().connections).toBe(600);
  await server.clock.advance("49ms");
  expect(app.stats().connections).toBe(600);
  // Whoever waits for its turn is served on.
  const last = clients.at(-1);
  last?.send("still here");
  expect(await last?.next()).toBe("still here");
  await server.clock.advance("1ms");
  expect(app.stats().connections).toBe(100);
  await server.clock.advance("50ms");
  await closing;
  for (const client of clients) expect(await client.closed).toEqual(goingAway);
});

test("who goes by itself meanwhile is not waited for, and `close` of an empty app is done at once", async () => {
  const gate = createGate();
  const work = rawEndpoint("/ws/work", { close: () => gate.opened });
  const app = createApp({ endpoints: [echo, work] });
  await using server = await startTestApp(app);
  const [first, second] = [await server.connect("/ws/work"), await server.connect("/ws/echo")];
  const closing = app.close();
  first.vanish();
  second.close(1000, "bye");
  gate.open();
  await closing;
  expect(app.stats().connections).toBe(0);
  await app.close();
  await createApp({ endpoints: [echo] }).close();
});

test("a handler that goes on past `limits.close` is left alone, and the rest of the drain goes on", async () => {
  const gate = createGate();
  const work = endpoint("/ws/work", {
    receives: { hang: z.object({}) },
    on: { hang: () => gate.opened },
  });
  const app = createApp({ endpoints: [work] });
  await using server = await startTestApp(app);
  const client = await server.connect<typeof work>("/ws/work");
  client.send("hang", {});
  await client.ping();
  const closed = new Inbox<string>("the app's close");
  app.close().then(() => closed.put("closed"));
  await server.clock.advance("4999ms");
  expect(closed.unread).toEqual([]);
  await server.clock.advance("1ms");
  expect(await closed.next()).toBe("closed");
  expect(await client.closed).toEqual(goingAway);
  gate.open();
});

test("what hangs while it is disposed of for somebody who was refused does not hold up the app's close", async () => {
  const hanging = dependency({ create: () => 1, dispose: () => new Promise<never>(() => {}) });
  const work = rawEndpoint("/ws/work", { needs: { hanging }, allow: () => false });
  await using server = await serve({ endpoints: [work], limits: { close: "50ms" }, drain: { deadline: "100ms" } });
  await dialRefused(`${server.url}/ws/work`);
  const closed = new Inbox<string>("the app's close");
  server.app.close().then(() => closed.put("closed"));
  expect(await closed.next()).toBe("closed");
});

test("a dependency of the app that hangs while it is disposed of does not hold up the app's close", async () => {
  const hanging = dependency({ scope: "app", create: () => 1, dispose: () => new Promise<never>(() => {}) });
  const work = rawEndpoint("/ws/work", { needs: { hanging } });
  await using server = await serve({ endpoints: [work], limits: { close: "50ms" }, drain: { deadline: "100ms" } });
  const closed = new Inbox<string>("the app's close");
  server.app.close().then(() => closed.put("closed"));
  expect(await closed.next()).toBe("closed");
});
