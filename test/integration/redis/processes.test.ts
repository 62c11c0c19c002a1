import { type App, type AppOptions, channel, type EventPlace, endpoint, stateAt } from "tidings";
import { bearer } from "tidings/auth";
import { connect, whenLive } from "tidings/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { greet, numbers, numbersOf, offsetsOf, positionOf } from "../../support/channel-events.js";
import { follow } from "../../support/client-events.js";
import { Inbox } from "../../support/inbox.js";
import { Apps } from "../../support/redis/apps.js";
import { Balancer } from "../../support/redis/balancer.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";
import { type ServedApp, serve } from "../../support/served-app.js";
import { dial, dialTidings, type WsClient } from "../../support/ws-client.js";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

const user = bearer({ verify: (token) => ({ id: token, name: token }) });
const item = z.object({ n: z.number() });
const allow = { subscribe: true, publish: true } as const;

// The README's.
const chat = channel("chat/:room", {
  events: { said: z.object({ from: z.string(), text: z.string() }), left: z.object({ name: z.string() }) },
});
const room = endpoint("/ws/rooms/:room", {
  auth: user,
  receives: { say: z.object({ text: z.string().min(1).max(500) }) },
  channels: [chat],
  open({ connection, params }) {
    connection.join(chat(params));
  },
  on: {
    async say({ app, connection, user, params }, { text }) {
      await app.publish(chat(params), "said", { from: user.name, text }, { except: connection });
    },
  },
  async close({ app, user, params }) {
    await app.publish(chat(params), "left", { name: user.name });
  },
});

const live = channel("live/:name", { events: { item }, allow });
const feed = channel("feed/:name", { events: { item }, history: { size: 10, ttl: "5m" }, allow });
const topics = endpoint("/ws", { channels: [live, feed] });
const byPath = endpoint("/ws/subscribe/:name", {
  channels: [live],
  open: ({ connection, params }) => connection.join(live(params)),
});
const ones = { name: "ones" };

interface Served extends AsyncDisposable {
  /** Whom clients reach, whichever process answers. */
  readonly urls: readonly [string, string, string];
  readonly app: App;
}

/** The line that is changed: `broker`. */
const ways: readonly (readonly [string, (options: AppOptions) => Promise<Served>])[] = [
  [
    "in the memory of one process",
    async (options) => {
      const { app, url } = await serve(options);
      return { app, urls: [url, url, url], [Symbol.asyncDispose]: () => app.close() };
    },
  ],
  [
    "in three processes through Redis",
    async (options) => {
      const apps = new Apps({ url: server.url });
      const [a, b, c] = await apps.startThree(options);
      return { app: c.app, urls: [a.url, b.url, c.url], [Symbol.asyncDispose]: () => apps[Symbol.asyncDispose]() };
    },
  ],
];

/** Into a room, past `subscribed`. */
async function enter(url: string, name: string, path = "/ws/rooms/lobby"): Promise<WsClient> {
  const client = await dialTidings(`${url}${path}`, { token: name });
  const [, subscribed] = await client.take(2);
  expect(subscribed).toMatchObject({ type: "subscribed" });
  return client;
}

test.each(ways)("P29: the chat is the same %s", async (_, serveAll) => {
  await using served = await serveAll({ endpoints: [room] });
  const [atA, atB, atC] = served.urls;
  const [ana, bob, eve] = [await enter(atA, "ana"), await enter(atB, "bob"), await enter(atC, "eve")];
  const elsewhere = await enter(atB, "joe", "/ws/rooms/kitchen");
  const answer = await ana.ask("say", { text: "hi" });
  expect(answer).toMatchObject({ type: "reply", payload: null });
  const said = { type: "said", channel: "chat/lobby", payload: { from: "ana", text: "hi" } };
  for (const client of [bob, eve]) expect(await client.next()).toEqual(said);
  bob.close();
  for (const client of [ana, eve]) {
    expect(await client.next()).toEqual({ type: "left", channel: "chat/lobby", payload: { name: "bob" } });
  }
  await served.app.publish(chat({ room: "lobby" }), "said", { from: "the server", text: "bye" });
  for (const client of [ana, eve]) expect(await client.next()).toMatchObject({ payload: { text: "bye" } });
  for (const client of [ana, eve, elsewhere]) expect(await client.takeAll()).toEqual([]);
});

