import { type AppLimits, channel, createApp, endpoint } from "tidings";
import { startTestApp, type TestApp, type TestConnection } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import type { Answer, DashboardContract, Question } from "../../src/dashboard/contract.js";
import type { Dashboard } from "../../src/dashboard/dashboard.js";
import { answers, samples } from "../../src/dashboard/dashboard-channels.js";
import { byName } from "../support/task-desk.js";

type Live = Dashboard["endpoint"];
type Page = TestConnection<DashboardContract>;

const item = z.object({ n: z.number() });
const news = channel("news/:topic", { events: { item }, history: { size: 10, ttl: "5m" }, allow: { subscribe: true } });
const room = endpoint("/ws", {
  auth: byName,
  channels: [news],
  receives: { echo: item },
  on: { echo: (_, { n }) => n },
});
const as = [[byName, ({ token }: { readonly token: string }) => ({ id: token })]] as const;

interface World {
  readonly server: TestApp;
  readonly page: Page;
}

async function start(limits: AppLimits = {}): Promise<World & AsyncDisposable> {
  const server = await startTestApp(createApp({ endpoints: [room], http: { dashboard: true } }), {
    override: as,
    limits,
  });
  const page = await server.connect<Live>("/dashboard/live");
  return { server, page, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** What it is answered to this, as soon as the server finds time for it. */
async function ask({ server, page }: World, question: Question): Promise<Answer> {
  await page.request("ask", question);
  await server.clock.advance("100ms");
  for (;;) {
    const answer = await page.next("answered");
    if (answer.ask === question.ask) return answer;
  }
}

const list = (which: "open" | "troubled" | "closed", text = ""): Question => ({
  ask: `${which} ${text}`,
  about: "connections",
  which,
  text,
});
const one = (id: string): Question => ({ ask: id, about: "connection", id });

/** Lets the server find time for what it does beside. */
const second = ({ clock }: TestApp) => clock.advance("1s");

/** By its user: no connection's id has a colon, or a search for a few letters would find some by chance. */
async function idOf(world: World, text: string): Promise<string> {
  const answer = await ask(world, list("open", text));
  if (answer.about !== "connections" || answer.rows[0] === undefined) throw new Error(`Nothing is found for ${text}.`);
  return answer.rows[0].id;
}

test("who subscribes hears each second how the process is", async () => {
  await using world = await start();
  const { server, page } = world;
  await page.subscribe(samples());
  await server.connect<typeof room>("/ws", { token: "user:ana" });
  await second(server);
  const { payload: first } = await page.nextOn(samples(), "sample");
  expect(first).toMatchObject({ connections: 2, users: 1, slow: 0, isBrokerAway: false, opened: 2 });
  expect(first.atMs).toBe(server.clock.now());
  expect(first.name).toContain(String(process.pid));
  expect(first.rssBytes).toBeGreaterThan(first.heapBytes);
  await second(server);
  const { payload: then } = await page.nextOn(samples(), "sample");
  expect(then.process).toBe(first.process);
  expect(then.atMs).toBe(first.atMs + 1_000);
  expect(then.messagesSent).toBeGreaterThan(first.messagesSent);
});

test("of the past one sample of every 5 s is kept, for 15 minutes", async () => {
  await using world = await start();
  const { server, page } = world;
  await page.subscribe(samples());
  for (let n = 0; n < 60; n += 1) await second(server);
  const { events } = await page.history(samples(), { limit: 500 });
  expect(events.length).toBeGreaterThanOrEqual(12);
  expect(events.length).toBeLessThanOrEqual(13);
  page.close();
  const later = await server.connect<Live>("/dashboard/live");
  await later.subscribe(samples(), { rewind: 500 });
  expect((await later.nextOn(samples(), "sample")).payload).toEqual(events[0]?.payload);
  later.close();
  await server.clock.advance("16m");
  const last = await server.connect<Live>("/dashboard/live");
  await last.subscribe(samples());
  expect((await last.history(samples())).events.length).toBeLessThanOrEqual(1);
});

test("connections are listed, the dashboard's own among them, and found by what they are", async () => {
  await using world = await start();
  const { server } = world;
  for (const token of ["user:ana", "user:bob"]) {
    await second(server);
    await server.connect<typeof room>("/ws", { token });
  }
  const all = await ask(world, list("open"));
  expect(all).toMatchObject({ about: "connections", count: 3, ask: "open " });
  expect(all).toMatchObject({ rows: [{ user: "user:bob" }, { user: "user:ana" }, { endpoint: "/dashboard/live" }] });
  await server.clock.advance("1s");
  expect(await ask(world, list("open", ":an"))).toMatchObject({
    rows: [{ user: "user:ana", stage: "open" }],
    count: 1,
  });
});

test("what changes is told in the second that follows", async () => {
  await using world = await start();
  const { server, page } = world;
  await ask(world, list("open", ":ana"));
  const ana = await server.connect<typeof room>("/ws", { token: "user:ana" });
  await second(server);
  expect(await page.next("answered")).toMatchObject({ count: 1, rows: [{ user: "user:ana" }] });
  ana.close();
  await second(server);
  expect(await page.next("answered")).toMatchObject({ count: 0, rows: [] });
});

test("one connection is reported, and goes on being when it has closed: with what code, why and by whom", async () => {
  await using world = await start();
  const { server, page } = world;
  const ana = await server.connect<typeof room>("/ws", { token: "user:ana" });
  await ana.subscribe(news({ topic: "a" }));
  await server.app.publish(news({ topic: "a" }), "item", { n: 1 });
  const id = await idOf(world, ":ana");
  await second(server);
  expect(await ask(world, one(id))).toMatchObject({
    about: "connection",
    atMs: server.clock.now(),
    report: {
      id,
      user: "user:ana",
      stage: "open",
      channels: [{ channel: "news/a", state: "live", isOwn: true, offset: 1, behind: 0 }],
      outbox: { bytes: 0 },
      troubles: [],
    },
  });
  ana.close(4001, "gone home");
  await second(server);
  const closed = { code: 4001, reason: "gone home", by: "peer", atMs: expect.any(Number) };
  expect(await page.next("answered")).toMatchObject({ report: { id, stage: "closed", closed } });
  expect(await ask(world, list("closed", ":ana"))).toMatchObject({
    rows: [{ id, closed: { code: 4001, reason: "gone home" } }],
  });
});

test("one over its rate and one that stopped reading are told first, with the word and since when", async () => {
  await using world = await start({ messages: "1/60s", outbox: "1mb" });
  const { server } = world;
  const beganMs = server.clock.now();
  const ana = await server.connect<typeof room>("/ws", { token: "user:ana" });
  for (const n of [1, 2]) ana.send("echo", { n });
  expect(await ana.next("error")).toMatchObject({ code: "rate_limited" });
  const bob = await server.connect<typeof room>("/ws", { token: "user:bob" });
  await bob.subscribe(news({ topic: "a" }));
  bob.stopReading();
  for (const n of [1, 2]) {
    await second(server);
    await server.app.publish(news({ topic: "a" }), "item", { n });
  }
  await server.connect<typeof room>("/ws", { token: "user:eve" });
  await second(server);
  const answer = await ask(world, list("troubled"));
  expect(answer).toMatchObject({
    count: 2,
    rows: [
      { user: "user:ana", trouble: { word: "over its rate", sinceMs: beganMs } },
      { user: "user:bob", trouble: { word: "stopped reading", sinceMs: beganMs + 2_000 } },
    ],
  });
});

test("channels are listed with how many are on them", async () => {
  await using world = await start();
  const { server } = world;
  for (const token of ["user:ana", "user:bob"]) {
    const client = await server.connect<typeof room>("/ws", { token });
    await client.subscribe(news({ topic: "a" }));
    if (token === "user:bob") await client.subscribe(news({ topic: "b" }));
  }
  await server.app.publish(news({ topic: "a" }), "item", { n: 1 });
  const facts = { pattern: "news/:topic", behind: 0 };
  expect(await ask(world, { ask: "q", about: "channels", text: "news/" })).toMatchObject({
    count: 2,
    rows: [
      { channel: "news/a", connections: 2, offset: 1, events: 1, ...facts },
      { channel: "news/b", connections: 1, offset: 0, events: 0, ...facts },
    ],
  });
});

test("a user is disconnected from all devices, and nobody else", async () => {
  await using world = await start();
  const { server, page } = world;
  const devices = [
    await server.connect<typeof room>("/ws", { token: "user:ana" }),
    await server.connect<typeof room>("/ws", { token: "user:ana" }),
  ];
  const bob = await server.connect<typeof room>("/ws", { token: "user:bob" });
  expect(await page.request("disconnect", { user: "user:ana" })).toBeNull();
  for (const { closed } of devices) expect(await closed).toMatchObject({ code: 1008, reason: "forbidden" });
  expect(await bob.request("echo", { n: 1 })).toBe(1);
});

test("what a page asks wrongly is told it, and nobody hears what another one is answered", async () => {
  await using world = await start();
  const { server, page } = world;
  const wrong = { ask: "q", about: "everything" } as unknown as Question;
  await expect(page.request("ask", wrong)).rejects.toMatchObject({ code: "invalid_payload" });
  await expect(page.request("disconnect", { user: "" })).rejects.toMatchObject({ code: "invalid_payload" });
  const other = await server.connect<Live>("/dashboard/live");
  await expect(other.subscribe(answers({ connection: "somebody" }))).rejects.toMatchObject({ code: "forbidden" });
  const sample = {} as DashboardContract["sends"]["sample"];
  await expect(other.publish(samples(), "sample", sample)).rejects.toMatchObject({ code: "forbidden" });
  await ask(world, list("open"));
  expect(other.unread).toEqual([]);
});

test("the app's own limits are not the dashboard's", async () => {
  const tight = createApp({
    endpoints: [room],
    limits: { messages: "1/60s", messageSize: "1kb", channels: 1, outbox: "1kb" },
    http: { dashboard: true },
  });
  await using server = await startTestApp(tight, { override: as });
  const page = await server.connect<Live>("/dashboard/live");
  await page.subscribe(samples());
  for (let n = 0; n < 30; n += 1) await server.connect<typeof room>("/ws", { token: `user-${n}` });
  for (let n = 0; n < 18; n += 1) await page.request("ask", list("open", ":x"));
  expect(await ask({ server, page }, list("open"))).toMatchObject({ count: 31 });
});

test("a page that does not read is not closed: what it reads then is how things are now", async () => {
  await using world = await start();
  const { server, page } = world;
  for (let n = 0; n < 200; n += 1) await server.connect<typeof room>("/ws", { token: `${n} ${"x".repeat(80)}` });
  await ask(world, list("open"));
  page.stopReading();
  // An answer has 30 kB, and 4 MB may wait.
  for (let n = 0; n < 200; n += 1) {
    page.send("ask", { ...list("open"), ask: `${n}` });
    await server.clock.advance("100ms");
  }
  page.startReading();
  await page.ping();
  const told = page.unread.flatMap(({ type, payload }) => (type === "answered" ? [payload as Answer] : []));
  expect(told.at(-1)).toMatchObject({ ask: "199", count: 201, rows: { length: 200 } });
  expect(told.length).toBeLessThan(20);
});

test("the page's client comes back after a deploy, asks anew, and is answered by the new process", async () => {
  await using server = await startTestApp(createApp({ endpoints: [room], http: { dashboard: true } }), {
    override: as,
  });
  const client = server.client<Live>("/dashboard/live");
  const told: string[] = [];
  client.on("answered", ({ process, ask }) => told.push(`${ask} ${process}`));
  const seen = new Set<string>();
  client.subscribe("$dashboard", { rewind: 500, onGap: () => {} }).on("sample", (sample) => seen.add(sample.process));
  await server.clock.advance("1s");
  await client.request("ask", list("open"));
  await server.clock.advance("2s");
  await server.restart();
  await server.clock.advance("30s");
  expect(client.status).toBe("open");
  await client.request("ask", list("closed"));
  await server.clock.advance("1s");
  expect(new Set(told).size).toBe(2);
  expect(seen.size).toBe(2);
});
