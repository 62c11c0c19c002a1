import { channel, type Duration, endpoint } from "tidings";
import { bearer } from "tidings/auth";
import { connect, whenLive } from "tidings/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { follow } from "../../support/client-events.js";
import { Inbox } from "../../support/inbox.js";
import { Apps } from "../../support/redis/apps.js";
import { Balancer } from "../../support/redis/balancer.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";
import { dial, type WsClient } from "../../support/ws-client.js";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

const user = bearer({ verify: (token) => ({ id: token }) });
const chat = channel("chat/:room", {
  events: { said: z.object({ n: z.number() }) },
  presence: true,
  allow: { subscribe: true },
});
const room = { room: "a" };
const name = { channel: "chat/a" };
const chats = endpoint("/ws", { auth: user, channels: [chat] });
const anybody = endpoint("/ws/anybody", { channels: [chat] });

async function enter({ url }: { readonly url: string }, token: string): Promise<WsClient> {
  const client = await dial(`${url}/ws`, { token });
  expect(await client.ask("subscribe", name)).toMatchObject({ type: "subscribed" });
  return client;
}

/** Who is told of all who come and go, itself already known. */
async function watch(server: { readonly url: string }): Promise<WsClient> {
  const client = await dial(`${server.url}/ws`, { token: "watcher" });
  const { payload } = await client.ask("subscribe", { ...name, presence: true });
  expect(payload).toMatchObject({ members: expect.arrayContaining(member("watcher")) });
  return client;
}

const member = (...ids: readonly string[]) => ids.map((id) => ({ id }));

/** What a watcher is told until it was told that so many have joined and left, himself left out; each as `+ana` or `-ana`. */
async function told(watcher: WsClient, count: number): Promise<string[]> {
  const found: string[] = [];
  while (found.length < count) {
    const { type, payload } = await watcher.next();
    expect(type).toBe("presence");
    const { joined = [], left = [] } = payload as Readonly<
      Record<"joined" | "left", readonly { id: string }[] | undefined>
    >;
    found.push(...left.map(({ id }) => `-${id}`), ...joined.map(({ id }) => `+${id}`));
  }
  return found;
}

async function startWatched(presenceGrace: Duration) {
  const apps = new Apps({ url: server.url });
  const three = await apps.startThree({ endpoints: [chats, anybody], limits: { presenceGrace } });
  const watchers = [await watch(three[0]), await watch(three[2])];
  for (const watcher of watchers) await watcher.takeAll();
  const tell = (count: number) => Promise.all(watchers.map((watcher) => told(watcher, count)));
  const both = (...what: readonly string[]) => [what, what];
  return { three, watchers, told: tell, both, apps, [Symbol.asyncDispose]: () => apps[Symbol.asyncDispose]() };
}

test("P15: a user's devices in two processes are one member, who joins once and has left once", async () => {
  await using world = await startWatched("20ms");
  const [a, b, c] = world.three;
  const [phone, laptop] = [await enter(a, "ana"), await enter(b, "ana")];
  expect(await world.told(1)).toEqual(world.both("+ana"));
  for (const { app } of [a, b, c]) expect(await app.presence(chat(room))).toEqual(member("watcher", "ana"));
  phone.terminate();
  // When its grace is over, so is that of whoever goes behind it.
  const marker = await enter(a, "marker");
  expect(await world.told(1)).toEqual(world.both("+marker"));
  marker.terminate();
  expect(await world.told(1)).toEqual(world.both("-marker"));
  expect(await laptop.ask("presence", name)).toMatchObject({
    payload: { members: member("watcher", "ana"), count: 2 },
  });
  laptop.terminate();
  expect(await world.told(1)).toEqual(world.both("-ana"));
  expect(await c.app.presence(chat(room))).toEqual(member("watcher"));
  for (const watcher of world.watchers) expect(await watcher.takeAll()).toEqual([]);
});

