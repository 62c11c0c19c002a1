import { channel, createApp, endpoint, rawEndpoint } from "tidings";
import { jwt } from "tidings/auth";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { greet, numbers, numbersOf, offsetsOf, positionOf } from "../support/channel-events.js";
import { FarBroker } from "../support/far-broker.js";
import { Inbox } from "../support/inbox.js";
import { dialInMemory } from "../support/memory-client.js";
import { type ServedApp, serve } from "../support/served-app.js";
import { secret, signToken } from "../support/tokens.js";
import { dial, dialRefused, type WsClient } from "../support/ws-client.js";

const item = z.object({ n: z.number() });
const allow = { subscribe: true, publish: true } as const;
const feed = channel("feed/:name", { events: { item }, history: { size: 5, ttl: "5m" }, allow });
const room = channel("room", { events: { item }, allow, presence: true });
const open = endpoint("/ws/open", {
  channels: [feed, room],
  receives: { echo: item, say: item },
  on: {
    echo: (_, { n }) => n,
    say: async ({ app }, { n }) => void (await app.publish(feed({ name: "a" }), "item", { n })),
  },
});
const closed = endpoint("/ws/closed", {
  auth: jwt({ secret }),
  channels: [feed, room],
  limits: { messagesPerUser: "100/60s" },
  receives: { echo: item },
  on: { echo: (_, { n }) => n },
});
const protocols = ["tidings.v1"];
const unavailable = { type: "error", payload: { code: "unavailable", retryAfterMs: expect.any(Number) } };

/** Another process says so on `feed/a`. */
function sayElsewhere(broker: FarBroker, n: number): void {
  const keep = { size: 5, ttlMs: 60_000 };
  broker.hear({ channel: "feed/a", type: "item", payloadJson: JSON.stringify({ n }), except: undefined, keep });
}

async function enter(server: ServedApp, user: string): Promise<WsClient> {
  return greet(await dial(`${server.url}/ws/closed`, { token: signToken({ sub: user }), protocols }));
}

async function statusesOf({ url }: ServedApp, ...paths: string[]): Promise<number[]> {
  return Promise.all(paths.map(async (path) => (await fetch(url + path)).status));
}

test("everybody stays, what needs the broker is `unavailable` with a time to come again, and afterwards all is as before", async () => {
  const broker = new FarBroker();
  await using server = await serve({ endpoints: [open, closed], broker });
  const [ana, bob] = [await greet(await dial(`${server.url}/ws/open`, { protocols })), await enter(server, "bob")];
  expect(await ana.ask("subscribe", { channel: "feed/a" }, 0)).toMatchObject({ type: "subscribed" });
  broker.away(new Error("The line is cut."));
  expect(await ana.ask("echo", { n: 1 }, 1)).toMatchObject({ type: "reply", payload: 1 });
  for (const [id, [type, payload]] of [
    ["say", { n: 2 }] as const,
    ["publish", { channel: "feed/a", type: "item", payload: { n: 2 } }] as const,
    ["subscribe", { channel: "feed/b" }] as const,
    ["history", { channel: "feed/a" }] as const,
  ].entries()) {
    expect(await ana.ask(type, payload, `x${id}`)).toMatchObject(unavailable);
  }
  // Whether the user has said too much, in all processes, nobody knows.
  expect(await bob.ask("echo", { n: 1 }, 1)).toMatchObject(unavailable);
  expect(server.app.stats()).toMatchObject({ connections: 2, isBrokerAway: true, brokerOutages: 1 });
  broker.back();
  expect(await bob.ask("echo", { n: 1 }, 2)).toMatchObject({ type: "reply", payload: 1 });
  ana.send({ type: "say", payload: { n: 3 }, id: 3 });
  expect(await ana.take(2)).toMatchObject([
    { type: "item", payload: { n: 3 } },
    { type: "reply", id: 3 },
  ]);
  expect(await ana.ask("subscribe", { channel: "feed/b" }, 4)).toMatchObject({ type: "subscribed" });
  expect(server.app.stats()).toMatchObject({ connections: 2, isBrokerAway: false, brokerOutages: 1 });
});

test("where there is no error to answer with, a frame that can't be counted closes; who is silent stays", async () => {
  const broker = new FarBroker();
  const frames = rawEndpoint("/ws/frames", {
    auth: jwt({ secret }),
    limits: { messagesPerUser: "100/60s" },
    text: ({ connection }, text) => void connection.send(text),
  });
  await using server = await serve({ endpoints: [frames], broker });
  const token = signToken({ sub: "ana" });
  const [talking, silent] = [
    await dial(`${server.url}/ws/frames`, { token }),
    await dial(`${server.url}/ws/frames`, { token }),
  ];
  for (const client of [talking, silent]) {
    client.sendText("hello");
    expect(await client.nextText()).toBe("hello");
  }
  broker.away();
  talking.sendText("lost");
  expect(await talking.closed).toEqual({ code: 1013, reason: "unavailable" });
  broker.back();
  silent.sendText("again");
  expect(await silent.nextText()).toBe("again");
});

