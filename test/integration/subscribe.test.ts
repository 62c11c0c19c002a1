import { channel, endpoint } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { codeOf, greet, numbers, numbersOf } from "../support/channel-events.js";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

const item = z.object({ n: z.number() });
const news = channel("news/:topic", { events: { item }, allow: { subscribe: true } });
const kept = channel("kept/:topic", {
  events: { item },
  history: { size: 10, ttl: "5m" },
  allow: { subscribe: true },
});
const inner = channel("inner", { events: { item } });
const sport = { topic: "sport" };

function createFeeds() {
  return endpoint("/ws/feeds", {
    channels: [news, kept, inner],
    limits: { channels: 3 },
    receives: { step: z.enum(["in", "out", "off"]) },
    on: {
      step({ connection }, where) {
        if (where === "in") return connection.join(inner());
        return where === "out" ? connection.leave(inner()) : connection.leave(news(sport));
      },
    },
  });
}

const subscribe = (name: string) => ({ channel: name });
const event = (name: string, n: number) => ({ type: "item", channel: name, payload: { n } });

test.each([7, "seven"])("a client subscribes by message, and is answered with its id %j", async (id) => {
  await using server = await serve({ endpoints: [createFeeds()] });
  const client = await dial(`${server.url}/ws/feeds`);
  await server.app.publish(news(sport), "item", { n: 1 });
  client.send({ type: "subscribe", payload: subscribe("news/sport"), id });
  expect(await client.next()).toEqual({ type: "subscribed", id, channel: "news/sport", payload: {} });
  await server.app.publish(news(sport), "item", { n: 2 });
  expect(await client.next()).toEqual(event("news/sport", 2));
  client.send({ type: "unsubscribe", payload: subscribe("news/sport"), id });
  expect(await client.next()).toEqual({ type: "unsubscribed", id, channel: "news/sport" });
  await server.app.publish(news(sport), "item", { n: 3 });
  expect(await client.takeAll()).toEqual([]);
  expect(server.app.stats().channels).toBe(0);
});

test("without an id it is answered all the same, and without one", async () => {
  await using server = await serve({ endpoints: [createFeeds()] });
  const client = await dial(`${server.url}/ws/feeds`);
  client.send({ type: "subscribe", payload: subscribe("news/sport") });
  expect(await client.next()).toEqual({ type: "subscribed", channel: "news/sport", payload: {} });
  client.send({ type: "subscribe", payload: subscribe("news/sport") });
  expect(await client.next()).toEqual({
    type: "error",
    channel: "news/sport",
    payload: { code: "already_subscribed", message: expect.any(String), type: "subscribe" },
  });
  client.send({ type: "unsubscribe", payload: subscribe("news/sport") });
  expect(await client.next()).toEqual({ type: "unsubscribed", channel: "news/sport" });
});

test("`epoch` and `offset` are told with history and not without", async () => {
  await using server = await serve({ endpoints: [createFeeds()] });
  const client = await dial(`${server.url}/ws/feeds`);
  await server.app.publish(kept(sport), "item", { n: 1 });
  const subscribed = await client.ask("subscribe", subscribe("kept/sport"));
  expect(subscribed.payload).toEqual({ epoch: expect.any(String), offset: 1 });
  const { epoch } = subscribed.payload as { epoch: string };
  expect(epoch.length).toBeGreaterThan(0);
  expect(epoch.length).toBeLessThanOrEqual(32);
  await server.app.publish(kept(sport), "item", { n: 2 });
  expect(await client.next()).toEqual({ ...event("kept/sport", 2), offset: 2 });
  expect((await client.ask("subscribe", subscribe("news/sport"))).payload).toEqual({});
});

test("P14: one connection subscribes to several channels and hears each by its name, as others do not", async () => {
  await using server = await serve({ endpoints: [createFeeds()] });
  const [ana, bob] = [await dial(`${server.url}/ws/feeds`), await dial(`${server.url}/ws/feeds`)];
  for (const name of ["news/sport", "news/arts", "kept/sport"]) await ana.ask("subscribe", subscribe(name));
  await bob.ask("subscribe", subscribe("news/arts"));
  await server.app.publish(news(sport), "item", { n: 1 });
  await server.app.publish(news({ topic: "arts" }), "item", { n: 2 });
  await server.app.publish(kept(sport), "item", { n: 3 });
  await server.app.publish(news({ topic: "else" }), "item", { n: 4 });
  expect(await ana.takeAll()).toEqual([
    event("news/sport", 1),
    event("news/arts", 2),
    { ...event("kept/sport", 3), offset: 1 },
  ]);
  expect(await bob.takeAll()).toEqual([event("news/arts", 2)]);
  await ana.ask("unsubscribe", subscribe("news/arts"));
  await server.app.publish(news({ topic: "arts" }), "item", { n: 5 });
  await server.app.publish(news(sport), "item", { n: 6 });
  expect(await ana.takeAll()).toEqual([event("news/sport", 6)]);
});

