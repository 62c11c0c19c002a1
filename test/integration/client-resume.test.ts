import { type App, channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { connect, whenLive } from "tidings/client";
import { expect, test } from "vitest";
import { z } from "zod";
import { randomId, systemClock } from "../../src/app/system.js";
import { MemoryBroker } from "../../src/broker/memory.js";
import { anyRate } from "../support/any-rate.js";
import { follow } from "../support/client-events.js";
import { CutLine } from "../support/cut-line.js";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { LogRecorder } from "../support/log-recorder.js";
import { secret, signToken } from "../support/tokens.js";

const events = { item: z.object({ n: z.number() }) };
const allow = { subscribe: true, publish: true } as const;
const feed = channel("feed/:name", { events, history: { size: 100, ttl: "5m" }, presence: true, allow });
const loose = channel("loose", { events, presence: true, allow });
const lobby = channel("lobby", { events, history: { size: 100, ttl: "5m" } });
const closedOne = channel("closed", { events, allow: { subscribe: false } });
const talk = endpoint("/ws", {
  auth: jwt({ secret }),
  channels: [feed, loose, lobby, closedOne],
  limits: anyRate,
  receives: { say: z.object({ n: z.number() }), hang: z.object({}), count: z.object({}) },
  open: ({ connection }) => connection.join(lobby()),
  on: {
    say({ app }, { n }) {
      said.push(n);
      return app.publish(lobby(), "item", { n }).then(() => n);
    },
    hang: ({ connection: { signal } }) =>
      new Promise<null>((resolve) => signal.addEventListener("abort", () => resolve(null))),
    count: () => said.length,
  },
});
/** What the handler of `say` was given, in each test anew. */
let said: number[] = [];
const a = { name: "a" };

function createBroker(): MemoryBroker {
  return new MemoryBroker({ createId: randomId, clock: systemClock });
}

async function start(broker = createBroker(), port = 0) {
  const app = createApp({ endpoints: [talk], broker, logger: new LogRecorder(), drain: { reconnectWithin: "1ms" } });
  const { url } = await app.listen(port);
  return { app, url, port: Number(new URL(url).port), [Symbol.asyncDispose]: () => app.close() };
}

function enter(url: string, name = "ana") {
  said = [];
  const client = connect<typeof talk>(`${url}/ws`, { token: signToken({ sub: name }) });
  const heard = new Inbox<number>("An event");
  const gaps = new Inbox<string>("A gap");
  client.on("item", ({ n }) => heard.put(n));
  client.on("gap", (_, { channel }) => gaps.put(channel ?? "of no channel"));
  return { client, heard, gaps, ...follow(client) };
}

/** It has lost its connection, and does not wait for the time to dial again. */
async function comeBack({ client, until }: ReturnType<typeof enter>): Promise<void> {
  const stop = client.onStatus((status) => {
    if (status === "waiting") client.reconnect();
  });
  client.reconnect();
  await until("open");
  stop();
}

async function publish(app: App, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1) await app.publish(feed(a), "item", { n });
}

test("who was cut off comes back, and hears all that was said meanwhile, once and in order", async () => {
  await using server = await start();
  await using line = await CutLine.to(server.url);
  const ana = enter(line.url);
  using client = ana.client;
  const own = client.subscribe("feed/:name", a, { onGap() {} });
  await whenLive(own);
  await publish(server.app, 1, 2);
  await ana.heard.next((n) => n === 2);
  line.cut();
  await ana.until("waiting");
  expect(own.status).toBe("subscribing");
  await publish(server.app, 3, 5);
  line.mend();
  await comeBack(ana);
  await publish(server.app, 6, 6);
  await ana.heard.next((n) => n === 6);
  expect([ana.heard.unread, ana.gaps.unread]).toEqual([[1, 3, 4, 5], []]);
});

test("the app is drained and started again with the same broker: nothing is lost or doubled", async () => {
  const broker = createBroker();
  const first = await start(broker);
  const ana = enter(first.url);
  using client = ana.client;
  const own = client.subscribe("feed/:name", a, { onGap() {} });
  await whenLive(own);
  await publish(first.app, 1, 2);
  await ana.heard.next((n) => n === 2);
  await first.app.close();
  expect(await ana.until("waiting")).toBe("waiting 1001 going_away");
  await using second = await start(broker, first.port);
  await publish(second.app, 3, 4);
  await comeBack(ana);
  await publish(second.app, 5, 5);
  await client.request("say", { n: 100 });
  await ana.heard.next((n) => n === 100);
  await ana.heard.next((n) => n === 5);
  expect([ana.heard.unread, ana.gaps.unread]).toEqual([[1, 3, 4], []]);
});

