import { type AppLimits, channel, createApp, dependency, endpoint, TidingsError } from "tidings";
import { bearer } from "tidings/auth";
import { startTestApp, type TestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { codeOf, greet } from "../support/channel-events.js";
import { FarBroker } from "../support/far-broker.js";
import { createGate } from "../support/gate.js";
import { dialInMemory } from "../support/memory-client.js";
import { serve } from "../support/served-app.js";
import { type Arrival, dial, type WsClient } from "../support/ws-client.js";

const user = bearer({ verify: (token) => ({ id: token, email: `${token}@example.org`, roles: ["secret"] }) });
const events = { said: z.object({ n: z.number() }) };
const allow = { subscribe: true } as const;
const chat = channel("chat/:room", { events, presence: true, allow });
const quiet = channel("quiet", { events, allow });
const room = { room: "a" };
const chats = endpoint("/ws", {
  auth: user,
  channels: [chat, quiet],
  receives: { step: z.enum(["in", "out"]) },
  on: {
    step: ({ connection }, where) => (where === "in" ? connection.join(chat(room)) : connection.leave(chat(room))),
  },
});
const anybody = endpoint("/ws/anybody", { channels: [chat] });
const chatName = { channel: "chat/a" };

async function enter({ url }: { readonly url: string }, token: string, presence = false): Promise<WsClient> {
  const client = await dial(`${url}/ws`, { token });
  await client.ask("subscribe", { ...chatName, presence });
  return client;
}

/** What is told of members in these, all others left out. */
function changesIn(arrivals: readonly Arrival[]): readonly unknown[] {
  return arrivals.filter(({ type }) => type === "presence").map(({ payload }) => payload);
}

const member = (...ids: readonly string[]) => ids.map((id) => ({ id }));

test("who subscribes with `presence` is told who is there, itself too, and then who comes and goes", async () => {
  await using server = await serve({ endpoints: [chats] });
  const ana = await enter(server, "ana");
  const bob = await dial(`${server.url}/ws`, { token: "bob" });
  const { payload } = await bob.ask("subscribe", { ...chatName, presence: true });
  expect(payload).toEqual({ members: member("ana", "bob") });
  const eve = await enter(server, "eve");
  expect(changesIn([await bob.next()]).map(joinedIn)).toEqual([expect.arrayContaining(member("eve"))]);
  await eve.ask("unsubscribe", chatName);
  expect(await bob.next()).toEqual({ type: "presence", channel: "chat/a", payload: { left: member("eve") } });
  expect(await ana.takeAll()).toEqual([]);
});

const joinedIn = (payload: unknown) => (payload as { readonly joined?: unknown }).joined;

test("without `presence` nothing is told of members", async () => {
  await using server = await serve({ endpoints: [chats] });
  const ana = await dial(`${server.url}/ws`, { token: "ana" });
  expect((await ana.ask("subscribe", chatName)).payload).toEqual({});
  await enter(server, "bob");
  expect(await ana.takeAll()).toEqual([]);
});

test("`presence` asks who is there, and with `watch` the changes follow until it says no", async () => {
  await using server = await serve({ endpoints: [chats] });
  const ana = await enter(server, "ana");
  await enter(server, "bob");
  expect(await ana.ask("presence", chatName, 3)).toEqual({
    type: "reply",
    id: 3,
    channel: "chat/a",
    payload: { members: member("ana", "bob"), count: 2 },
  });
  const eve = await enter(server, "eve");
  expect(await ana.takeAll()).toEqual([]);
  expect((await ana.ask("presence", { ...chatName, watch: true })).payload).toEqual({
    members: member("ana", "bob", "eve"),
    count: 3,
  });
  await eve.ask("unsubscribe", chatName);
  expect(changesIn(await ana.takeAll())).toEqual([{ left: member("eve") }]);
  // Without `watch` it stays as it is.
  expect((await ana.ask("presence", chatName)).payload).toMatchObject({ count: 2 });
  await eve.ask("subscribe", chatName);
  expect(changesIn(await ana.takeAll())).toEqual([{ joined: member("eve") }]);
  expect((await ana.ask("presence", { ...chatName, watch: false })).payload).toMatchObject({ count: 3 });
  await eve.ask("unsubscribe", chatName);
  expect(await ana.takeAll()).toEqual([]);
});

test("`watch` ends with `unsubscribe`, and does not come back by itself", async () => {
  await using server = await serve({ endpoints: [chats] });
  const ana = await enter(server, "ana", true);
  await ana.takeAll();
  await ana.ask("unsubscribe", chatName);
  const bob = await enter(server, "bob");
  expect(await ana.takeAll()).toEqual([]);
  await ana.ask("subscribe", chatName);
  await bob.ask("unsubscribe", chatName);
  expect(await ana.takeAll()).toEqual([]);
});

test("`presence` is for who is on the channel, where it has presence, and with an id", async () => {
  await using server = await serve({ endpoints: [chats] });
  const ana = await dial(`${server.url}/ws`, { token: "ana" });
  expect(codeOf(await ana.ask("presence", chatName))).toBe("not_subscribed");
  expect(codeOf(await ana.ask("subscribe", { channel: "quiet", presence: true }))).toBe("forbidden");
  await ana.ask("subscribe", { channel: "quiet" });
  expect(codeOf(await ana.ask("presence", { channel: "quiet" }))).toBe("forbidden");
  await ana.ask("subscribe", chatName);
  ana.send({ type: "presence", payload: chatName });
  expect(await ana.next()).toMatchObject({ type: "error", channel: "chat/a", payload: { code: "invalid_message" } });
});

test("who the server joined is a member too, and may ask", async () => {
  await using server = await serve({ endpoints: [chats] });
  const ana = await enter(server, "ana", true);
  await ana.takeAll();
  const bob = await dial(`${server.url}/ws`, { token: "bob" });
  await bob.ask("step", "in");
  expect(changesIn(await ana.takeAll())).toEqual([{ joined: member("bob") }]);
  expect((await bob.ask("presence", chatName)).payload).toEqual({ members: member("ana", "bob"), count: 2 });
  await bob.ask("step", "out");
  expect(changesIn(await ana.takeAll())).toEqual([{ left: member("bob") }]);
});

test("a user's devices are one member: joined with the first, left after the last", async () => {
  await using server = await serve({ endpoints: [chats] });
  const ana = await enter(server, "ana", true);
  await ana.takeAll();
  const [phone, laptop] = [await enter(server, "bob"), await enter(server, "bob")];
  expect(changesIn(await ana.takeAll())).toEqual([{ joined: member("bob") }]);
  expect((await ana.ask("presence", chatName)).payload).toEqual({ members: member("ana", "bob"), count: 2 });
  await phone.ask("unsubscribe", chatName);
  expect(await ana.takeAll()).toEqual([]);
  await laptop.ask("unsubscribe", chatName);
  expect(changesIn(await ana.takeAll())).toEqual([{ left: member("bob") }]);
});

test("without a user each connection is a member of its own, and leaves at once", async () => {
  await using server = await serve({ endpoints: [anybody] });
  const watcher = await dial(`${server.url}/ws/anybody`);
  await watcher.ask("subscribe", { ...chatName, presence: true });
  await watcher.takeAll();
  const guests = [await dial(`${server.url}/ws/anybody`), await dial(`${server.url}/ws/anybody`)];
  for (const guest of guests) await guest.ask("subscribe", chatName);
  const { payload } = await watcher.takeAll().then(() => watcher.ask("presence", chatName));
  const { members, count } = payload as { members: readonly { id: string }[]; count: number };
  expect(count).toBe(3);
  expect(new Set(members.map(({ id }) => id)).size).toBe(3);
  guests[0]?.terminate();
  expect(changesIn([await watcher.next()])).toEqual([{ left: [{ id: members[1]?.id }] }]);
});

test("only the public face is shown: the id, and what the channel's `presence` gives", async () => {
  const profile = dependency({ needs: { user }, create: ({ user }) => ({ name: user.id.toUpperCase(), pin: 1234 }) });
  const named = channel("named/:room", {
    events,
    needs: { profile },
    presence: ({ profile, params }) => ({ name: profile.name, in: params.room, id: "forged", nothing: undefined }),
    allow,
  });
  await using server = await serve({ endpoints: [endpoint("/ws", { auth: user, channels: [named] }), anybody] });
  const ana = await dial(`${server.url}/ws`, { token: "ana" });
  const { payload } = await ana.ask("subscribe", { channel: "named/a", presence: true });
  expect(payload).toEqual({ members: [{ id: "ana", name: "ANA", in: "a" }] });
  await ana.takeAll();
  const bob = await dial(`${server.url}/ws`, { token: "bob" });
  await bob.ask("subscribe", { channel: "named/a" });
  const bobsFace = { id: "bob", name: "BOB", in: "a" };
  expect(changesIn(await ana.takeAll())).toEqual([{ joined: [bobsFace] }]);
  expect(await server.app.presence(named(room))).toEqual([{ id: "ana", name: "ANA", in: "a" }, bobsFace]);
  await bob.ask("unsubscribe", { channel: "named/a" });
  expect(changesIn(await ana.takeAll())).toEqual([{ left: [bobsFace] }]);
});

test("who can't be shown hears the channel all the same, and the server is told why", async () => {
  const shy = channel("shy", {
    events,
    presence: () => {
      throw new Error("no face");
    },
    allow,
  });
  await using server = await serve({ endpoints: [endpoint("/ws", { channels: [shy] })] });
  const client = await dial(`${server.url}/ws`);
  expect((await client.ask("subscribe", { channel: "shy", presence: true })).payload).toEqual({ members: [] });
  expect(String((await server.errors.next()).error)).toContain("no face");
  await server.app.publish(shy(), "said", { n: 1 });
  expect(await client.takeAll()).toEqual([{ type: "said", channel: "shy", payload: { n: 1 } }]);
  expect(codeOf(await client.ask("unsubscribe", { channel: "shy" }))).toBe("unsubscribed");
});

test("`app.presence` gives the members of a channel, none of one that is empty, and refuses one without presence", async () => {
  await using server = await serve({ endpoints: [chats] });
  expect(await server.app.presence(chat(room))).toEqual([]);
  await enter(server, "ana");
  const bob = await enter(server, "bob");
  expect(await server.app.presence(chat(room))).toEqual(member("ana", "bob"));
  expect(await server.app.presence(chat({ room: "b" }))).toEqual([]);
  await bob.ask("unsubscribe", chatName);
  expect(await server.app.presence(chat(room))).toEqual(member("ana"));
  await expect(server.app.presence(quiet() as never)).rejects.toThrow(TypeError);
});

// Many

test("past `limits.members` only `count` is sent, everywhere, and the names again when they are few enough", async () => {
  await using server = await serve({ endpoints: [chats], limits: { members: 2 } });
  const ana = await enter(server, "ana", true);
  await ana.takeAll();
  const bob = await enter(server, "bob");
  expect(changesIn(await ana.takeAll())).toEqual([{ joined: member("bob") }]);
  const eve = await dial(`${server.url}/ws`, { token: "eve" });
  expect((await eve.ask("subscribe", { ...chatName, presence: true })).payload).toEqual({ count: 3 });
  expect(changesIn(await ana.takeAll())).toEqual([{ count: 3 }]);
  expect((await ana.ask("presence", chatName)).payload).toEqual({ count: 3 });
  expect(await server.app.presence(chat(room))).toHaveLength(2);
  await bob.ask("unsubscribe", chatName);
  expect(changesIn(await ana.takeAll())).toEqual([{ members: member("ana", "eve") }]);
  await enter(server, "bob");
  expect(changesIn(await ana.takeAll())).toEqual([{ count: 3 }]);
});

test("those who come in one turn are told together, and nobody twice", async () => {
  const app = createApp({ endpoints: [chats] });
  await using server = await startTestApp(app);
  const ana = await dialInMemory(server, "/ws", { token: "ana" });
  await ana.ask("subscribe", { ...chatName, presence: true });
  await ana.takeAll();
  const ids = Array.from({ length: 20 }, (_, n) => `user-${n}`);
  const others = await Promise.all(ids.map((token) => dialInMemory(server, "/ws", { token })));
  for (const other of others) other.send({ type: "subscribe", payload: chatName });
  await server.clock.advance("1ms");
  const told = changesIn(await ana.takeAll()) as readonly { readonly joined: readonly { readonly id: string }[] }[];
  expect(told).toHaveLength(1);
  expect(told[0]?.joined.map(({ id }) => id).sort()).toEqual([...ids].sort());
});

// The grace

async function startWithGrace(limits: AppLimits = {}) {
  const server = await startTestApp(createApp({ endpoints: [chats] }), { limits });
  const enterHere = async (token: string, presence = false) => {
    const client = await dialInMemory(server, "/ws", { token });
    await client.ask("subscribe", { ...chatName, presence });
    return client;
  };
  const watcher = await enterHere("watcher", true);
  await watcher.takeAll();
  const told = async () => changesIn(await watcher.takeAll());
  return { server, enter: enterHere, told, watcher };
}

test.each([
  ["loses its network", (client: WsClient) => client.terminate()],
  ["closes", (client: WsClient) => client.close(1000)],
])("who %s has left `presenceGrace` later, once", async (_, end) => {
  const { server, enter, told } = await startWithGrace();
  await using _server = server;
  const ana = await enter("ana");
  expect(await told()).toEqual([{ joined: member("ana") }]);
  end(ana);
  await server.clock.advance("4999ms");
  expect(await told()).toEqual([]);
  expect(await server.app.presence(chat(room))).toEqual(member("watcher", "ana"));
  await server.clock.advance("1ms");
  expect(await told()).toEqual([{ left: member("ana") }]);
  await server.clock.advance("1h");
  expect(await told()).toEqual([]);
  expect(await server.app.presence(chat(room))).toEqual(member("watcher"));
});

test("who comes back within the grace has neither left nor joined", async () => {
  const { server, enter, told } = await startWithGrace();
  await using _ = server;
  let ana = await enter("ana");
  expect(await told()).toEqual([{ joined: member("ana") }]);
  for (let round = 0; round < 3; round += 1) {
    ana.terminate();
    await server.clock.advance("4s");
    ana = await enter("ana");
    await server.clock.advance("4s");
  }
  await server.clock.advance("1h");
  expect(await told()).toEqual([]);
  ana.terminate();
  await server.clock.advance("5s");
  expect(await told()).toEqual([{ left: member("ana") }]);
});

test("`unsubscribe` and `leave` are at once, and so is who has no user", async () => {
  const { server, enter, told } = await startWithGrace();
  await using _ = server;
  const ana = await enter("ana");
  await told();
  await ana.ask("unsubscribe", chatName);
  expect(await told()).toEqual([{ left: member("ana") }]);
  await ana.ask("step", "in");
  expect(await told()).toEqual([{ joined: member("ana") }]);
  await ana.ask("step", "out");
  expect(await told()).toEqual([{ left: member("ana") }]);
});

test("the grace begins with the last device, and a device that stays keeps the member", async () => {
  const { server, enter, told } = await startWithGrace();
  await using _ = server;
  const [phone, laptop] = [await enter("ana"), await enter("ana")];
  expect(await told()).toEqual([{ joined: member("ana") }]);
  phone.terminate();
  await server.clock.advance("1h");
  expect(await told()).toEqual([]);
  laptop.terminate();
  await server.clock.advance("4999ms");
  expect(await told()).toEqual([]);
  await server.clock.advance("1ms");
  expect(await told()).toEqual([{ left: member("ana") }]);
});

test("the grace is a limit; without one a connection's end is the member's", async () => {
  const { server, enter, told } = await startWithGrace({ presenceGrace: "0s" });
  await using _ = server;
  const ana = await enter("ana");
  await told();
  ana.terminate();
  await server.clock.advance("1ms");
  expect(await told()).toEqual([{ left: member("ana") }]);
});

test("the grace through a real socket", async () => {
  await using server = await serve({ endpoints: [chats], limits: { presenceGrace: "20ms" } });
  const ana = await enter(server, "ana", true);
  await ana.takeAll();
  const bob = await enter(server, "bob");
  bob.terminate();
  expect(changesIn(await ana.take(2))).toEqual([{ joined: member("bob") }, { left: member("bob") }]);
});

test("a closed app leaves no grace behind, and starts again with nobody present", async () => {
  const app = createApp({ endpoints: [chats] });
  const start = async (server: TestApp) => {
    const ana = await dialInMemory(server, "/ws", { token: "ana" });
    await ana.ask("subscribe", { ...chatName, presence: true });
    return ana;
  };
  const first = await startTestApp(app);
  (await start(first)).terminate();
  await first[Symbol.asyncDispose]();
  await using second = await startTestApp(app);
  const ana = await dialInMemory(second, "/ws", { token: "bob" });
  expect((await ana.ask("subscribe", { ...chatName, presence: true })).payload).toEqual({ members: member("bob") });
});

// What has come apart

test("who unsubscribed while its outbox was full is told nothing more of members when it has room again", async () => {
  const app = createApp({ endpoints: [chats], limits: { outbox: "4kb" } });
  await using server = await startTestApp(app);
  const slow = await dialInMemory(server, "/ws", { token: "slow" });
  await slow.ask("subscribe", { ...chatName, presence: true });
  await slow.takeAll();
  slow.stopReading();
  // Long enough names that some tens of them fill it.
  for (let n = 0; app.stats().outboxBytes < 3_800 && n < 200; n += 1) {
    const guest = await dialInMemory(server, "/ws", { token: `${"x".repeat(200)}${n}` });
    await guest.ask("subscribe", chatName);
    await server.clock.advance("1ms");
  }
  const late = await dialInMemory(server, "/ws", { token: "late".repeat(60) });
  await late.ask("subscribe", chatName);
  await server.clock.advance("1ms");
  slow.send({ type: "unsubscribe", payload: chatName, id: "u" });
  await server.clock.advance("1ms");
  slow.startReading();
  await slow.takeUntil("u");
  await server.clock.advance("1ms");
  expect(await slow.takeAll()).toEqual([]);
  await late.ask("unsubscribe", chatName);
  await server.clock.advance("1ms");
  expect(await slow.takeAll()).toEqual([]);
});

test("who is taken off while the members are read is told nothing more of them", async () => {
  const broker = new FarBroker();
  const gate = createGate();
  let takeOff = () => Promise.resolve();
  const shape = endpoint("/ws", {
    channels: [chat],
    open({ connection }) {
      takeOff = () => connection.leave(chat(room));
    },
  });
  await using server = await serve({ endpoints: [shape, anybody], broker });
  const ana = await dial(`${server.url}/ws`);
  const bob = await dial(`${server.url}/ws/anybody`);
  await bob.ask("subscribe", chatName);
  broker.answer = (what) => (what === "members" ? gate.opened : Promise.resolve());
  ana.send({ type: "subscribe", payload: { ...chatName, presence: true }, id: 1 });
  await ana.takeAll();
  await takeOff();
  gate.open();
  await ana.takeAll();
  const eve = await dial(`${server.url}/ws/anybody`);
  await eve.ask("subscribe", chatName);
  expect((await bob.ask("presence", chatName)).payload).toMatchObject({ count: 2 });
  expect(changesIn(await ana.takeAll())).toEqual([]);
  await bob.ask("unsubscribe", chatName);
  await eve.ask("unsubscribe", chatName);
  expect(server.errors.unread).toEqual([]);
  expect(server.app.stats().channels).toBe(0);
});

test("where the broker is away it is `unavailable`, and who watches goes on when it is back", async () => {
  const broker = new FarBroker();
  await using server = await serve({ endpoints: [chats], broker });
  const ana = await enter(server, "ana", true);
  await ana.takeAll();
  const { reach } = broker;
  broker.reach = () => Promise.reject(new TidingsError("unavailable"));
  expect(codeOf(await ana.ask("presence", chatName))).toBe("unavailable");
  broker.reach = reach;
  expect((await ana.ask("presence", chatName)).payload).toEqual({ members: member("ana"), count: 1 });
  await enter(server, "bob");
  expect(changesIn([await ana.next()])).toEqual([{ joined: member("bob") }]);
});

test("after `connect` with tidings.v1 the server's join tells no members: `presence` does", async () => {
  const shape = endpoint("/ws", { channels: [chat], open: ({ connection }) => connection.join(chat(room)) });
  await using server = await serve({ endpoints: [shape] });
  const client = await greet(await dial(`${server.url}/ws`, { protocols: ["tidings.v1"] }));
  expect(await client.takeAll()).toEqual([{ type: "subscribed", channel: "chat/a", payload: {} }]);
  expect((await client.ask("presence", { ...chatName, watch: true })).payload).toMatchObject({ count: 1 });
  const other = await greet(await dial(`${server.url}/ws`, { protocols: ["tidings.v1"] }));
  expect(changesIn([await client.next()])).toEqual([{ joined: [{ id: expect.any(String) }] }]);
  other.close();
});
