import { channel, endpoint } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { anyRate } from "../support/any-rate.js";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

const item = z.object({ n: z.number(), text: z.string() });
const feed = channel("feed", { events: { item } });
const text = "x".repeat(32_000);
/** So much is never taken: a test that went on would eat up the computer's memory instead of failing. */
const far = 5_000;
const slowConsumer = { code: 1013, reason: "slow_consumer" };

function createFeed(closes: Inbox<unknown>) {
  return endpoint("/ws/feed", {
    channels: [feed],
    limits: { outbox: "64kb" },
    open: ({ connection }) => connection.join(feed()),
    close: (_, closed) => closes.put(closed),
  });
}

test("who stops reading is closed with 1013, and the others hear everything", async () => {
  const closes = new Inbox<unknown>("close");
  await using server = await serve({ endpoints: [createFeed(closes)] });
  const [slow, good] = [await dial(`${server.url}/ws/feed`), await dial(`${server.url}/ws/feed`)];
  await Promise.all([slow, good].map((each) => each.takeAll()));
  slow.stopReading();
  let count = 0;
  // The network's own buffers take some megabytes first.
  while (server.app.stats().slowConsumers === 0 && count < far) {
    await server.app.publish(feed(), "item", { n: count, text });
    expect((await good.next()).payload).toEqual({ n: count, text });
    count += 1;
  }
  expect(await closes.next()).toEqual(slowConsumer);
  expect(server.app.stats()).toMatchObject({ slowConsumers: 1, connections: 1 });
  slow.startReading();
  expect(await slow.closed).toEqual(slowConsumer);
  const heard = slow.unread.map((each) => (JSON.parse(String(each)) as { payload: { n: number } }).payload.n);
  expect(heard).toEqual(Array.from({ length: heard.length }, (_, n) => n));
  expect(heard.length).toBeLessThan(count);
  await server.app.publish(feed(), "item", { n: -1, text: "on we go" });
  expect((await good.next()).payload).toEqual({ n: -1, text: "on we go" });
});

test("a slow reader that never reads again is gone after `limits.close`", async () => {
  const closes = new Inbox<unknown>("close");
  await using server = await serve({ endpoints: [createFeed(closes)], limits: { close: "50ms" } });
  const [slow, good] = [await dial(`${server.url}/ws/feed`), await dial(`${server.url}/ws/feed`)];
  await Promise.all([slow, good].map((each) => each.takeAll()));
  slow.stopReading();
  for (let n = 0; server.app.stats().slowConsumers === 0 && n < far; n += 1) {
    await server.app.publish(feed(), "item", { n, text });
    await good.next();
  }
  const { fields } = await server.log.next("disconnected");
  expect(fields).toMatchObject(slowConsumer);
  expect(server.app.stats()).toMatchObject({ connections: 1, connectionsClosed: 1 });
  slow.terminate();
});

test("an empty outbox takes any event, however big", async () => {
  const closes = new Inbox<unknown>("close");
  await using server = await serve({ endpoints: [createFeed(closes)] });
  const client = await dial(`${server.url}/ws/feed`);
  await client.takeAll();
  for (const n of [1, 2, 3]) {
    await server.app.publish(feed(), "item", { n, text: "x".repeat(1_000_000) });
    expect((await client.next()).payload).toMatchObject({ n });
  }
});

test("a handler that sends without an end is stopped: its connection closes, and `send` tells it", async () => {
  const closes = new Inbox<unknown>("close");
  const endless = endpoint("/ws/endless", {
    limits: { outbox: "64kb" },
    sends: { item },
    receives: { start: z.object({}) },
    on: {
      start({ connection }) {
        let n = 0;
        while (n < far && connection.send("item", { n, text })) n += 1;
        closes.put({ wasStopped: n < far, isAborted: connection.signal.aborted });
      },
    },
    close: (_, closed) => closes.put(closed),
  });
  await using server = await serve({ endpoints: [endless], limits: { close: "1s" } });
  const client = await dial(`${server.url}/ws/endless`);
  client.stopReading();
  client.send({ type: "start", id: 1 });
  expect(await closes.next()).toEqual({ wasStopped: true, isAborted: true });
  expect(await closes.next()).toEqual(slowConsumer);
  client.startReading();
  expect(await client.closed).toEqual(slowConsumer);
});

test("server code that publishes without an end closes who can't follow", async () => {
  const closes = new Inbox<unknown>("close");
  await using server = await serve({ endpoints: [createFeed(closes)] });
  const client = await dial(`${server.url}/ws/feed`);
  await client.takeAll();
  client.stopReading();
  let n = 0;
  while (n < far && server.app.stats().connections > 0) {
    server.app.publish(feed(), "item", { n, text });
    n += 1;
  }
  expect(n).toBeLessThan(far);
  expect(await closes.next()).toEqual(slowConsumer);
  client.startReading();
  expect(await client.closed).toEqual(slowConsumer);
});

const floods = [
  ["messages", { waitingMessages: 8 }],
  ["bytes", { waitingBytes: "8kb" }],
] as const;

