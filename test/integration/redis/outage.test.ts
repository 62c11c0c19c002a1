import { channel, endpoint } from "tidings";
import { bearer } from "tidings/auth";
import { connect, whenLive } from "tidings/client";
import type { RedisOptions } from "tidings/redis";
import { expect, test } from "vitest";
import { z } from "zod";
import { numbersOf, offsetsOf, positionOf } from "../../support/channel-events.js";
import { follow } from "../../support/client-events.js";
import { Inbox } from "../../support/inbox.js";
import { Apps } from "../../support/redis/apps.js";
import { startProxy } from "../../support/redis/proxy.js";
import { startRedis } from "../../support/redis/redis-server.js";
import type { ServedApp } from "../../support/served-app.js";
import { dial, dialRefused, dialTidings, type WsClient } from "../../support/ws-client.js";

const user = bearer({ verify: (token) => ({ id: token }) });
const item = z.object({ n: z.number() });
const allow = { subscribe: true, publish: true } as const;
const feed = channel("feed/:name", { events: { item }, history: { size: 20, ttl: "5m" }, allow });
const room = channel("room", { events: { item }, allow, presence: true });
const speak = { receives: { echo: item }, on: { echo: (_: unknown, { n }: { n: number }) => n } };
const members = endpoint("/ws", { auth: user, channels: [feed, room], ...speak });
const anybody = endpoint("/ws/anybody", { channels: [feed, room], ...speak });
const ones = { name: "ones" };
const unavailable = { type: "error", payload: { code: "unavailable", retryAfterMs: expect.any(Number) } };
const limits = { presenceGrace: "20ms", close: "200ms" } as const;

