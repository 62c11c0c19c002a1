import { channel, createApp, endpoint, rawEndpoint } from "tidings";
import { bearer } from "tidings/auth";
import { startTestApp, type TestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";

const user = bearer({ verify: (token) => ({ id: token }) });
const prices = channel("prices/:symbol", {
  events: { tick: z.object({ price: z.number() }), halt: z.object({ at: z.coerce.date() }) },
  needs: { user },
  history: { size: 3, ttl: "5m" },
  presence: ({ user }) => ({ name: user.id.toUpperCase() }),
  snapshot: ({ params }) => ({ of: params.symbol }),
  allow: { subscribe: ({ params }) => params.symbol !== "SECRET", publish: ({ user }) => user.id === "ana" },
});
const news = channel("news", {
  events: { item: z.object({ n: z.number() }) },
  overflow: "drop-oldest",
  allow: { subscribe: true, publish: true },
});
const feed = endpoint("/ws", {
  auth: user,
  channels: [prices, news],
  receives: { step: z.enum(["in", "out"]) },
  on: { step: ({ connection }, where) => (where === "in" ? connection.join(news()) : connection.leave(news())) },
});
const joined = endpoint("/ws/joined", {
  auth: user,
  channels: [prices],
  limits: { channels: 1 },
  open: ({ connection }) => connection.join(btc),
});
const raw = rawEndpoint("/ws/raw", {});

const btc = prices({ symbol: "BTC" });
const eth = prices({ symbol: "ETH" });
const start = () => startTestApp(createApp({ endpoints: [feed, joined, raw] }));
const enter = (server: TestApp, token: string) => server.connect<typeof feed>("/ws", { token });
const member = (id: string) => ({ id, name: id.toUpperCase() });

async function publishTicks({ app }: TestApp, from: number, to: number): Promise<void> {
  for (let price = from; price <= to; price += 1) await app.publish(btc, "tick", { price });
}

test("`subscribe` resolves with what the client is told: its place, who is there, and the state", async () => {
  await using server = await start();
  await publishTicks(server, 1, 2);
  const [ana, bob] = [await enter(server, "ana"), await enter(server, "bob")];
  await ana.subscribe(btc);
  const told = await bob.subscribe(btc, { presence: true });
  expect(told).toEqual({
    epoch: expect.any(String),
    offset: 2,
    members: [member("ana"), member("bob")],
    state: { of: "BTC" },
  });
  expect(await bob.subscribe(news())).toEqual({});
  expect([...ana.unread, ...bob.unread]).toEqual([]);
});

test("what a client may not do about channels rejects with the error it is answered", async () => {
  await using server = await start();
  const bob = await enter(server, "bob");
  await expect(bob.subscribe(prices({ symbol: "SECRET" }))).rejects.toMatchObject({
    name: "TidingsError",
    code: "forbidden",
  });
  for (const asked of [bob.unsubscribe(btc), bob.presence(btc), bob.history(btc)]) {
    await expect(asked).rejects.toMatchObject({ code: "not_subscribed" });
  }
  await expect(bob.publish(btc, "tick", { price: 1 })).rejects.toMatchObject({ code: "forbidden" });
  await bob.subscribe(btc);
  await expect(bob.subscribe(btc)).rejects.toMatchObject({ code: "already_subscribed" });
  const misfit = bob.publish(news(), "item", { n: "1" as never });
  await expect(misfit).rejects.toMatchObject({ code: "invalid_payload", issues: [{ path: ["n"] }] });
  await expect(bob.subscribe(eth, { since: { epoch: "e", offset: 0 }, rewind: 1 })).rejects.toMatchObject({
    code: "invalid_payload",
  });
  expect(bob.unread).toEqual([]);
});

test("whatever is under way when the connection ends, or asked later, is `connection_lost`", async () => {
  await using server = await start();
  const ana = await enter(server, "ana");
  const asked = [ana.subscribe(btc), ana.publish(news(), "item", { n: 1 }), ana.ping()];
  ana.vanish();
  for (const each of asked) await expect(each).rejects.toMatchObject({ code: "connection_lost" });
  for (const late of [ana.subscribe(btc), ana.unsubscribe(btc), ana.presence(btc), ana.history(btc), ana.ping()]) {
    await expect(late).rejects.toMatchObject({ name: "TidingsError", code: "connection_lost" });
  }
  await expect(ana.nextOn(btc, "tick")).rejects.toThrow("the connection closed with 1006");
  await expect(ana.nextOn(btc, "subscribed")).rejects.toThrow("the connection closed with 1006");
});

test("`nextOn` gives the events of one channel, with their offsets, those that came and those to come", async () => {
  await using server = await start();
  const ana = await enter(server, "ana");
  for (const each of [btc, eth, news()]) await ana.subscribe(each);
  await server.app.publish(eth, "tick", { price: 10 });
  await server.app.publish(eth, "halt", { at: new Date(0) });
  await publishTicks(server, 1, 2);
  await ana.ping();
  expect(ana.unread[0]).toEqual({ type: "tick", channel: "prices/ETH", offset: 1, payload: { price: 10 } });
  expect(await ana.nextOn(btc, "tick")).toEqual({ payload: { price: 1 }, offset: 1 });
  expect(await ana.nextOn(eth, "halt")).toEqual({ payload: { at: "1970-01-01T00:00:00.000Z" }, offset: 2 });
  expect(await ana.next("tick")).toEqual({ price: 10 });
  expect(await ana.nextOn(btc, "tick")).toEqual({ payload: { price: 2 }, offset: 2 });
  const coming = ana.nextOn(news(), "item");
  await server.app.publish(news(), "item", { n: 1 });
  expect(await coming).toEqual({ payload: { n: 1 }, offset: undefined });
  expect(ana.unread).toEqual([]);
});

test("what does not come on a channel is told with what came on others", async () => {
  await using server = await start();
  const ana = await enter(server, "ana");
  await ana.subscribe(eth);
  await server.app.publish(eth, "tick", { price: 10 });
  await ana.ping();
  const waiting = ana.nextOn(btc, "tick");
  ana.close();
  await expect(waiting).rejects.toThrow('A message "tick" on prices/BTC did not come: ');
  await expect(ana.nextOn(btc, "tick")).rejects.toThrow("Unread: tick on prices/ETH.");
});

test("who comes back says where it stood, and gets what it missed, or hears that it can't", async () => {
  await using server = await start();
  const ana = await enter(server, "ana");
  const place = await ana.subscribe(btc);
  await publishTicks(server, 1, 1);
  const { offset } = await ana.nextOn(btc, "tick");
  ana.vanish();
  await publishTicks(server, 2, 3);
  const again = await enter(server, "ana");
  expect(await again.subscribe(btc, { since: { epoch: place.epoch, offset } })).toEqual({
    epoch: place.epoch,
    offset: 1,
    recovered: true,
  });
  expect(await again.nextOn(btc, "tick")).toEqual({ payload: { price: 2 }, offset: 2 });
  expect(await again.nextOn(btc, "tick")).toEqual({ payload: { price: 3 }, offset: 3 });
  await publishTicks(server, 4, 4);
  const late = await enter(server, "ana");
  // What `subscribe` told is a place as it stands; the first event after it is no longer kept.
  expect(await late.subscribe(btc, { since: place })).toMatchObject({ offset: 4, recovered: false });
  await late.ping();
  expect(late.unread).toEqual([]);
});

test("with `rewind` the newest events come first", async () => {
  await using server = await start();
  await publishTicks(server, 1, 3);
  const ana = await enter(server, "ana");
  expect(await ana.subscribe(btc, { rewind: 2 })).toMatchObject({ offset: 1 });
  expect(await ana.nextOn(btc, "tick")).toEqual({ payload: { price: 2 }, offset: 2 });
  expect(await ana.nextOn(btc, "tick")).toEqual({ payload: { price: 3 }, offset: 3 });
});

test("our client says in `connect` where it stood on channels that the server joins it to", async () => {
  await using server = await start();
  const ana = await server.connect<typeof joined>("/ws/joined", { token: "ana" });
  const { epoch } = await ana.nextOn(btc, "subscribed");
  await publishTicks(server, 1, 1);
  const { offset } = await ana.nextOn(btc, "tick");
  ana.vanish();
  await publishTicks(server, 2, 2);
  const since = { [btc.channel]: { epoch, offset } };
  const again = await server.connect<typeof joined>("/ws/joined", { token: "ana", since });
  expect(await again.nextOn(btc, "subscribed")).toEqual({ epoch, offset: 1, recovered: true });
  expect(await again.nextOn(btc, "tick")).toEqual({ payload: { price: 2 }, offset: 2 });
  expect(again.unread).toEqual([]);
});

test("a `since` that can't be is refused as it would be to our client, and other clients can't say it", async () => {
  await using server = await start();
  const place = { epoch: "e", offset: 1 };
  const dial = (path: string, since: object, as?: "tidings" | "plain" | "browser") =>
    server.connect(path, { token: "ana", since: since as never, as });
  await expect(dial("/ws", { news: { epoch: "e" } })).rejects.toMatchObject({ code: "bad_request", closeCode: 1008 });
  await expect(dial("/ws/joined", { a: place, b: place })).rejects.toMatchObject({ code: "too_many_channels" });
  await expect(dial("/ws", { news: place }, "plain")).rejects.toThrow(TypeError);
  await expect(dial("/ws", { news: place }, "browser")).rejects.toThrow("leave `as` out");
  for (const as of [undefined, "tidings"] as const) {
    await expect(dial("/ws/raw", { news: place }, as)).rejects.toThrow(TypeError);
  }
});

test("after `unsubscribe` nothing of the channel follows, and the client may come again", async () => {
  await using server = await start();
  const ana = await enter(server, "ana");
  await ana.subscribe(news());
  expect(await ana.unsubscribe(news())).toBe(undefined);
  await server.app.publish(news(), "item", { n: 1 });
  await ana.ping();
  expect(ana.unread).toEqual([]);
  await ana.subscribe(news());
  await server.app.publish(news(), "item", { n: 2 });
  expect(await ana.nextOn(news(), "item")).toEqual({ payload: { n: 2 }, offset: undefined });
});

test("our client is told of the server's joins and leaves, which are not among the unread", async () => {
  await using server = await start();
  const ana = await enter(server, "ana");
  await ana.request("step", "in");
  await ana.request("step", "out");
  expect(ana.unread).toEqual([]);
  expect(await ana.nextOn(news(), "subscribed")).toEqual({});
  expect(await ana.nextOn(news(), "unsubscribed")).toEqual({ code: "left" });
  const next = ana.nextOn(news(), "subscribed");
  await ana.request("step", "in");
  expect(await next).toEqual({});
});

test("a plain client is told that it was taken off what it subscribed to, as one of its messages", async () => {
  await using server = await start();
  const ana = await server.connect<typeof feed>("/ws", { token: "ana", as: "plain" });
  expect(await ana.subscribe(news())).toEqual({});
  await ana.request("step", "out");
  expect(ana.unread).toEqual([{ type: "unsubscribed", channel: "news", payload: { code: "left" } }]);
  expect(await ana.nextOn(news(), "unsubscribed")).toEqual({ code: "left" });
});

test("`publish` resolves with the event's offset, and a repeat of its key with the same", async () => {
  await using server = await start();
  const ana = await enter(server, "ana");
  expect(await ana.publish(btc, "tick", { price: 1 }, { key: "k" })).toEqual({ offset: 1 });
  expect(await ana.publish(btc, "tick", { price: 1 }, { key: "k" })).toEqual({ offset: 1 });
  expect(await ana.publish(btc, "tick", { price: 2 })).toEqual({ offset: 2 });
  expect(await ana.publish(news(), "item", { n: 1 })).toEqual({ offset: undefined });
  expect(server.app.stats().eventsPublished).toBe(4);
  expect(await server.app.history(btc)).toHaveLength(2);
});

test("`presence` tells who is there, and with `watch` every change, until it is false", async () => {
  await using server = await start();
  const [ana, bob] = [await enter(server, "ana"), await enter(server, "bob")];
  await ana.subscribe(btc);
  expect(await ana.presence(btc, { watch: true })).toEqual({ members: [member("ana")], count: 1 });
  await bob.subscribe(btc);
  expect(await ana.nextOn(btc, "presence")).toEqual({ joined: [member("bob")] });
  bob.vanish();
  await server.clock.advance("5s");
  expect(await ana.nextOn(btc, "presence")).toEqual({ left: [member("bob")] });
  await ana.presence(btc, { watch: false });
  const eve = await enter(server, "eve");
  await eve.subscribe(btc);
  expect(await ana.presence(btc)).toEqual({ members: [member("ana"), member("eve")], count: 2 });
  expect(ana.unread).toEqual([]);
});

test("`history` gives what is kept: the newest `limit` before an offset, oldest first", async () => {
  await using server = await start();
  const ana = await enter(server, "ana");
  const { epoch } = await ana.subscribe(btc);
  await publishTicks(server, 1, 3);
  const event = (n: number) => ({ type: "tick", offset: n, payload: { price: n } });
  expect(await ana.history(btc)).toEqual({ epoch, events: [1, 2, 3].map(event) });
  expect(await ana.history(btc, { limit: 2 })).toEqual({ epoch, events: [2, 3].map(event) });
  expect(await ana.history(btc, { limit: 1, before: 3 })).toEqual({ epoch, events: [2].map(event) });
});

test("a `gap` is waited for like an event, and stays among the unread until then", async () => {
  await using server = await startTestApp(createApp({ endpoints: [feed] }), { limits: { outbox: "1kb" } });
  const ana = await enter(server, "ana");
  await ana.subscribe(news());
  ana.stopReading();
  for (let n = 1; n <= 100; n += 1) await server.app.publish(news(), "item", { n });
  await server.clock.advance("1ms");
  for (let n = 101; n <= 200; n += 1) await server.app.publish(news(), "item", { n });
  ana.startReading();
  expect(await ana.nextOn(news(), "gap")).toEqual({});
  await ana.ping();
  expect(ana.unread.map(({ type }) => type)).not.toContain("gap");
  expect(ana.unread.at(-1)).toEqual({ type: "item", channel: "news", payload: { n: 200 } });
});