test("messages about channels are handled one after the other, in their order", async () => {
  await using server = await serve({ endpoints: [createFeeds()] });
  const client = await dial(`${server.url}/ws/feeds`);
  const said = ["subscribe", "subscribe", "unsubscribe", "unsubscribe", "subscribe", "unsubscribe"];
  for (const [id, type] of said.entries()) client.send({ type, payload: subscribe("news/sport"), id });
  const answers = await client.take(said.length);
  expect(answers.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(answers.map(codeOf)).toEqual([
    "subscribed",
    "already_subscribed",
    "unsubscribed",
    "not_subscribed",
    "subscribed",
    "unsubscribed",
  ]);
});

test("what waits behind a subscription that takes its time is handled after it", async () => {
  const gate = createGate();
  const slow = channel("slow", { events: { item }, allow: { subscribe: () => gate.opened.then(() => true) } });
  const shape = endpoint("/ws", { channels: [slow], receives: { hello: z.object({}) }, on: { hello: () => "you" } });
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`);
  client.send({ type: "subscribe", payload: subscribe("slow"), id: 1 });
  client.send({ type: "hello", id: 2 });
  client.send({ type: "subscribe", payload: subscribe("slow"), id: 3 });
  expect(await client.takeAll()).toEqual([]);
  gate.open();
  expect((await client.take(3)).map((each) => [each.id, codeOf(each)])).toEqual([
    [1, "subscribed"],
    [2, "reply"],
    [3, "already_subscribed"],
  ]);
});

test("who is gone when its permission comes is put on no channel", async () => {
  const gate = createGate();
  const closes = new Inbox<string>("close");
  const slow = channel("slow", { events: { item }, allow: { subscribe: () => gate.opened.then(() => true) } });
  const shape = endpoint("/ws", { channels: [slow], close: () => closes.put("closed") });
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`);
  client.send({ type: "subscribe", payload: subscribe("slow"), id: 1 });
  await client.takeAll();
  client.terminate();
  await client.closed;
  const other = await dial(`${server.url}/ws`);
  await other.takeAll();
  gate.open();
  expect(await closes.next()).toBe("closed");
  await other.takeAll();
  expect(server.app.stats()).toMatchObject({ channels: 0, connections: 1, handlerErrors: 0 });
  expect(server.errors.unread).toEqual([]);
});

test("what it is not on it can't unsubscribe from, ask about or be told of", async () => {
  await using server = await serve({ endpoints: [createFeeds()] });
  const client = await dial(`${server.url}/ws/feeds`);
  for (const type of ["unsubscribe", "history"]) {
    const answer = await client.ask(type, subscribe("kept/sport"), 5);
    expect(answer).toMatchObject({ type: "error", id: 5, channel: "kept/sport", payload: { type } });
    expect(codeOf(answer)).toBe("not_subscribed");
  }
  await client.ask("subscribe", subscribe("kept/sport"));
  expect(codeOf(await client.ask("unsubscribe", subscribe("kept/arts")))).toBe("not_subscribed");
});

test("past `limits.channels` it is `too_many_channels`, those the server joined it to counted too", async () => {
  await using server = await serve({ endpoints: [createFeeds()] });
  const client = await dial(`${server.url}/ws/feeds`);
  await client.ask("step", "in");
  for (const name of ["news/a", "news/b"]) await client.ask("subscribe", subscribe(name));
  const refused = await client.ask("subscribe", subscribe("news/c"), 9);
  expect(refused).toMatchObject({ type: "error", id: 9, channel: "news/c" });
  expect(codeOf(refused)).toBe("too_many_channels");
  expect(codeOf(await client.ask("subscribe", subscribe("news/a")))).toBe("already_subscribed");
  await server.app.publish(news({ topic: "c" }), "item", { n: 1 });
  expect(await client.takeAll()).toEqual([]);
  expect(server.app.stats().channels).toBe(3);
  await client.ask("unsubscribe", subscribe("news/b"));
  expect(codeOf(await client.ask("subscribe", subscribe("news/c")))).toBe("subscribed");
  expect(codeOf(await client.ask("step", "out"))).toBe("reply");
  expect(codeOf(await client.ask("subscribe", subscribe("news/d")))).toBe("subscribed");
  expect(codeOf(await client.ask("step", "in"))).toBe("too_many_channels");
});