test("a new app with a new broker is one gap for each channel, and never silence", async () => {
  const first = await start();
  const ana = enter(first.url);
  using client = ana.client;
  const gaps: (number | undefined)[] = [];
  const own = client.subscribe("feed/:name", a, { onGap: ({ offset }) => gaps.push(offset) });
  const without = client.subscribe("loose", { onGap: ({ offset }) => gaps.push(offset) });
  await Promise.all([whenLive(own), whenLive(without)]);
  await publish(first.app, 1, 3);
  await ana.heard.next((n) => n === 3);
  await first.app.close();
  await ana.until("waiting");
  await using second = await start(undefined, first.port);
  await comeBack(ana);
  const seen = [await ana.gaps.next(), await ana.gaps.next(), await ana.gaps.next()];
  await publish(second.app, 9, 9);
  await ana.heard.next((n) => n === 9);
  expect([seen.sort(), gaps, ana.gaps.unread]).toEqual([["feed/a", "lobby", "loose"], [0, undefined], []]);
});

test("a publish of which the answer was lost is said again, and is delivered once", async () => {
  await using server = await start();
  await using line = await CutLine.to(server.url);
  const [ana, bob] = [enter(line.url), enter(server.url, "bob")];
  using client = ana.client;
  using other = bob.client;
  const [own, others] = [client, other].map((each) => each.subscribe("feed/:name", a, { onGap() {} }));
  await Promise.all([own && whenLive(own), others && whenLive(others)]);
  line.deafen();
  const published = own?.publish("item", { n: 1 });
  // It has arrived, and its answer has not.
  await bob.heard.next((n) => n === 1);
  line.cut();
  await ana.until("waiting");
  line.mend();
  await comeBack(ana);
  expect(await published).toEqual({ offset: 1 });
  await publish(server.app, 2, 2);
  await Promise.all([ana, bob].map(({ heard }) => heard.next((n) => n === 2)));
  expect([ana.heard.unread, bob.heard.unread]).toEqual([[1], []]);
});

test("a publish without a connection waits for one", async () => {
  await using server = await start();
  await using line = await CutLine.to(server.url);
  line.cut();
  const ana = enter(line.url);
  using client = ana.client;
  const own = client.subscribe("feed/:name", a, { onGap() {} });
  const published = own.publish("item", { n: 1 });
  await ana.until("waiting");
  line.mend();
  await comeBack(ana);
  expect(await published).toEqual({ offset: 1 });
});

test("a request that is cut off rejects with `connection_lost`, and is not said again", async () => {
  await using server = await start();
  await using line = await CutLine.to(server.url);
  const ana = enter(line.url);
  using client = ana.client;
  await ana.until("open");
  const hung = expect(client.request("hang", {})).rejects.toMatchObject({ code: "connection_lost" });
  line.deafen();
  const said1 = expect(client.request("say", { n: 1 })).rejects.toMatchObject({ code: "connection_lost" });
  line.cut();
  await Promise.all([hung, said1]);
  line.mend();
  await comeBack(ana);
  const before = said.length;
  expect(before).toBeLessThanOrEqual(1);
  await client.request("count", {});
  expect(said).toHaveLength(before);
});

test("what was sent is not sent again", async () => {
  await using server = await start();
  await using line = await CutLine.to(server.url);
  const [ana, bob] = [enter(line.url), enter(server.url, "bob")];
  using client = ana.client;
  using _ = bob.client;
  await Promise.all([ana.until("open"), bob.until("open")]);
  expect(client.send("say", { n: 1 })).toBe(true);
  await bob.heard.next((n) => n === 1);
  line.cut();
  await ana.until("waiting");
  line.mend();
  await comeBack(ana);
  await client.request("say", { n: 2 });
  expect(said).toEqual([1, 2]);
});

test("while there is no connection messages wait, in order, as many as may", async () => {
  await using server = await start();
  await using line = await CutLine.to(server.url);
  line.cut();
  const ana = enter(line.url);
  using client = ana.client;
  const taken = Array.from({ length: 12 }, (_, n) => client.send("say", { n }));
  expect(taken).toEqual([...Array.from({ length: 10 }, () => true), false, false]);
  await expect(client.request("say", { n: 99 })).rejects.toMatchObject({ code: "queue_full" });
  await ana.until("waiting");
  line.mend();
  await comeBack(ana);
  await client.request("say", { n: 50 });
  expect(said).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 50]);
});