test.each(floods)(
  "a flood while a handler runs waits in the network: so many %s wait, then all are handled in order",
  async (_, limits) => {
    const [begun, gate] = [createGate(), createGate()];
    const handled: number[] = [];
    const work = endpoint("/ws/work", {
      limits,
      receives: { block: z.object({}), step: z.object({ n: z.number(), filler: z.string() }) },
      on: {
        block() {
          begun.open();
          return gate.opened;
        },
        step: (_, { n }) => void handled.push(n),
      },
    });
    await using server = await serve({ endpoints: [work], limits: anyRate });
    const [flooder, other] = [await dial(`${server.url}/ws/work`), await dial(`${server.url}/ws/work`)];
    flooder.send({ type: "block" });
    await begun.opened;
    const count = 20_000;
    const filler = "x".repeat(1_000);
    for (let n = 0; n < count; n += 1) flooder.send({ type: "step", payload: { n, filler } });
    flooder.send({ type: "block", id: "end" });
    // Both ends have had many turns when somebody else has talked for a while.
    for (let n = 0; n < 200; n += 1) await other.takeAll();
    // What waits, and what one or two reads of 64 KiB held already; 201 are the others'.
    expect(server.app.stats().messagesReceived).toBeLessThan(201 + 8 + 140);
    expect(flooder.bufferedBytes).toBeGreaterThan(1_000_000);
    expect(handled).toEqual([]);
    gate.open();
    expect(await flooder.next()).toMatchObject({ type: "reply", id: "end" });
    expect(handled).toEqual(Array.from({ length: count }, (_, n) => n));
    expect(server.app.stats().messagesReceived).toBe(count + 202);
  },
);

test("a flood while `open` runs waits in the network, and a ping behind it is answered in the end", async () => {
  const gate = createGate();
  const handled: number[] = [];
  const slow = endpoint("/ws/slow", {
    limits: { waitingMessages: 4 },
    receives: { step: z.object({ n: z.number(), filler: z.string() }) },
    open: () => gate.opened,
    on: { step: (_, { n }) => void handled.push(n) },
  });
  const quiet = endpoint("/ws/quiet", {});
  await using server = await serve({ endpoints: [slow, quiet], limits: anyRate });
  const [flooder, other] = [await dial(`${server.url}/ws/slow`), await dial(`${server.url}/ws/quiet`)];
  const filler = "x".repeat(10_000);
  for (let n = 0; n < 2_000; n += 1) flooder.send({ type: "step", payload: { n, filler } });
  for (let n = 0; n < 100; n += 1) await other.takeAll();
  expect(server.app.stats().messagesReceived).toBeLessThan(100 + 4 + 30);
  gate.open();
  expect(await flooder.takeAll()).toEqual([]);
  expect(handled).toEqual(Array.from({ length: 2_000 }, (_, n) => n));
});

test("who floods and is then closed is read on, so that its answer to the close is seen", async () => {
  const work = endpoint("/ws/work", {
    limits: { waitingMessages: 1 },
    receives: { block: z.object({ filler: z.string() }) },
    on: { block: ({ connection }) => new Promise((done) => connection.signal.addEventListener("abort", done)) },
  });
  // Long enough that a connection which only ends by this limit is not seen to end.
  await using server = await serve({ endpoints: [work], limits: { ...anyRate, close: "12s" } });
  const client = await dial(`${server.url}/ws/work`);
  for (let n = 0; n < 4_000; n += 1) client.send({ type: "block", payload: { filler: "x".repeat(10_000) } });
  const quiet = await dial(`${server.url}/ws/work`);
  for (let n = 0; n < 50; n += 1) await quiet.takeAll();
  expect(client.bufferedBytes).toBeGreaterThan(0);
  for (const connection of server.app.connections()) connection.close(4000, "enough");
  expect(await client.closed).toEqual({ code: 4000, reason: "enough" });
  expect((await server.log.next("disconnected")).fields).toMatchObject({ code: 4000 });
  expect((await server.log.next("disconnected")).fields).toMatchObject({ code: 4000 });
});

test("who floods and vanishes while a handler hangs is gone when the app closes", async () => {
  const begun = createGate();
  const closes = new Inbox<unknown>("close");
  const work = endpoint("/ws/work", {
    limits: { waitingMessages: 1 },
    receives: { block: z.object({ filler: z.string() }) },
    on: {
      block() {
        begun.open();
        return new Promise(() => {});
      },
    },
    close: (_, closed) => closes.put(closed),
  });
  await using server = await serve({ endpoints: [work], limits: { ...anyRate, close: "50ms" } });
  const client = await dial(`${server.url}/ws/work`);
  for (let n = 0; n < 500; n += 1) client.send({ type: "block", payload: { filler: "x".repeat(10_000) } });
  await begun.opened;
  client.terminate();
  await server.app.close();
  expect(await closes.next()).toMatchObject({ code: expect.any(Number) });
  expect(closes.unread).toEqual([]);
});