test("where the server joined it, it is on it already, and can't unsubscribe", async () => {
  const open = channel("open", { events: { item }, allow: { subscribe: true } });
  const shape = endpoint("/ws", { channels: [open], open: ({ connection }) => connection.join(open()) });
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`);
  expect(codeOf(await client.ask("subscribe", subscribe("open")))).toBe("already_subscribed");
  expect(codeOf(await client.ask("unsubscribe", subscribe("open")))).toBe("forbidden");
  await server.app.publish(open(), "item", { n: 1 });
  expect(await client.next()).toEqual(event("open", 1));
});

test("the server's join leaves what a client subscribed to as it is", async () => {
  const open = channel("open", { events: { item }, allow: { subscribe: true } });
  const shape = endpoint("/ws", {
    channels: [open],
    receives: { join: z.object({}) },
    on: { join: ({ connection }) => connection.join(open()) },
  });
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`);
  await client.ask("subscribe", subscribe("open"));
  await client.ask("join", {});
  await server.app.publish(open(), "item", { n: 1 });
  expect(numbersOf(await client.takeAll())).toEqual([1]);
  expect(codeOf(await client.ask("unsubscribe", subscribe("open")))).toBe("unsubscribed");
});

test("taken off by the server, who heard `subscribed` is told so: `left`", async () => {
  await using server = await serve({ endpoints: [createFeeds()] });
  const plain = await dial(`${server.url}/ws/feeds`);
  await plain.ask("subscribe", subscribe("news/sport"));
  await server.app.publish(news(sport), "item", { n: 1 });
  plain.send({ type: "step", payload: "off", id: 1 });
  await server.app.publish(news(sport), "item", { n: 2 });
  const heard = await plain.takeUntil(1);
  expect(heard.at(-1)).toEqual({ type: "unsubscribed", channel: "news/sport", payload: { code: "left" } });
  await server.app.publish(news(sport), "item", { n: 3 });
  expect(await plain.takeAll()).toEqual([]);
  expect(codeOf(await plain.ask("unsubscribe", subscribe("news/sport")))).toBe("not_subscribed");
  expect(codeOf(await plain.ask("subscribe", subscribe("news/sport")))).toBe("subscribed");
});

test("of what the server does, a plain client hears nothing, and one of tidings.v1 `subscribed` and `unsubscribed`", async () => {
  await using server = await serve({ endpoints: [createFeeds()] });
  const plain = await dial(`${server.url}/ws/feeds`);
  const ours = await greet(await dial(`${server.url}/ws/feeds`, { protocols: ["tidings.v1"] }));
  for (const [id, step] of ["in", "in", "out", "out"].entries()) {
    for (const client of [plain, ours]) client.send({ type: "step", payload: step, id });
  }
  expect((await plain.take(4)).map(({ type }) => type)).toEqual(["reply", "reply", "reply", "reply"]);
  expect(await ours.takeUntil(1)).toEqual([
    { type: "subscribed", channel: "inner", payload: {} },
    { type: "reply", id: 0, payload: null },
  ]);
  expect(await ours.takeUntil(3)).toEqual([
    { type: "unsubscribed", channel: "inner", payload: { code: "left" } },
    { type: "reply", id: 2, payload: null },
  ]);
});

test("who hears an event has heard `subscribed` before, whatever is published while it subscribes", async () => {
  await using server = await serve({ endpoints: [createFeeds()] });
  const clients = await Promise.all(Array.from({ length: 10 }, () => dial(`${server.url}/ws/feeds`)));
  for (const [n, client] of clients.entries()) {
    client.send({ type: "subscribe", payload: subscribe("kept/sport"), id: "s" });
    await server.app.publish(kept(sport), "item", { n });
  }
  for (const client of clients) expect(await client.takeUntil("s")).toEqual([]);
  await server.app.publish(kept(sport), "item", { n: 10 });
  for (const client of clients) {
    const heard = numbersOf(await client.takeAll());
    expect(heard).toEqual(numbers(11 - heard.length, 10));
  }
});

test("names are compared exactly: nothing is decoded, folded or normalised", async () => {
  await using server = await serve({ endpoints: [createFeeds()] });
  const client = await dial(`${server.url}/ws/feeds`);
  const names = ["news/caf%C3%A9", "news/café", "news/cafe\u0301"];
  for (const name of names) {
    expect(await client.ask("subscribe", subscribe(name), 1)).toMatchObject({ type: "subscribed", channel: name });
  }
  expect(server.app.stats().channels).toBe(3);
  await server.app.publish(news({ topic: "café" }), "item", { n: 1 });
  expect(await client.takeAll()).toEqual([event("news/café", 1)]);
});