test("a signal gives a request up, before it is said and after", async () => {
  await using server = await start();
  const ana = enter(server.url);
  using client = ana.client;
  const early = client.request("say", { n: 1 }, { signal: AbortSignal.abort(new Error("not any more")) });
  await expect(early).rejects.toThrow("not any more");
  await ana.until("open");
  const abort = new AbortController();
  const late = expect(client.request("hang", {}, { signal: abort.signal })).rejects.toThrow("enough");
  abort.abort(new Error("enough"));
  await late;
  expect([said, client.status]).toEqual([[], "open"]);
});

test("a request has a time of its own", async () => {
  await using server = await start();
  const ana = enter(server.url);
  using client = ana.client;
  await ana.until("open");
  await expect(client.request("hang", {}, { timeout: "10ms" })).rejects.toMatchObject({ code: "timeout" });
  expect(client.status).toBe("open");
});

test("who is there is known again after a cut, with who came meanwhile", async () => {
  await using server = await start();
  await using line = await CutLine.to(server.url);
  const [ana, bob] = [enter(line.url), enter(server.url, "bob")];
  using client = ana.client;
  using other = bob.client;
  const own = client.subscribe("feed/:name", a, { presence: true, onGap() {} });
  await whenLive(own);
  expect(own.presence.members).toEqual([{ id: "ana" }]);
  const changes = new Inbox<string[]>("A change");
  own.presence.on("change", (members) => changes.put(members.map(({ id }) => id).sort()));
  line.cut();
  await ana.until("waiting");
  const others = other.subscribe("feed/:name", a, { onGap() {} });
  await whenLive(others);
  line.mend();
  await comeBack(ana);
  expect(await changes.next((ids) => ids.length === 2)).toEqual(["ana", "bob"]);
  await others.unsubscribe();
  expect(await changes.next((ids) => ids.length === 1)).toEqual(["ana"]);
});

test("a subscription that is refused is lost, and says why", async () => {
  await using server = await start();
  const ana = enter(server.url);
  using client = ana.client;
  const refused = client.subscribe("closed");
  await expect(whenLive(refused)).rejects.toMatchObject({ code: "forbidden" });
  expect([refused.status, refused.error?.code, ana.errors.unread]).toEqual(["lost", "forbidden", []]);
  await expect(refused.publish("item" as never, { n: 1 } as never)).rejects.toMatchObject({ name: "TidingsError" });
});

test("a channel that the server has put it on is heard with and without a subscription, over a cut", async () => {
  await using server = await start();
  await using line = await CutLine.to(server.url);
  const ana = enter(line.url);
  using client = ana.client;
  await client.request("say", { n: 1 });
  await ana.heard.next((n) => n === 1);
  const own = client.subscribe("lobby", { onGap() {} });
  const heard = new Inbox<number>("An event of the subscription");
  own.on("item", ({ n }) => heard.put(n));
  await whenLive(own);
  line.cut();
  await ana.until("waiting");
  await server.app.publish(lobby(), "item", { n: 2 });
  line.mend();
  await comeBack(ana);
  expect(await heard.next()).toBe(2);
  await own.unsubscribe();
  await client.request("say", { n: 3 });
  await ana.heard.next((n) => n === 3);
  expect([ana.heard.unread, heard.unread, ana.gaps.unread, ana.errors.unread]).toEqual([[2], [], [], []]);
});

test("what is kept can be asked for, page by page", async () => {
  await using server = await start();
  const ana = enter(server.url);
  using client = ana.client;
  const own = client.subscribe("feed/:name", a, { rewind: 2, onGap() {} });
  await whenLive(own);
  await publish(server.app, 1, 5);
  await ana.heard.next((n) => n === 5);
  const newest = await own.history({ limit: 2 });
  expect(newest.map(({ offset, payload }) => [offset, payload.n])).toEqual([
    [4, 4],
    [5, 5],
  ]);
  expect((await own.history({ before: 4 })).map(({ offset }) => offset)).toEqual([1, 2, 3]);
  const without = client.subscribe("loose");
  await whenLive(without);
  await expect(without.history()).rejects.toMatchObject({ code: "forbidden" });
});

test("`using` ends the subscription, and the client", async () => {
  await using server = await start();
  const left = createGate();
  const other = enter(server.url, "bob");
  using bob = other.client;
  const watched = bob.subscribe("feed/:name", a, { presence: true, onGap() {} });
  await whenLive(watched);
  watched.presence.on("change", (members) => {
    if (members.length === 1) left.open();
  });
  let ended: Promise<unknown> | undefined;
  {
    using client = enter(server.url).client;
    using own = client.subscribe("feed/:name", a, { onGap() {} });
    await whenLive(own);
    ended = client.closed;
  }
  expect(await ended).toEqual({ code: 1000, reason: "" });
  await left.opened;
});