test.each(ways)("P29: who comes back to another address of the app resumes, %s", async (_, serveAll) => {
  await using served = await serveAll({ endpoints: [topics] });
  const [atA, atB, atC] = served.urls;
  const before = await subscribe(atA, "feed/ones");
  const position = positionOf(before.subscribed);
  for (const n of [1, 2]) await served.app.publish(feed(ones), "item", { n });
  expect(offsetsOf(await before.client.take(2))).toEqual([1, 2]);
  before.client.terminate();
  const other = await dial(`${atC}/ws`);
  for (const n of [3, 4]) {
    const payload = { channel: "feed/ones", type: "item", payload: { n } };
    expect(await other.ask("publish", payload)).toMatchObject({ type: "reply", payload: { offset: n } });
  }
  const after = await subscribe(atB, "feed/ones", { since: { ...position, offset: 2 } });
  expect(after.subscribed.payload).toEqual({ epoch: position.epoch, offset: 2, recovered: true });
  await served.app.publish(feed(ones), "item", { n: 5 });
  const heard = await after.client.take(3);
  expect([numbersOf(heard), offsetsOf(heard)]).toEqual([
    [3, 4, 5],
    [3, 4, 5],
  ]);
  const beyond = await subscribe(atA, "feed/ones", { since: { ...position, offset: 9 } });
  expect(beyond.subscribed.payload).toEqual({ epoch: position.epoch, offset: 5, recovered: false });
});

/** On a channel by message. */
async function subscribe(url: string, name: string, more: object = {}, token = "ana") {
  const client = await dial(`${url}/ws`, { token });
  const subscribed = await client.ask("subscribe", { channel: name, ...more });
  expect(subscribed).toMatchObject({ type: "subscribed" });
  return { client, subscribed };
}

test("P15: our own client that comes back to another process misses nothing", async () => {
  await using apps = new Apps({ url: server.url });
  const [a, b, c] = await apps.startThree({ endpoints: [topics] });
  await using balancer = await Balancer.to(a.url);
  using client = connect<typeof topics>(`${balancer.url}/ws`);
  const { until } = follow(client);
  const [heard, gaps] = [new Inbox<number>("An item"), new Inbox<unknown>("A gap")];
  const own = client.subscribe("feed/:name", ones, { onGap: (gap) => gaps.put(gap) });
  own.on("item", ({ n }) => heard.put(n));
  await whenLive(own);
  let n = 0;
  for (const { url } of [b, c, a]) {
    await c.app.publish(feed(ones), "item", { n: (n += 1) });
    expect(await heard.next()).toBe(n);
    balancer.lead(url);
    await until("waiting");
    await c.app.publish(feed(ones), "item", { n: (n += 1) });
    client.reconnect();
    expect(await heard.next()).toBe(n);
  }
  expect(await own.publish("item", { n: 99 })).toEqual({ offset: 7 });
  expect([await heard.next(), heard.unread, gaps.unread]).toEqual([99, [], []]);
});

test("P15: a topic is heard in every process, by message and by path, whoever publishes", async () => {
  await using apps = new Apps({ url: server.url });
  const [a, b, c] = await apps.startThree({ endpoints: [topics, byPath] });
  const worker = apps.createWorker();
  const [{ client: first }, { client: second }] = [
    await subscribe(a.url, "live/ones"),
    await subscribe(b.url, "live/ones"),
  ];
  const third = await enter(c.url, "ana", "/ws/subscribe/ones");
  const all = [first, second, third];
  for (const say of [
    () => worker.publish(live(ones), "item", { n: 1 }),
    () => c.app.publish(live(ones), "item", { n: 1 }),
    () => publishFrom(a),
  ]) {
    await say();
    for (const client of all) {
      expect(await client.next()).toEqual({ type: "item", channel: "live/ones", payload: { n: 1 } });
    }
  }
  expect(await second.ask("unsubscribe", { channel: "live/ones" })).toMatchObject({ type: "unsubscribed" });
  await worker.publish(live(ones), "item", { n: 2 });
  for (const client of [first, third]) expect(await client.next()).toMatchObject({ payload: { n: 2 } });
  expect(await second.ask("subscribe", { channel: "live/ones" })).toMatchObject({ type: "subscribed" });
  await worker.publish(live(ones), "item", { n: 3 });
  for (const client of all) expect(await client.next()).toMatchObject({ payload: { n: 3 } });
});

async function publishFrom({ url }: ServedApp): Promise<void> {
  const client = await dial(`${url}/ws`);
  const payload = { channel: "live/ones", type: "item", payload: { n: 1 } };
  expect(await client.ask("publish", payload)).toMatchObject({ type: "reply", payload: {} });
}