test("P15: who comes back to another process within the grace was never gone", async () => {
  await using world = await startWatched("500ms");
  const [a, b, c] = world.three;
  const first = await enter(a, "ana");
  expect(await world.told(1)).toEqual(world.both("+ana"));
  first.terminate();
  await enter(b, "ana");
  const marker = await enter(a, "marker");
  expect(await world.told(1)).toEqual(world.both("+marker"));
  marker.terminate();
  expect(await world.told(1)).toEqual(world.both("-marker"));
  expect(await c.app.presence(chat(room))).toEqual(member("watcher", "ana"));
});

test("P15: who leaves on purpose has left at once, but not while another process has a device", async () => {
  await using world = await startWatched("1h");
  const [a, b] = world.three;
  const [phone, laptop] = [await enter(a, "ana"), await enter(b, "ana")];
  expect(await world.told(1)).toEqual(world.both("+ana"));
  expect(await phone.ask("unsubscribe", name)).toMatchObject({ type: "unsubscribed" });
  await enter(b, "bob");
  expect(await world.told(1)).toEqual(world.both("+bob"));
  expect(await laptop.ask("unsubscribe", name)).toMatchObject({ type: "unsubscribed" });
  expect(await world.told(1)).toEqual(world.both("-ana"));
});

test("P15: without a user each connection of each process is a member of its own", async () => {
  await using world = await startWatched("1s");
  const guests = await Promise.all(world.three.map(({ url }) => dial(`${url}/ws/anybody`)));
  for (const guest of guests) await guest.ask("subscribe", name);
  const [joined = []] = await world.told(3);
  expect(new Set(joined).size).toBe(3);
  guests[1]?.terminate();
  expect(await world.told(1)).toEqual(world.both(`-${joined[1]?.slice(1)}`));
});

test("P15: many who come to all processes at once have each joined once, and are left as one set", async () => {
  await using world = await startWatched("20ms");
  const ids = Array.from({ length: 30 }, (_, n) => `user-${n}`);
  const devices = await Promise.all(
    ids.flatMap((id) => world.three.filter((_, index) => index !== id.length % 3).map((each) => enter(each, id))),
  );
  const joined = await world.told(30);
  for (const each of joined) expect(each.toSorted()).toEqual(ids.map((id) => `+${id}`).toSorted());
  const found = await Promise.all(world.three.map(({ app }) => app.presence(chat(room))));
  for (const members of found) expect(members.map(({ id }) => id).toSorted()).toEqual(["watcher", ...ids].toSorted());
  for (const device of devices) device.terminate();
  for (const left of await world.told(30)) expect(left.toSorted()).toEqual(ids.map((id) => `-${id}`).toSorted());
});

test("P15: those of a process that is closed have left, and those that are elsewhere too have not", async () => {
  await using world = await startWatched("1s");
  const [a, b] = world.three;
  await enter(b, "ana");
  await enter(b, "bob");
  await enter(a, "bob");
  expect(await world.told(2)).toEqual(world.both("+ana", "+bob"));
  await b.app.close();
  expect(await world.told(1)).toEqual(world.both("-ana"));
  expect(await a.app.presence(chat(room))).toEqual(member("watcher", "bob"));
});

test("P15: our own client, moved to another process, shows the same members throughout", async () => {
  await using world = await startWatched("5s");
  const [a, b, c] = world.three;
  await using balancer = await Balancer.to(a.url);
  using ana = connect<typeof chats>(`${balancer.url}/ws`, { token: "ana" });
  const { until } = follow(ana);
  const own = ana.subscribe("chat/:room", room);
  const shown = new Inbox<readonly { readonly id: string }[]>("The members");
  own.presence.on("change", (members) => shown.put(members));
  await whenLive(own);
  await shown.next((members) => members.length === 2);
  balancer.lead(b.url);
  await until("waiting");
  await enter(c, "bob");
  ana.reconnect();
  expect(await shown.next((members) => members.length === 3)).toEqual(member("watcher", "ana", "bob"));
  expect(await world.told(2)).toEqual(world.both("+ana", "+bob"));
  expect(shown.unread.filter((members) => members.length < 2)).toEqual([]);
});
