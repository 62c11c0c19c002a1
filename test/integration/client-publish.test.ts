import { channel, createApp, endpoint, TidingsError } from "tidings";
import { bearer } from "tidings/auth";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { codeOf, numbersOf, offsetsOf } from "../support/channel-events.js";
import { FarBroker } from "../support/far-broker.js";
import { dialInMemory } from "../support/memory-client.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

const user = bearer({ verify: (token) => ({ id: token }) });
const said = z.object({ n: z.number().max(99), by: z.string().trim().optional() });
const allow = { subscribe: true, publish: true } as const;
const chat = channel("chat/:room", { events: { said }, history: { size: 10, ttl: "1h" }, allow });
const loose = channel("loose/:room", { events: { said }, allow });
const closed = channel("closed", { events: { said }, allow: { subscribe: true } });
const odd = channel("odd", {
  events: {
    big: z.object({}).transform(() => ({ n: 1n as unknown })),
    late: z.object({}).refine(async () => true),
    nothing: z.null(),
    empty: z.object({}),
  },
  allow,
});
const room = { room: "a" };

const users = endpoint("/ws/users", { auth: user, channels: [chat, loose, closed] });
const anybody = endpoint("/ws/anybody", { channels: [chat, loose, closed, odd] });
const saying = (n: number, more: object = {}) => ({ channel: "chat/a", type: "said", payload: { n }, ...more });

test("a client publishes where the channel lets it: who is on it hears the event, and itself before the answer", async () => {
  await using server = await serve({ endpoints: [users] });
  const ana = await dial(`${server.url}/ws/users`, { token: "ana" });
  const bob = await dial(`${server.url}/ws/users`, { token: "bob" });
  for (const client of [ana, bob]) await client.ask("subscribe", { channel: "chat/a" });
  ana.send({ type: "publish", payload: saying(1, { payload: { n: 1, by: "  ana " } }), id: 7 });
  const event = { type: "said", channel: "chat/a", offset: 1, payload: { n: 1, by: "ana" } };
  expect(await ana.next()).toEqual(event);
  expect(await ana.next()).toEqual({ type: "reply", id: 7, channel: "chat/a", payload: { offset: 1 } });
  expect(await bob.takeAll()).toEqual([event]);
});

test("without history the answer is {}, and without an id there is none", async () => {
  await using server = await serve({ endpoints: [anybody] });
  const client = await dial(`${server.url}/ws/anybody`);
  await client.ask("subscribe", { channel: "loose/a" });
  const payload = { channel: "loose/a", type: "said", payload: { n: 1 } };
  client.send({ type: "publish", payload, id: "p" });
  expect(await client.takeUntil("p")).toEqual([{ type: "said", channel: "loose/a", payload: { n: 1 } }]);
  client.send({ type: "publish", payload });
  client.send({ type: "publish", payload, id: "q" });
  expect(await client.take(3)).toEqual([
    { type: "said", channel: "loose/a", payload: { n: 1 } },
    { type: "said", channel: "loose/a", payload: { n: 1 } },
    { type: "reply", id: "q", channel: "loose/a", payload: {} },
  ]);
});

test("who publishes need not be on the channel, and then hears only the answer", async () => {
  await using server = await serve({ endpoints: [anybody] });
  const [ana, bob] = [await dial(`${server.url}/ws/anybody`), await dial(`${server.url}/ws/anybody`)];
  await bob.ask("subscribe", { channel: "chat/a" });
  expect((await ana.ask("publish", saying(1))).payload).toEqual({ offset: 1 });
  expect((await ana.ask("publish", { ...saying(2), channel: "chat/b" })).payload).toEqual({ offset: 1 });
  expect(numbersOf(await bob.takeAll())).toEqual([1]);
});

