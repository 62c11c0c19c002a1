import { type AppLimits, channel, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { connect, whenLive } from "tidings/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { codeOf, numbers } from "../../support/channel-events.js";
import { follow } from "../../support/client-events.js";
import { Inbox } from "../../support/inbox.js";
import { Apps } from "../../support/redis/apps.js";
import { Balancer } from "../../support/redis/balancer.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";
import type { ServedApp } from "../../support/served-app.js";
import { inSeconds, secret, signToken } from "../../support/tokens.js";
import { dial, dialRefused, dialTidings, Refusal, WsClient } from "../../support/ws-client.js";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const item = z.object({ n: z.number() });
const inbox = channel("inbox/:user", { events: { notice: item } });
const feed = channel("feed", { events: { item }, history: { size: 50, ttl: "5m" }, allow: { subscribe: true } });

function createDevices(left = new Inbox<readonly [string, boolean]>("who left")) {
  return endpoint("/ws", {
    auth: jwt({ secret }),
    channels: [inbox, feed],
    receives: { say: item },
    open: ({ connection, user }) => connection.join(inbox({ user: user.id })),
    on: { say: (_, { n }) => n },
    close: async ({ app, user }) => left.put([user.id, await app.isConnected(user.id)]),
  });
}

const tokenOf = (user: string, more: object = {}) => ({ token: signToken({ sub: user, ...more }) });

/** A device of the user, past `subscribed` to its inbox. */
async function enter({ url }: Pick<ServedApp, "url">, user: string, more: object = {}): Promise<WsClient> {
  const client = await dialTidings(`${url}/ws`, tokenOf(user, more));
  const [, subscribed] = await client.take(2);
  expect(subscribed).toMatchObject({ type: "subscribed" });
  return client;
}

async function startThree(limits: AppLimits = {}) {
  const left = new Inbox<readonly [string, boolean]>("who left");
  const apps = new Apps({ url: redis.url });
  const options = { endpoints: [createDevices(left)], limits };
  const three = await apps.startThree(options);
  return { three, left, apps, options, [Symbol.asyncDispose]: () => apps[Symbol.asyncDispose]() };
}

test("P6: what is sent to a user in any process reaches their devices in all, and nobody else", async () => {
  await using world = await startThree();
  const [a, b, c] = world.three;
  const worker = world.apps.createWorker();
  const devices = [await enter(a, "ana"), await enter(a, "ana"), await enter(b, "ana")];
  const other = await enter(c, "bob");
  for (const app of [a.app, c.app, worker]) {
    await app.publish(inbox({ user: "ana" }), "notice", { n: 1 });
    for (const device of devices) {
      expect(await device.next()).toEqual({ type: "notice", channel: "inbox/ana", payload: { n: 1 } });
    }
  }
  await worker.publish(inbox({ user: "bob" }), "notice", { n: 2 });
  expect(await other.next()).toMatchObject({ payload: { n: 2 } });
  for (const device of devices) expect(await device.takeAll()).toEqual([]);
});

test.each(["ana", "auth0|Ana Müller", "{a}", "a b:c", "__proto__", "x".repeat(300)])(
  "P6: every process knows that %j is there while one device is, and not after the last",
  async (name) => {
    await using apps = new Apps({ url: redis.url });
    const left = new Inbox<readonly [string, boolean]>("who left");
    const quiet = endpoint("/ws", {
      auth: jwt({ secret }),
      sends: { welcome: item },
      open: ({ connection }) => void connection.send("welcome", { n: 1 }),
      close: async ({ app, user }) => left.put([user.id, await app.isConnected(user.id)]),
    });
    const three = await apps.startThree({ endpoints: [quiet] });
    const all = [...three.map(({ app }) => app), apps.createWorker()];
    const known = () => Promise.all(all.map((app) => app.isConnected(name)));
    expect(await known()).toEqual([false, false, false, false]);
    const [phone, laptop] = [
      await dial(`${three[0].url}/ws`, tokenOf(name)),
      await dial(`${three[1].url}/ws`, tokenOf(name)),
    ];
    for (const device of [phone, laptop]) await device.next();
    expect(await known()).toEqual([true, true, true, true]);
    phone.terminate();
    expect(await left.next()).toEqual([name, true]);
    expect(await known()).toEqual([true, true, true, true]);
    laptop.terminate();
    expect(await left.next()).toEqual([name, false]);
    expect(await known()).toEqual([false, false, false, false]);
  },
);

test("P6: `disconnectUser` of any process closes the user's devices in all, and nobody else's", async () => {
  await using world = await startThree();
  const [a, b, c] = world.three;
  const worker = world.apps.createWorker();
  const devices = [await enter(a, "ana"), await enter(b, "ana"), await enter(b, "ana")];
  const bob = await enter(c, "bob");
  // What is said before is heard before.
  worker.publish(inbox({ user: "ana" }), "notice", { n: 1 });
  await worker.disconnectUser("ana", { code: 4010, reason: "signed_out" });
  for (const device of devices) {
    expect(await device.next()).toMatchObject({ payload: { n: 1 } });
    expect(await device.closed).toEqual({ code: 4010, reason: "signed_out" });
  }
  for (const _ of devices) await world.left.next();
  expect(await c.app.isConnected("ana")).toBe(false);
  expect(await bob.takeAll()).toEqual([]);
  const again = await enter(a, "ana");
  await c.app.disconnectUser("ana");
  expect(await again.closed).toEqual({ code: 1008, reason: "forbidden" });
});

test("what is revoked in one process is closed and refused in all, also in one that starts later", async () => {
  await using world = await startThree();
  const [a, b, c] = world.three;
  const old = { iat: inSeconds(-60), exp: inSeconds(3_600) };
  const [phone, laptop, token] = [
    await enter(a, "ana", old),
    await enter(b, "ana", old),
    await enter(c, "bob", { ...old, jti: "t1" }),
  ];
  const kept = await enter(c, "bob", { ...old, jti: "t2" });
  await b.app.revoke({ user: "ana" });
  await a.app.revoke({ tokenId: "t1" });
  for (const client of [phone, laptop, token]) {
    expect(await client.closed).toEqual({ code: 1008, reason: "unauthorized" });
  }
  expect(await kept.takeAll()).toEqual([]);
  const late = await world.apps.start(world.options);
  for (const server of [...world.three, late]) {
    const refused = [tokenOf("ana", old), tokenOf("bob", { ...old, jti: "t1" })];
    for (const options of refused) {
      expect(await dialRefused(`${server.url}/ws`, options)).toMatchObject({
        status: 401,
        body: { code: "unauthorized" },
      });
    }
  }
  await enter(late, "ana", { iat: inSeconds(60), exp: inSeconds(3_600) });
  await enter(late, "bob", { ...old, jti: "t2" });
});

test.each([
  ["with a name", { jti: "early" }],
  ["without one", {}],
])(
  "a token %s whose issuer's clock is fast is refused in all processes after its user was revoked",
  async (_, name) => {
    await using world = await startThree();
    const [a, b, c] = world.three;
    const early = { iat: inSeconds(30), exp: inSeconds(3_600), ...name };
    const ana = await enter(a, "ana", early);
    const bob = await enter(c, "bob", { jti: "bob's" });
    await b.app.revoke({ user: "ana" });
    const unauthorized = { code: 1008, reason: "unauthorized" };
    expect(await ana.closed).toEqual(unauthorized);
    // What this process says last is heard last.
    await a.app.revoke({ tokenId: "bob's" });
    expect(await bob.closed).toEqual(unauthorized);
    const late = await world.apps.start(world.options);
    for (const server of [a, c, late]) {
      expect(await dialRefused(`${server.url}/ws`, tokenOf("ana", early))).toMatchObject({
        body: { code: "unauthorized" },
      });
    }
    await enter(c, "ana", { ...early, iat: inSeconds(31), jti: "fresh" });
  },
);

test("P20: of a user's connections so many are let in over all processes, also where all come at once", async () => {
  await using world = await startThree({ connectionsPerUser: 4 });
  const doors = Array.from({ length: 15 }, (_, n) => world.three[n % 3] as ServedApp); // there are three
  const dialled = await Promise.all(
    doors.map((door) => dial(`${door.url}/ws`, tokenOf("ana")).catch((error: unknown) => error)),
  );
  const inside = dialled.filter((each) => each instanceof WsClient);
  const refused = dialled.filter((each) => each instanceof Refusal);
  expect([inside.length, refused.length]).toEqual([4, 11]);
  for (const { status, body } of refused) {
    expect([status, body]).toEqual([429, { code: "too_many_connections", message: expect.any(String) }]);
  }
  await enter(world.three[0], "bob");
  for (const { url } of world.three) {
    expect(await dialRefused(`${url}/ws`, tokenOf("ana"))).toMatchObject({ status: 429 });
  }
  // One who goes makes room for one, wherever it comes.
  inside[0]?.terminate();
  expect(await world.left.next()).toEqual(["ana", true]);
  const again = await Promise.all(
    world.three.map(({ url }) => dial(`${url}/ws`, tokenOf("ana")).catch((error: unknown) => error)),
  );
  expect(again.filter((each) => each instanceof WsClient)).toHaveLength(1);
});

/** How each of so many is answered: `reply`, or the code of the error. */
async function askMany(client: WsClient, count: number): Promise<readonly string[]> {
  for (let n = 0; n < count; n += 1) client.send({ type: "say", payload: { n }, id: n });
  return (await client.take(count)).map(codeOf);
}

const many = (count: number, code: string) => Array.from({ length: count }, () => code);

test("P17: ten in 60 s of one user are handled, over all of their connections in all processes", async () => {
  await using world = await startThree({ messagesPerUser: "10/60s" });
  const [a, b, c] = world.three;
  const [phone, laptop, bob] = [await enter(a, "ana"), await enter(b, "ana"), await enter(c, "bob")];
  expect(await askMany(phone, 6)).toEqual(many(6, "reply"));
  expect(await askMany(laptop, 6)).toEqual([...many(4, "reply"), ...many(2, "rate_limited")]);
  expect(await askMany(phone, 1)).toEqual(["rate_limited"]);
  // Whoever goes to another process is the same user there.
  expect(await askMany(await enter(c, "ana"), 2)).toEqual(many(2, "rate_limited"));
  expect(await askMany(bob, 10)).toEqual(many(10, "reply"));
  const refused = await bob.ask("say", { n: 1 }, "late");
  expect(refused).toMatchObject({ payload: { code: "rate_limited", retryAfterMs: expect.any(Number) } });
});

test("P17: of a user who floods all processes at once ten are handled", async () => {
  await using world = await startThree({ messagesPerUser: "10/60s", messages: "100/1s", strikes: "1000/60s" });
  const devices = await Promise.all([...world.three, ...world.three].map((server) => enter(server, "ana")));
  const answers = (await Promise.all(devices.map((device) => askMany(device, 10)))).flat();
  expect(answers.filter((answer) => answer === "rate_limited").length).toBeGreaterThanOrEqual(50);
  expect(answers.filter((answer) => answer === "reply").length).toBeLessThanOrEqual(10);
  // Whoever was given too few of them, while others had them, has them at last.
  let handled = answers.filter((answer) => answer === "reply").length;
  while (handled < 10) {
    for (const device of devices) handled += (await askMany(device, 1))[0] === "reply" ? 1 : 0;
  }
  expect(handled).toBe(10);
});

async function countAt({ url }: ServedApp): Promise<unknown> {
  return (await fetch(`${url}/health/websockets`)).json();
}

test("P15: `/health/websockets` of every process counts the users and connections of all", async () => {
  await using world = await startThree();
  const [a, b, c] = world.three;
  const clients = [await enter(a, "ana"), await enter(b, "ana"), await enter(b, "bob"), await enter(c, "eve")];
  // Each says its own when it is asked.
  for (const server of world.three) await countAt(server);
  for (const server of world.three) {
    expect(await countAt(server)).toEqual({ total_users: 3, total_connections: 4 });
    expect(server.app.stats().connections).toBeLessThan(4);
  }
  clients[1]?.terminate();
  clients[2]?.terminate();
  for (const _ of [1, 2]) await world.left.next();
  await countAt(b);
  expect(await countAt(a)).toEqual({ total_users: 2, total_connections: 2 });
  await c.app.close();
  expect(await countAt(a)).toEqual({ total_users: 1, total_connections: 1 });
});

test("a crowd that asks `/health/websockets` at once is counted for a few times, and not for each", async () => {
  await using apps = new Apps({ url: redis.url });
  const server = await apps.start({ endpoints: [createDevices()] });
  await enter(server, "ana");
  await redis.command("CONFIG", "RESETSTAT");
  const found = await Promise.all(Array.from({ length: 100 }, () => countAt(server)));
  expect(new Set(found.map((each) => JSON.stringify(each)))).toEqual(
    new Set(['{"total_users":1,"total_connections":1}']),
  );
  const scripts = /cmdstat_evalsha:calls=(\d+)/.exec(String(await redis.command("INFO", "commandstats")))?.[1];
  // A count over all processes is 33 of them.
  expect(Number(scripts)).toBeLessThan(50 * 33);
});

test("P15: one process is drained: its clients go to another, and resume without a gap", async () => {
  await using apps = new Apps({ url: redis.url });
  const options = { endpoints: [createDevices()], drain: { reconnectWithin: "50ms" } } as const;
  const [a, b] = [await apps.start(options), await apps.start(options)];
  await using balancer = await Balancer.to(a.url, b.url);
  const users = numbers(1, 5).map((n) => {
    const client = connect<ReturnType<typeof createDevices>>(`${balancer.url}/ws`, {
      token: () => signToken({ sub: `user-${n}` }),
    });
    const [heard, gaps] = [new Inbox<number>("An item"), new Inbox<unknown>("A gap")];
    const own = client.subscribe("feed", { onGap: (gap) => gaps.put(gap) });
    own.on("item", ({ n }) => heard.put(n));
    return { client, own, heard, gaps, ...follow(client) };
  });
  await Promise.all(users.map(({ own }) => whenLive(own)));
  expect([a, b].map(({ app }) => app.stats().connections)).toEqual([5, 0]);
  await b.app.publish(feed(), "item", { n: 1 });
  for (const { heard } of users) expect(await heard.next()).toBe(1);
  const closing = a.app.close();
  for (const { until } of users) expect(await until("waiting")).toBe("waiting 1001 going_away");
  await b.app.publish(feed(), "item", { n: 2 });
  await closing;
  await Promise.all(users.map(({ own }) => whenLive(own)));
  await b.app.publish(feed(), "item", { n: 3 });
  for (const { heard, gaps } of users) {
    expect([await heard.next(), await heard.next(), heard.unread, gaps.unread]).toEqual([2, 3, [], []]);
  }
  expect(await b.app.isConnected("user-1")).toBe(true);
  expect(await countAt(b)).toEqual({ total_users: 5, total_connections: 5 });
  for (const { client } of users) client.close();
});