/** A Redis, a way to it, and two processes on that. */
async function startWorld(options: RedisOptions = {}) {
  const redis = await startRedis();
  const proxy = await startProxy(redis);
  const apps = new Apps({ url: proxy.url, timeout: "500ms", ...options });
  const start = () => apps.start({ endpoints: [members, anybody], limits });
  const both = [await start(), await start()] as const;
  const told = (event: string) => Promise.all(both.map(({ log }) => log.next(event)));
  return {
    redis,
    proxy,
    apps,
    both,
    /** Both processes have said that it is away, or back. */
    away: () => told("broker_away"),
    back: () => told("broker_back"),
    async [Symbol.asyncDispose]() {
      await apps[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    },
  };
}
type World = Awaited<ReturnType<typeof startWorld>>;

interface Fault {
  readonly name: string;
  readonly begin: (world: World) => unknown;
  readonly end: (world: World) => unknown;
  /** Is what Redis kept lost with it? */
  readonly loses?: boolean;
}

const faults: readonly Fault[] = [
  {
    name: "killed, and comes back empty",
    begin: ({ redis }) => redis.kill(),
    end: ({ redis }) => redis.start(),
    loses: true,
  },
  { name: "stopped, and goes on", begin: ({ redis }) => redis.pause(), end: ({ redis }) => redis.resume() },
  { name: "cut off", begin: ({ proxy }) => proxy.cut(), end: ({ proxy }) => proxy.mend() },
  { name: "silent on the line", begin: ({ proxy }) => proxy.hold(), end: ({ proxy }) => proxy.release() },
];
const each = faults.map((fault) => [fault.name, fault] as const);

async function enter({ url }: ServedApp, token: string, ...channels: readonly string[]): Promise<WsClient> {
  const client = await dial(`${url}/ws`, { token });
  for (const channel of channels) {
    expect(await client.ask("subscribe", { channel })).toMatchObject({ type: "subscribed" });
  }
  return client;
}

async function statusesOf({ url }: ServedApp): Promise<readonly number[]> {
  return Promise.all(["/healthz", "/readyz"].map(async (path) => (await fetch(url + path)).status));
}

async function countAt({ url }: ServedApp): Promise<unknown> {
  return (await fetch(`${url}/health/websockets`)).json();
}

test.each(each)("while Redis is %s what needs it is `unavailable`, and everybody stays", async (_, fault) => {
  await using world = await startWorld();
  const [a, b] = world.both;
  const [ana, bob] = [await enter(a, "ana", "feed/ones"), await enter(b, "bob", "feed/ones")];
  await a.app.publish(feed(ones), "item", { n: 1 });
  for (const client of [ana, bob]) expect(await client.next()).toMatchObject({ offset: 1 });
  await fault.begin(world);
  await world.away();

  await expect(a.app.publish(feed(ones), "item", { n: 2 })).rejects.toMatchObject({
    code: "unavailable",
    retryAfterMs: expect.any(Number),
  });
  for (const ask of [
    a.app.history(feed(ones)),
    a.app.presence(room()),
    a.app.isConnected("ana"),
    a.app.disconnectUser("ana"),
    a.app.revoke({ user: "ana" }),
  ]) {
    await expect(ask).rejects.toMatchObject({ code: "unavailable" });
  }
  for (const [type, payload] of [
    ["publish", { channel: "feed/ones", type: "item", payload: { n: 2 } }],
    ["subscribe", { channel: "feed/twos" }],
    ["history", { channel: "feed/ones" }],
  ] as const) {
    expect(await ana.ask(type, payload)).toMatchObject(unavailable);
  }
  expect(await ana.ask("echo", { n: 7 })).toMatchObject({ type: "reply", payload: 7 });
  expect(await statusesOf(a)).toEqual([200, 503]);
  expect(await countAt(a)).toEqual({ total_users: 1, total_connections: 1, of_this_process_only: true });
  expect(a.app.stats()).toMatchObject({ connections: 1, isBrokerAway: true, brokerOutages: 1 });
  const refused = await dialRefused(`${a.url}/ws`, { token: "eve" });
  expect(refused).toMatchObject({ status: 503, headers: { "retry-after": "1" }, body: { code: "unavailable" } });

  await fault.end(world);
  await world.back();
  expect(await statusesOf(a)).toEqual([200, 200]);
  expect(a.app.stats()).toMatchObject({ connections: 1, isBrokerAway: false, brokerOutages: 1 });
  await b.app.publish(feed(ones), "item", { n: 3 });
  for (const client of [ana, bob]) {
    if (fault.loses) expect(await client.next()).toMatchObject({ type: "gap", payload: { offset: 0 } });
    expect(await client.next()).toMatchObject({ type: "item", offset: fault.loses ? 1 : 2, payload: { n: 3 } });
  }
  await enter(a, "eve", "feed/ones", "feed/twos");
  expect(await b.app.isConnected("eve")).toBe(true);
  for (const client of [ana, bob]) expect(await client.takeAll()).toEqual([]);
  for (const { errors } of world.both) expect(errors.unread).toEqual([]);
});

test.each(each)(
  "while Redis is %s people come and go: afterwards every process knows who is there",
  async (_, fault) => {
    await using world = await startWorld();
    const [a, b] = world.both;
    const watcher = await dial(`${b.url}/ws`, { token: "watcher" });
    await watcher.ask("subscribe", { channel: "room", presence: true });
    const [ana, phone] = [await enter(a, "ana", "room"), await enter(a, "eve", "room")];
    const bob = await enter(b, "bob", "room");
    await enter(b, "eve", "room");
    await fault.begin(world);
    await world.away();

    for (const client of [ana, phone]) client.terminate();
    for (const _ of [ana, phone]) await a.log.next("disconnected");
    expect(await bob.ask("unsubscribe", { channel: "room" })).toMatchObject({ type: "unsubscribed" });
    const guest = await dialTidings(`${b.url}/ws/anybody`);
    const { payload } = await guest.next();
    const { connection } = payload as { readonly connection: string };
    // Its process hears this channel already.
    expect(await guest.ask("subscribe", { channel: "room" })).toMatchObject({ type: "subscribed" });

    await fault.end(world);
    await world.back();
    const names = ["ana", "bob", "eve", "watcher"];
    const known = ({ app }: ServedApp) => Promise.all(names.map((name) => app.isConnected(name)));
    expect(await Promise.all(world.both.map(known))).toEqual(Array(2).fill([false, true, true, true]));
    for (const server of world.both) await countAt(server);
    for (const server of world.both) expect(await countAt(server)).toEqual({ total_users: 3, total_connections: 4 });
    const there = ["eve", "watcher", connection].toSorted();
    await untilShown(watcher, there);
    const found = await Promise.all(world.both.map(({ app }) => app.presence(room())));
    for (const present of found) expect(present.map(({ id }) => id).toSorted()).toEqual(there);
  },
);

/** Resolves when a watcher, who is told of changes from now on, is shown just these. */
async function untilShown(watcher: WsClient, expected: readonly string[]): Promise<void> {
  const shown = new Set<string>();
  while ([...shown].toSorted().join() !== expected.join()) {
    const { payload = {} } = await watcher.next();
    const {
      members,
      joined = [],
      left = [],
    } = payload as Readonly<Record<string, readonly { id: string }[] | undefined>>;
    if (members !== undefined) shown.clear();
    for (const { id } of left) shown.delete(id);
    for (const { id } of [...(members ?? []), ...joined]) shown.add(id);
  }
}

test("of two outages in a row each is told, and after each all goes on", async () => {
  await using world = await startWorld();
  const [a, b] = world.both;
  const [ana, bob] = [await enter(a, "ana", "feed/ones"), await enter(b, "bob", "feed/ones")];
  for (const round of [1, 2]) {
    await world.redis.kill();
    await world.away();
    await expect(b.app.publish(feed(ones), "item", { n: 0 })).rejects.toMatchObject({ code: "unavailable" });
    await world.redis.start();
    await world.back();
    await a.app.publish(feed(ones), "item", { n: round });
    for (const client of [ana, bob]) {
      expect(await client.take(2)).toMatchObject([{ type: "gap" }, { type: "item", offset: 1, payload: { n: round } }]);
    }
    for (const { app } of world.both) expect(app.stats()).toMatchObject({ isBrokerAway: false, brokerOutages: round });
  }
  expect(await Promise.all(["ana", "bob"].map((name) => a.app.isConnected(name)))).toEqual([true, true]);
});

test("a process that alone is cut off hears afterwards what the others said, once and in order", async () => {
  await using world = await startWorld();
  const [a] = world.both;
  await using others = new Apps({ url: world.redis.url, prefix: world.apps.prefix });
  const far = await others.start({ endpoints: [members], limits });
  const [ana, bob] = [await enter(a, "ana", "feed/ones", "room"), await enter(far, "bob", "feed/ones", "room")];
  await far.app.publish(feed(ones), "item", { n: 1 });
  world.proxy.cut();
  await world.away();
  for (const n of [2, 3, 4]) await far.app.publish(feed(ones), "item", { n });
  expect(numbersOf(await bob.take(4))).toEqual([1, 2, 3, 4]);
  expect([...(await statusesOf(a)), ...(await statusesOf(far))]).toEqual([200, 503, 200, 200]);
  // Its lease goes on.
  expect((await far.app.presence(room())).map(({ id }) => id)).toEqual(["ana", "bob"]);
  world.proxy.mend();
  await world.back();
  const heard = await ana.take(4);
  expect([numbersOf(heard), offsetsOf(heard)]).toEqual([
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ]);
  await a.app.publish(feed(ones), "item", { n: 5 });
  for (const client of [ana, bob]) expect(await client.next()).toMatchObject({ offset: 5 });
  for (const client of [ana, bob]) expect(await client.takeAll()).toEqual([]);
});

test.each(each)(
  'with `whenUnavailable: "queue"` publishes wait while Redis is %s, in order and not too many',
  async (_, fault) => {
    await using world = await startWorld({ whenUnavailable: "queue", queue: 4 });
    const [a, b] = world.both;
    const [ana, bob] = [await enter(a, "ana"), await enter(b, "bob", "feed/ones")];
    await fault.begin(world);
    await world.away();
    const publish = (n: number) => a.app.publish(feed(ones), "item", { n });
    const waiting = [1, 2, 3, 4].map(publish);
    await expect(publish(5)).rejects.toMatchObject({ code: "unavailable", retryAfterMs: expect.any(Number) });
    const payload = { channel: "feed/ones", type: "item", payload: { n: 6 } };
    expect(await ana.ask("publish", payload)).toMatchObject(unavailable);
    await fault.end(world);
    await waiting[0];
    // What comes now does not overtake the others.
    const behind = publish(7);
    await world.back();
    expect((await Promise.all(waiting)).map(({ offset }) => offset)).toEqual([1, 2, 3, 4]);
    await behind;
    // The one process may be back, and say what waited, before the other: then that begins behind it, and says so.
    const begun = fault.loses ? positionOf(await bob.next()).offset : 0;
    expect(numbersOf(await bob.take(5 - begun))).toEqual([1, 2, 3, 4, 7].slice(begun));
    expect(await bob.takeAll()).toEqual([]);
  },
);

test("where publishes wait, the answer of a client's waits with it", async () => {
  await using world = await startWorld({ whenUnavailable: "queue" });
  const [a, b] = world.both;
  const [ana, bob] = [await enter(a, "ana"), await enter(b, "bob", "feed/ones")];
  world.proxy.cut();
  await world.away();
  ana.send({ type: "publish", payload: { channel: "feed/ones", type: "item", payload: { n: 1 } }, id: 1 });
  expect(await ana.takeAll()).toEqual([]);
  world.proxy.mend();
  await world.back();
  expect(await ana.next()).toEqual({ type: "reply", id: 1, channel: "feed/ones", payload: { offset: 1 } });
  expect(await bob.next()).toMatchObject({ offset: 1, payload: { n: 1 } });
});

test("what still waits when its process closes is rejected", async () => {
  await using world = await startWorld({ whenUnavailable: "queue" });
  const [a] = world.both;
  world.proxy.cut();
  await world.away();
  const waiting = a.app.publish(feed(ones), "item", { n: 1 });
  const rejected = expect(waiting).rejects.toMatchObject({ code: "unavailable" });
  await a.app.close();
  await rejected;
});

test("our own client needs nobody while Redis is away: what it publishes, asks to hear and dials is done afterwards, once", async () => {
  await using world = await startWorld();
  const [a, b] = world.both;
  using ana = connect<typeof members>(`${a.url}/ws`, { token: "ana" });
  const own = ana.subscribe("feed/:name", ones, { onGap() {} });
  await whenLive(own);
  const bob = await enter(b, "bob", "feed/ones");
  await world.redis.pause();
  await world.away();
  const said = own.publish("item", { n: 1 });
  const twos = ana.subscribe("feed/:name", { name: "twos" }, { onGap() {} });
  using late = connect<typeof members>(`${b.url}/ws`, { token: "late" });
  const { until } = follow(late);
  expect(await until("waiting")).toBe("waiting 1013 unavailable");
  expect(await ana.request("echo", { n: 7 })).toBe(7);
  expect([ana.status, own.status, twos.status]).toEqual(["open", "live", "subscribing"]);
  world.redis.resume();
  await world.back();
  expect(await said).toEqual({ offset: 1 });
  expect(await bob.next()).toMatchObject({ offset: 1, payload: { n: 1 } });
  await whenLive(twos);
  await until("open");
  const heard = new Inbox<number>("An item");
  twos.on("item", ({ n }) => heard.put(n));
  await b.app.publish(feed({ name: "twos" }), "item", { n: 2 });
  expect(await heard.next()).toBe(2);
  expect(await bob.takeAll()).toEqual([]);
});

test.each(each)("an app that closes while Redis is %s closes everybody, and comes to its end", async (_, fault) => {
  await using world = await startWorld();
  const [a, b] = world.both;
  const [ana, bob] = [await enter(a, "ana", "feed/ones", "room"), await enter(b, "bob", "feed/ones", "room")];
  await fault.begin(world);
  await world.away();
  await a.app.close();
  expect(await ana.closed).toEqual({ code: 1001, reason: "going_away" });
  expect(b.app.stats()).toMatchObject({ connections: 1, isBrokerAway: true });
  await fault.end(world);
  await b.log.next("broker_back");
  await bob.takeAll();
  expect(await bob.ask("echo", { n: 1 })).toMatchObject({ payload: 1 });
});

test("what a process held that could not say good-bye is over when its lease is, and is said to be", async () => {
  await using world = await startWorld({ lease: "500ms" });
  const [a, b] = world.both;
  const watcher = await dial(`${b.url}/ws`, { token: "watcher" });
  await enter(a, "ana", "room");
  await watcher.ask("subscribe", { channel: "room", presence: true });
  await world.redis.pause();
  await world.away();
  await a.app.close();
  world.redis.resume();
  await b.log.next("broker_back");
  await untilShown(watcher, ["watcher"]);
  expect(await b.app.presence(room())).toEqual([{ id: "watcher" }]);
  // Of the user's it is another lease.
  while (await b.app.isConnected("ana"));
});