test("P15: names of all kinds are the same in every process, and each is itself alone", async () => {
  await using apps = new Apps({ url: server.url });
  const [a, b] = await apps.startThree({ endpoints: [topics] });
  const names = ["{a}", "{", "a}b{c", "a:events", "*", "?[a-z]", "ünï ☃", "a%2Fb", "__proto__", "x".repeat(128)];
  const clients = await Promise.all(names.map((name) => subscribe(a.url, `feed/${name}`)));
  for (const [n, name] of names.entries()) await b.app.publish(feed({ name }), "item", { n });
  for (const [n, { client }] of clients.entries()) {
    const heard = { type: "item", channel: `feed/${names[n]}`, offset: 1, payload: { n } };
    expect(await client.next()).toEqual(heard);
    expect(await client.takeAll()).toEqual([]);
  }
});

test("P15: a channel that an app does not list is not there, whatever the others list", async () => {
  await using apps = new Apps({ url: server.url });
  const other = channel("other", { events: { item }, history: { size: 1, ttl: "1m" }, allow });
  const a = await apps.start({ endpoints: [topics] });
  const b = await apps.start({ endpoints: [endpoint("/ws", { channels: [other] })] });
  await subscribe(b.url, "other");
  const client = await dial(`${a.url}/ws`);
  for (const type of ["subscribe", "publish", "history"]) {
    const payload = { channel: "other", type: "item", payload: { n: 1 } };
    expect(await client.ask(type, payload)).toMatchObject({ type: "error", payload: { code: expect.any(String) } });
  }
  expect(await a.app.history(other())).toEqual([]);
});

test("P15: apps of another prefix are another app", async () => {
  await using apps = new Apps({ url: server.url });
  await using others = new Apps({ url: server.url });
  const [a, b] = [await apps.start({ endpoints: [topics, room] }), await others.start({ endpoints: [topics, room] })];
  const { client } = await subscribe(a.url, "feed/ones");
  await enter(a.url, "ana");
  expect(await b.app.publish(feed(ones), "item", { n: 1 })).toMatchObject({ offset: 1 });
  expect(await a.app.history(feed(ones))).toEqual([]);
  expect(await b.app.isConnected("ana")).toBe(false);
  await b.app.disconnectUser("ana");
  expect(await a.app.isConnected("ana")).toBe(true);
  await a.app.publish(feed(ones), "item", { n: 2 });
  expect(await client.next()).toMatchObject({ offset: 1, payload: { n: 2 } });
});

test("P15: all see the events of all processes in one order, and those of each in its own", async () => {
  await using apps = new Apps({ url: server.url });
  const three = await apps.startThree({ endpoints: [topics] });
  const big = channel("feed/:name", { events: { item }, history: { size: 1_000, ttl: "5m" }, allow });
  const clients = await Promise.all(three.map(({ url }) => subscribe(url, "feed/ones")));
  const each = numbers(1, 40);
  await Promise.all(
    three.flatMap(({ app }, index) => each.map((n) => app.publish(big(ones), "item", { n: index * 100 + n }))),
  );
  const heard = await Promise.all(clients.map(async ({ client }) => client.take(3 * each.length)));
  const [first = [], ...others] = heard.map((events) => numbersOf(events) as readonly number[]);
  for (const other of others) expect(other).toEqual(first);
  for (const [index] of three.entries()) {
    expect(first.filter((n) => Math.floor(n / 100) === index).map((n) => n % 100)).toEqual(each);
  }
  expect(offsetsOf(heard[0] ?? [])).toEqual(numbers(1, 120));
});

test("P15: what a client says again in another process, with its key, is said once", async () => {
  await using apps = new Apps({ url: server.url });
  const named = endpoint("/ws", { auth: user, channels: [feed] });
  const [a, b, c] = await apps.startThree({ endpoints: [named] });
  const { client: hearer } = await subscribe(c.url, "feed/ones", {}, "eve");
  const say = async ({ url }: ServedApp, token: string) => {
    const client = await dial(`${url}/ws`, { token });
    const payload = { channel: "feed/ones", type: "item", payload: { n: 1 }, key: "k1" };
    return (await client.ask("publish", payload)).payload;
  };
  expect([await say(a, "ana"), await say(b, "ana"), await say(c, "ana")]).toEqual(Array(3).fill({ offset: 1 }));
  // Another's key is another.
  expect(await say(b, "bob")).toEqual({ offset: 2 });
  const ours = [a, b, c].map(({ app }) => app.publish(feed(ones), "item", { n: 3 }, { key: "k1" }));
  expect((await Promise.all(ours)).map(({ offset }) => offset)).toEqual([3, 3, 3]);
  expect(offsetsOf(await hearer.take(3))).toEqual([1, 2, 3]);
  expect(await hearer.takeAll()).toEqual([]);
});