test("it is logged once with its reason, and once with its length; meanwhile the app is alive and not ready", async () => {
  const broker = new FarBroker();
  await using server = await serve({ endpoints: [open, closed], broker });
  const ana = await enter(server, "ana");
  await ana.ask("echo", { n: 1 });
  const pages = ["/healthz", "/readyz", "/health/websockets"];
  const count = async () => (await fetch(`${server.url}/health/websockets`)).json();
  expect(await statusesOf(server, ...pages)).toEqual([200, 200, 200]);
  expect(await count()).toEqual({ total_users: 1, total_connections: 1 });
  const reason = new Error("The line is cut.");
  broker.away(reason);
  expect(await server.log.next("broker_away")).toMatchObject({ level: "warn", fields: { err: reason } });
  expect(await statusesOf(server, ...pages)).toEqual([200, 503, 200]);
  expect(await count()).toEqual({ total_users: 1, total_connections: 1, of_this_process_only: true });
  broker.back();
  expect(await server.log.next("broker_back")).toMatchObject({ level: "info", fields: { awayMs: expect.any(Number) } });
  expect(await statusesOf(server, ...pages)).toEqual([200, 200, 200]);
  expect(server.log.lines.filter(({ fields }) => String(fields.event).startsWith("broker_"))).toHaveLength(2);
});

test("who comes meanwhile and has a user is refused with 503, comes in afterwards, and nobody's place is lost", async () => {
  const broker = new FarBroker();
  await using server = await serve({ endpoints: [open, closed], broker });
  broker.away();
  const refused = await dialRefused(`${server.url}/ws/closed`, { token: signToken({ sub: "ana" }) });
  expect([refused.status, refused.headers["retry-after"], refused.body]).toEqual([
    503,
    "1",
    { code: "unavailable", message: expect.any(String) },
  ]);
  const client = await dial(`${server.url}/ws/closed`, { token: signToken({ sub: "ana" }), protocols });
  expect(await client.closed).toEqual({ code: 1013, reason: "unavailable" });
  // Of whom nothing has to be asked.
  const nobody = await greet(await dial(`${server.url}/ws/open`, { protocols }));
  expect(await nobody.ask("echo", { n: 1 })).toMatchObject({ payload: 1 });
  broker.back();
  const ana = await enter(server, "ana");
  expect(await ana.ask("echo", { n: 2 })).toMatchObject({ payload: 2 });
  expect(server.app.stats()).toMatchObject({ connections: 2, users: 1, pending: 0 });
});

test("what other processes said meanwhile follows once and in order; what is not kept any more is a gap before it", async () => {
  const broker = new FarBroker();
  await using server = await serve({ endpoints: [open], broker });
  const ana = await greet(await dial(`${server.url}/ws/open`, { protocols }));
  const { epoch } = positionOf(await ana.ask("subscribe", { channel: "feed/a" }, 1));
  sayElsewhere(broker, 1);
  broker.away();
  for (const n of [2, 3]) sayElsewhere(broker, n);
  broker.back();
  expect(offsetsOf(await ana.take(3))).toEqual([1, 2, 3]);
  broker.away();
  for (const n of numbers(4, 10)) sayElsewhere(broker, n);
  broker.back();
  const [gap, ...others] = await ana.take(6);
  expect(gap).toMatchObject({ type: "gap", channel: "feed/a", payload: { epoch, offset: 5 } });
  expect(numbersOf(others)).toEqual(numbers(6, 10));
  expect(server.app.stats()).toMatchObject({ gaps: 1 });
});

test("whoever watches is told anew who is there", async () => {
  const broker = new FarBroker();
  await using server = await serve({ endpoints: [closed], broker });
  const [ana, bob] = [await enter(server, "ana"), await enter(server, "bob")];
  await ana.ask("subscribe", { channel: "room", presence: true }, 1);
  await bob.ask("subscribe", { channel: "room" }, 1);
  expect(await ana.next()).toMatchObject({ type: "presence", payload: { joined: [{ id: "bob" }] } });
  broker.away();
  broker.back();
  expect(await ana.next()).toMatchObject({
    type: "presence",
    channel: "room",
    payload: { members: [{ id: "ana" }, { id: "bob" }] },
  });
});

test("what each connection leaves undone is not told one by one; what server code published and nobody awaited is", async () => {
  const broker = new FarBroker();
  const ended = new Inbox<string>("close");
  const leaving = endpoint("/ws/leaving", {
    auth: jwt({ secret }),
    channels: [feed, room],
    close: () => ended.put("close"),
  });
  await using server = await serve({ endpoints: [leaving], broker });
  const client = await dial(`${server.url}/ws/leaving`, { token: signToken({ sub: "ana" }), protocols });
  await greet(client);
  for (const name of ["feed/a", "room"]) await client.ask("subscribe", { channel: name }, name);
  broker.away();
  client.terminate();
  await ended.next();
  await server.log.next("disconnected");
  expect(broker.asked).toEqual(expect.arrayContaining(["depart ana", "unsubscribe feed/a", "unsubscribe room"]));
  expect(server.errors.unread).toEqual([]);
  void server.app.publish(feed({ name: "a" }), "item", { n: 1 });
  expect(await server.errors.next()).toMatchObject({
    error: { code: "unavailable" },
    at: { during: 'publish of "item"' },
  });
  await expect(server.app.revoke({ user: "ana" })).rejects.toMatchObject({ code: "unavailable" });
  expect(server.errors.unread).toEqual([]);
});

test("an app can close meanwhile, and starts again when the broker is back", async () => {
  const broker = new FarBroker();
  const app = createApp({ endpoints: [open], broker });
  for (const _ of numbers(1, 2)) {
    await using server = await startTestApp(app);
    const client = await greet(await dialInMemory(server, "/ws/open", { protocols }));
    expect(await client.ask("subscribe", { channel: "feed/a" }, 1)).toMatchObject({ type: "subscribed" });
    broker.away();
    await app.close();
    expect(await client.closed).toEqual({ code: 1001, reason: "going_away" });
    broker.back();
  }
  expect(broker.asked.filter((asked) => asked === "connect")).toHaveLength(2);
});