test("what one client publishes is published in its order, with what it says to the app in between", async () => {
  const shape = endpoint("/ws", {
    channels: [chat],
    receives: { say: z.number() },
    on: { say: ({ app }, n) => app.publish(chat(room), "said", { n }) },
  });
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`);
  await client.ask("subscribe", { channel: "chat/a" });
  for (const n of [1, 3, 5]) {
    client.send({ type: "publish", payload: saying(n) });
    client.send({ type: "say", payload: n + 1 });
  }
  const heard = await client.take(6);
  expect(numbersOf(heard)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(offsetsOf(heard)).toEqual([1, 2, 3, 4, 5, 6]);
});

test.each([
  ["an event that the channel has not", { type: "sung" }, "unknown_type"],
  ["an event's name that a prototype has", { type: "constructor" }, "unknown_type"],
  ["no event", { type: undefined }, "invalid_payload"],
  ["what is no event's name", { type: "no name" }, "invalid_payload"],
  ["a payload that does not fit", { payload: { n: 100 } }, "invalid_payload"],
  ["no payload where one is needed", { payload: undefined }, "invalid_payload"],
  ["a key that is empty", { key: "" }, "invalid_payload"],
  ["a key that is too long", { key: "k".repeat(65) }, "invalid_payload"],
  ["a key that is no text", { key: 7 }, "invalid_payload"],
  ["a channel that is none", { channel: "chat" }, "not_found"],
  ["a channel where clients may not", { channel: "closed" }, "forbidden"],
  ["an unknown event where clients may not", { channel: "closed", type: "sung" }, "forbidden"],
])("%s is answered with an error, reaches nobody, and the connection is kept", async (_, more, code) => {
  await using server = await serve({ endpoints: [anybody] });
  const client = await dial(`${server.url}/ws/anybody`);
  for (const name of ["chat/a", "closed"]) await client.ask("subscribe", { channel: name });
  const payload = saying(1, more);
  const answer = await client.ask("publish", payload, 3);
  expect(answer).toMatchObject({ type: "error", id: 3, channel: payload.channel, payload: { code, type: "publish" } });
  client.send({ type: "publish", payload });
  expect(await client.next()).toMatchObject({ type: "error", channel: payload.channel, payload: { code } });
  expect(await client.takeAll()).toEqual([]);
  expect(server.app.stats()).toMatchObject({ eventsPublished: 0, handlerErrors: 0 });
  client.send({ type: "publish", payload: saying(2), id: 4 });
  expect(numbersOf(await client.takeUntil(4))).toEqual([2]);
});

test("issues say where an event's payload does not fit, and at most 10 of them", async () => {
  const many = channel("many", { events: { all: z.array(z.number()) }, allow });
  await using server = await serve({ endpoints: [endpoint("/ws", { channels: [many] })] });
  const client = await dial(`${server.url}/ws`);
  const list = Array.from({ length: 12 }, () => "no number");
  const { payload } = await client.ask("publish", { channel: "many", type: "all", payload: list });
  const { issues } = payload as { issues: readonly { path: unknown; message: string }[] };
  expect(issues).toHaveLength(10);
  expect(issues[3]).toEqual({ path: [3], message: expect.any(String) });
});

test("a payload left out is {}, and null is null", async () => {
  await using server = await serve({ endpoints: [anybody] });
  const client = await dial(`${server.url}/ws/anybody`);
  await client.ask("subscribe", { channel: "odd" });
  client.send({ type: "publish", payload: { channel: "odd", type: "empty" } });
  expect(await client.next()).toEqual({ type: "empty", channel: "odd", payload: {} });
  client.send({ type: "publish", payload: { channel: "odd", type: "nothing", payload: null } });
  expect(await client.next()).toEqual({ type: "nothing", channel: "odd", payload: null });
});

test("what JSON can't hold is the client's `invalid_payload`, a schema that is asynchronous our own `internal`", async () => {
  await using server = await serve({ endpoints: [anybody] });
  const client = await dial(`${server.url}/ws/anybody`);
  await client.ask("subscribe", { channel: "odd" });
  expect(codeOf(await client.ask("publish", { channel: "odd", type: "big" }))).toBe("invalid_payload");
  expect(server.errors.unread).toEqual([]);
  expect(codeOf(await client.ask("publish", { channel: "odd", type: "late" }))).toBe("internal");
  expect((await server.errors.next()).at.during).toBe('message "publish"');
  expect(await client.takeAll()).toEqual([]);
});

test("`allow.publish` is asked at each event, about the one that was validated", async () => {
  const asked: unknown[] = [];
  const strict = channel("strict/:room", {
    events: { said },
    needs: { user },
    allow: {
      publish: (given, event) => {
        asked.push([given.user.id, given.params.room, event]);
        return given.user.id === "ana" && event.payload.n > 0;
      },
    },
  });
  await using server = await serve({ endpoints: [endpoint("/ws", { auth: user, channels: [strict] })] });
  const ana = await dial(`${server.url}/ws`, { token: "ana" });
  const bob = await dial(`${server.url}/ws`, { token: "bob" });
  const saying = (n: number) => ({ channel: "strict/a", type: "said", payload: { n, by: " x ", more: 1 } });
  expect(codeOf(await ana.ask("publish", saying(1)))).toBe("reply");
  expect(codeOf(await ana.ask("publish", saying(0)))).toBe("forbidden");
  expect(codeOf(await bob.ask("publish", saying(1)))).toBe("forbidden");
  expect(codeOf(await ana.ask("publish", saying(100)))).toBe("invalid_payload");
  expect(asked).toEqual([
    ["ana", "a", { type: "said", payload: { n: 1, by: "x" } }],
    ["ana", "a", { type: "said", payload: { n: 0, by: "x" } }],
    ["bob", "a", { type: "said", payload: { n: 1, by: "x" } }],
  ]);
  expect(server.app.stats().eventsPublished).toBe(1);
});

test("where the broker is away it is `unavailable`, with the time to wait, and what comes then is published", async () => {
  const broker = new FarBroker();
  await using server = await serve({ endpoints: [anybody], broker });
  const client = await dial(`${server.url}/ws/anybody`);
  await client.ask("subscribe", { channel: "chat/a" });
  const { reach } = broker;
  broker.reach = () => Promise.reject(new TidingsError("unavailable"));
  expect(await client.ask("publish", saying(1), 1)).toMatchObject({
    type: "error",
    id: 1,
    channel: "chat/a",
    payload: { code: "unavailable", retryAfterMs: expect.any(Number) },
  });
  broker.reach = reach;
  client.send({ type: "publish", payload: saying(2), id: 2 });
  expect(numbersOf(await client.takeUntil(2))).toEqual([2]);
});

// Keys

test("a repeat with the same key is answered like the first, and delivered once", async () => {
  await using server = await serve({ endpoints: [users] });
  const ana = await dial(`${server.url}/ws/users`, { token: "ana" });
  const again = await dial(`${server.url}/ws/users`, { token: "ana" });
  const bob = await dial(`${server.url}/ws/users`, { token: "bob" });
  await bob.ask("subscribe", { channel: "chat/a" });
  expect((await ana.ask("publish", saying(1))).payload).toEqual({ offset: 1 });
  for (const [n, client] of [ana, ana, again].entries()) {
    expect((await client.ask("publish", saying(n + 2, { key: "k" }))).payload).toEqual({ offset: 2 });
  }
  expect((await ana.ask("publish", saying(5, { key: "l" }))).payload).toEqual({ offset: 3 });
  expect((await ana.ask("publish", saying(6, { key: "k" }))).payload).toEqual({ offset: 2 });
  expect(numbersOf(await bob.takeAll())).toEqual([1, 2, 5]);
});

test("a key is one user's on one channel: another's, another channel's and the server's are others", async () => {
  await using server = await serve({ endpoints: [users] });
  const ana = await dial(`${server.url}/ws/users`, { token: "ana" });
  const bob = await dial(`${server.url}/ws/users`, { token: "bob" });
  const key = "k";
  expect((await ana.ask("publish", saying(1, { key }))).payload).toEqual({ offset: 1 });
  expect((await bob.ask("publish", saying(2, { key }))).payload).toEqual({ offset: 2 });
  expect((await ana.ask("publish", { ...saying(3, { key }), channel: "chat/b" })).payload).toEqual({ offset: 1 });
  expect(await server.app.publish(chat(room), "said", { n: 4 }, { key })).toMatchObject({ offset: 3 });
  expect(await server.app.publish(chat(room), "said", { n: 5 }, { key })).toMatchObject({ offset: 3 });
  expect((await ana.ask("publish", saying(6, { key }))).payload).toEqual({ offset: 1 });
  const kept = await server.app.history(chat(room));
  expect(numbersOf(kept)).toEqual([1, 2, 4]);
});

test("no key that a client can choose is another user's, or the server's", async () => {
  await using server = await serve({ endpoints: [users, anybody] });
  const ana = await dial(`${server.url}/ws/users`, { token: "ana" });
  const bob = await dial(`${server.url}/ws/users`, { token: '["ana"' });
  const nobody = await dial(`${server.url}/ws/anybody`);
  await server.app.publish(chat(room), "said", { n: 0 }, { key: "k" });
  await ana.ask("publish", saying(1, { key: "k" }));
  let offset = 2;
  for (const key of ["k", '["ana","k"]', '["k"]', 'ana","k', "ana,k", '"k"']) {
    for (const client of [bob, nobody]) {
      offset += 1;
      expect((await client.ask("publish", saying(2, { key }))).payload).toEqual({ offset });
    }
  }
});

test("without a user a key is everybody's who has none", async () => {
  await using server = await serve({ endpoints: [anybody] });
  const [one, other] = [await dial(`${server.url}/ws/anybody`), await dial(`${server.url}/ws/anybody`)];
  expect((await one.ask("publish", saying(1, { key: "k" }))).payload).toEqual({ offset: 1 });
  expect((await other.ask("publish", saying(2, { key: "k" }))).payload).toEqual({ offset: 1 });
  expect(numbersOf(await server.app.history(chat(room)))).toEqual([1]);
});

test("a key counts without history too, and is answered with {}", async () => {
  await using server = await serve({ endpoints: [anybody] });
  const client = await dial(`${server.url}/ws/anybody`);
  await client.ask("subscribe", { channel: "loose/a" });
  const payload = { ...saying(1, { key: "k" }), channel: "loose/a" };
  client.send({ type: "publish", payload, id: 1 });
  client.send({ type: "publish", payload, id: 2 });
  expect(await client.takeUntil(2)).toEqual([
    { type: "said", channel: "loose/a", payload: { n: 1 } },
    { type: "reply", id: 1, channel: "loose/a", payload: {} },
  ]);
});

test("after 5 minutes a key is forgotten, and not a millisecond before", async () => {
  await using server = await startTestApp(createApp({ endpoints: [users] }));
  const ana = await dialInMemory(server, "/ws/users", { token: "ana" });
  const publish = async (n: number) => (await ana.ask("publish", saying(n, { key: "k" }))).payload;
  expect(await publish(1)).toEqual({ offset: 1 });
  await server.clock.advance("4m");
  expect(await publish(2)).toEqual({ offset: 1 });
  await server.clock.advance("59999ms");
  expect(await publish(3)).toEqual({ offset: 1 });
  await server.clock.advance("1ms");
  expect(await publish(4)).toEqual({ offset: 2 });
  expect(numbersOf(await server.app.history(chat(room)))).toEqual([1, 4]);
});

test("a key outlives the event that it was given", async () => {
  await using server = await serve({ endpoints: [users] });
  const ana = await dial(`${server.url}/ws/users`, { token: "ana" });
  await ana.ask("publish", saying(1, { key: "k" }));
  for (let n = 2; n <= 12; n += 1) await server.app.publish(chat(room), "said", { n });
  expect((await ana.ask("publish", saying(13, { key: "k" }))).payload).toEqual({ offset: 1 });
  expect(numbersOf(await server.app.history(chat(room)))[0]).toBe(3);
});

test("a key of 64 characters is one, be they emoji", async () => {
  await using server = await serve({ endpoints: [users] });
  const ana = await dial(`${server.url}/ws/users`, { token: "ana" });
  expect(codeOf(await ana.ask("publish", saying(1, { key: "👩".repeat(64) })))).toBe("reply");
  expect(codeOf(await ana.ask("publish", saying(1, { key: "👩".repeat(65) })))).toBe("invalid_payload");
});

test("what a client publishes counts among its user's messages, at all connections", async () => {
  const limited = endpoint("/ws", { auth: user, channels: [chat], limits: { messagesPerUser: "2/1h" } });
  await using server = await serve({ endpoints: [limited] });
  const [phone, tablet] = [
    await dial(`${server.url}/ws`, { token: "ana" }),
    await dial(`${server.url}/ws`, { token: "ana" }),
  ];
  expect((await phone.ask("publish", saying(1))).payload).toEqual({ offset: 1 });
  expect((await tablet.ask("publish", saying(2))).payload).toEqual({ offset: 2 });
  const refused = await phone.ask("publish", saying(3));
  expect(codeOf(refused)).toBe("rate_limited");
  expect(refused.channel).toBe("chat/a");
  expect(server.app.stats()).toMatchObject({ eventsPublished: 2, rateLimited: 1 });
});

test("who publishes and closes at once has published, also behind a handler that takes its time", async () => {
  const open = channel("open", { events: { said: z.number() }, history: { size: 10, ttl: "5m" }, allow });
  const shape = endpoint("/ws", {
    channels: [open],
    receives: { say: z.number() },
    on: {
      async say({ app }, n) {
        await undefined;
        await app.publish(open(), "said", n);
      },
    },
  });
  await using server = await serve({ endpoints: [shape] });
  const ana = await dial(`${server.url}/ws`);
  ana.send({ type: "say", payload: 7 });
  for (const n of [0, 1, 2]) ana.send({ type: "publish", payload: { channel: "open", type: "said", payload: n } });
  ana.close();
  await ana.closed;
  const bob = await dial(`${server.url}/ws`);
  await bob.ask("subscribe", { channel: "open", rewind: 10 });
  expect((await bob.takeAll()).map(({ payload }) => payload)).toEqual([7, 0, 1, 2]);
});