test("P15: a process without endpoints publishes, and is told what is kept and who is there", async () => {
  await using apps = new Apps({ url: server.url });
  const named = channel("named/:name", {
    events: { item },
    history: { size: 3, ttl: "5m" },
    needs: { user },
    presence: ({ user }) => ({ name: user.name.toUpperCase() }),
    allow,
  });
  const [a, b] = await apps.startThree({ endpoints: [endpoint("/ws", { auth: user, channels: [named] })] });
  const worker = apps.createWorker();
  for (const n of [1, 2, 3, 4]) await worker.publish(named(ones), "item", { n });
  const [ana] = [await subscribe(a.url, "named/ones"), await subscribe(b.url, "named/ones", {}, "bob")];
  expect(await worker.presence(named(ones))).toEqual([
    { id: "ana", name: "ANA" },
    { id: "bob", name: "BOB" },
  ]);
  const kept = [2, 3, 4].map((n) => ({ type: "item", offset: n, payload: { n } }));
  for (const app of [worker, a.app]) {
    expect(await app.history(named(ones))).toEqual(kept);
    expect(await app.history(named(ones), { limit: 1, before: 4 })).toEqual(kept.slice(1, 2));
  }
  const answer = await ana.client.ask("history", { channel: "named/ones" });
  expect(answer.payload).toEqual({ epoch: positionOf(ana.subscribed).epoch, events: kept });
  await worker.publish(named(ones), "item", { n: 5 });
  expect(await ana.client.next()).toMatchObject({ type: "item", offset: 5 });
});

test("P15: a snapshot stands at the same place in every process", async () => {
  await using apps = new Apps({ url: server.url });
  // As in a database that all of them read.
  let stored: { readonly place: EventPlace; readonly total: number } | undefined;
  const sum = channel("sum", {
    events: { item },
    history: { size: 10, ttl: "5m" },
    allow,
    snapshot: () => (stored === undefined ? { total: 0 } : stateAt(stored.place, { total: stored.total })),
  });
  const [a, b, c] = await apps.startThree({ endpoints: [endpoint("/ws", { channels: [sum] })] });
  const add = async (app: App, n: number) => {
    const { epoch = "", offset = 0 } = await app.publish(sum(), "item", { n });
    stored = { place: { epoch, offset }, total: (stored?.total ?? 0) + n };
  };
  const first = await subscribe(a.url, "sum");
  expect(first.subscribed.payload).toMatchObject({ offset: 0, state: { total: 0 } });
  await add(c.app, 1);
  await add(b.app, 2);
  // Kept, and not in the state yet: so it follows.
  await a.app.publish(sum(), "item", { n: 4 });
  const second = await subscribe(b.url, "sum");
  expect(second.subscribed.payload).toEqual({ ...stored?.place, state: { total: 3 } });
  expect(numbersOf(await first.client.take(3))).toEqual([1, 2, 4]);
  expect(numbersOf(await second.client.take(1))).toEqual([4]);
});

test("P15: rooms that the server joins resume in another process as well", async () => {
  await using apps = new Apps({ url: server.url });
  const joined = endpoint("/ws/joined", { channels: [feed], open: ({ connection }) => connection.join(feed(ones)) });
  const [a, b, c] = await apps.startThree({ endpoints: [joined] });
  const before = await greet(await dial(`${a.url}/ws/joined`, { protocols: ["tidings.v1"] }));
  const { epoch } = positionOf(await before.next());
  await c.app.publish(feed(ones), "item", { n: 1 });
  expect(await before.next()).toMatchObject({ offset: 1 });
  before.terminate();
  await c.app.publish(feed(ones), "item", { n: 2 });
  const after = await dial(`${b.url}/ws/joined`, { protocols: ["tidings.v1"] });
  await greet(after, { "feed/ones": { epoch, offset: 1 } });
  expect((await after.next()).payload).toEqual({ epoch, offset: 1, recovered: true });
  expect(await after.next()).toMatchObject({ offset: 2, payload: { n: 2 } });
});
