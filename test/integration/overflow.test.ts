import { type Channel, channel, createApp, endpoint, type Overflow } from "tidings";
import { startTestApp, type TestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { anyRate } from "../support/any-rate.js";
import { numbers, numbersOf, offsetsOf, positionOf } from "../support/channel-events.js";
import { dialInMemory } from "../support/memory-client.js";
import { serve } from "../support/served-app.js";
import { type Arrival, dial, type WsClient } from "../support/ws-client.js";

const item = z.object({ n: z.number(), key: z.string().optional(), text: z.string() });
const events = { item };
const allow = { subscribe: true } as const;
const limits = { outbox: "8kb", ...anyRate } as const;
const limitBytes = 8_192;
const text = "x".repeat(400);
const slowConsumer = { code: 1013, reason: "slow_consumer" };
const feedName = { channel: "feed" };
type Event = { readonly type: string; readonly payload: z.output<typeof item> };

function createFeed(overflow: Overflow<Event> | undefined, size?: number) {
  return channel("feed", { events, overflow, allow, ...(size !== undefined && { history: { size, ttl: "5m" } }) });
}

/** One that reads nothing, another that reads everything, and how to say something. */
async function stall(feed: Channel, more: Partial<Parameters<typeof endpoint>[1]> = {}) {
  // Every channel here has these events, and no params.
  const ref = (feed as unknown as ReturnType<typeof createFeed>)();
  const app = createApp({ endpoints: [endpoint("/ws", { channels: [feed], limits, ...more } as object)] });
  const server = await startTestApp(app);
  const [slow, good] = [await dialInMemory(server, "/ws"), await dialInMemory(server, "/ws")];
  for (const client of [slow, good]) await client.ask("subscribe", feedName);
  slow.stopReading();
  const publish = async (ns: readonly number[], keyOf?: (n: number) => string) => {
    for (const n of ns) {
      await app.publish(ref, "item", { n, key: keyOf?.(n), text });
      // Each leaves in a turn of its own.
      await good.next();
    }
  };
  return { server, app, slow, good, publish };
}

/** Reads until this event has come: what follows in its own time does not come before an answer to `ping`. */
async function readUntil(last: number, client: WsClient): Promise<readonly Arrival[]> {
  client.startReading();
  const arrivals = [await client.next()];
  while (numbersOf(arrivals.slice(-1))[0] !== last) arrivals.push(await client.next());
  return arrivals;
}

async function readAll(server: TestApp, client: WsClient): Promise<readonly Arrival[]> {
  client.startReading();
  await server.clock.advance("1ms");
  return client.takeAll();
}

function gapsIn(arrivals: readonly Arrival[]): readonly unknown[] {
  return arrivals.filter(({ type }) => type === "gap").map(({ payload }) => payload);
}

test.each([
  ["by default without history", undefined, undefined],
  ["where it says so, with history too", "disconnect", 1_000],
] as const)("`disconnect`, %s: who does not read is closed with `slow_consumer`", async (_, overflow, size) => {
  const { server, app, slow, good, publish } = await stall(createFeed(overflow, size));
  await using _server = server;
  await publish(numbers(1, 40));
  expect(await slow.closed).toEqual(slowConsumer);
  expect(app.stats()).toMatchObject({ slowConsumers: 1, connections: 1, eventsDropped: 0, gaps: 0, catchUps: 0 });
  await publish([41]);
  expect(await good.takeAll()).toEqual([]);
});

// catch-up

test("`catch-up`, by default with history: what does not fit waits in the history, and follows in order", async () => {
  const { server, app, slow, publish } = await stall(createFeed(undefined, 1_000));
  await using _ = server;
  for (let last = 20; last <= 200; last += 20) {
    await publish(numbers(last - 19, last));
    expect(app.stats().outboxBytes).toBeLessThanOrEqual(limitBytes);
  }
  expect(app.stats()).toMatchObject({ catchUps: 1, slowConsumers: 0 });
  const heard = await readUntil(200, slow);
  expect(numbersOf(heard)).toEqual(numbers(1, 200));
  expect(offsetsOf(heard)).toEqual(numbers(1, 200));
  await publish([201]);
  expect(numbersOf(await slow.takeAll())).toEqual([201]);
  expect(app.stats()).toMatchObject({ catchUps: 1, gaps: 0 });
  expect(app.stats().eventsReplayed).toBeGreaterThan(150);
});

test("`catch-up`, again and again, while events keep coming: each once and in order", async () => {
  const { server, slow, publish } = await stall(createFeed("catch-up", 1_000));
  await using _ = server;
  const heard: Arrival[] = [];
  let last = 0;
  for (let round = 0; round < 6; round += 1) {
    await publish(numbers(last + 1, last + 50));
    slow.startReading();
    heard.push(...(await slow.take(5)));
    slow.stopReading();
    last += 50;
  }
  heard.push(...(await readUntil(last, slow)));
  expect(numbersOf(heard)).toEqual(numbers(1, last));
});

test("`catch-up` where the history was cut meanwhile: a `gap` in the place of the hole, and no other", async () => {
  const { server, app, slow, publish } = await stall(createFeed("catch-up", 5));
  await using _ = server;
  await publish(numbers(1, 100));
  const heard = await readUntil(100, slow);
  const at = heard.findIndex(({ type }) => type === "gap");
  expect(numbersOf(heard.slice(0, at))).toEqual(numbers(1, at));
  const gap = heard[at] as Arrival;
  expect(gap).toEqual({ type: "gap", channel: "feed", payload: { epoch: expect.any(String), offset: 95 } });
  expect(numbersOf(heard.slice(at + 1))).toEqual(numbers(positionOf(gap).offset + 1, 100));
  expect(app.stats()).toMatchObject({ gaps: 1, catchUps: 1 });
});

test("a position is good for coming back, while it was behind and after a `gap`", async () => {
  for (const size of [5, 1_000]) {
    const { server, slow, publish } = await stall(createFeed("catch-up", size));
    await using _ = server;
    await publish(numbers(1, 100));
    slow.startReading();
    let position = { epoch: "", offset: 0 };
    for (const each of await slow.take(20)) {
      if (each.type === "gap") position = positionOf(each);
      else position = { ...position, offset: offsetsOf([each])[0] ?? Number.NaN };
    }
    slow.terminate();
    const again = await dialInMemory(server, "/ws");
    const probe = positionOf(await again.ask("subscribe", feedName));
    await again.ask("unsubscribe", feedName);
    const since = { ...position, epoch: probe.epoch };
    const answer = await again.ask("subscribe", { ...feedName, since });
    expect(answer.payload).toMatchObject({ recovered: true });
    expect(offsetsOf(await readUntil(100, again))).toEqual(numbers(position.offset + 1, 100));
  }
});

test("who comes back and does not read is sent no more than its outbox takes", async () => {
  const feed = createFeed("catch-up", 1_000);
  const { server, app, good, publish } = await stall(feed);
  await using _ = server;
  const { epoch } = positionOf(await good.ask("unsubscribe", feedName).then(() => good.ask("subscribe", feedName)));
  await publish(numbers(1, 300));
  const back = await dialInMemory(server, "/ws");
  back.stopReading();
  const before = app.stats().outboxBytes;
  back.send({ type: "subscribe", payload: { ...feedName, since: { epoch, offset: 0 } }, id: 1 });
  await server.clock.advance("1ms");
  expect(app.stats().outboxBytes - before).toBeLessThanOrEqual(limitBytes);
  await publish(numbers(301, 310));
  const [subscribed, ...heard] = await readUntil(310, back);
  expect(subscribed).toMatchObject({ payload: { offset: 0, recovered: true } });
  expect(offsetsOf(heard)).toEqual(numbers(1, 310));
});

test("who unsubscribes while it is behind hears what was sent before, then nothing of that channel", async () => {
  const { server, slow, publish } = await stall(createFeed("catch-up", 1_000));
  await using _ = server;
  await publish(numbers(1, 100));
  slow.send({ type: "unsubscribe", payload: feedName, id: "u" });
  await server.clock.advance("1ms");
  await publish(numbers(101, 110));
  const heard = await readAll(server, slow);
  expect(heard.at(-1)).toEqual({ type: "unsubscribed", id: "u", channel: "feed" });
  const events = heard.slice(0, -1);
  expect(numbersOf(events)).toEqual(numbers(1, events.length));
  await publish([111]);
  expect(await slow.takeAll()).toEqual([]);
});

test("`catch-up` through a real socket", async () => {
  const feed = createFeed(undefined, 100_000);
  const shape = endpoint("/ws", { channels: [feed], limits: { outbox: "64kb" } });
  await using server = await serve({ endpoints: [shape] });
  const [slow, good] = [await dial(`${server.url}/ws`), await dial(`${server.url}/ws`)];
  for (const client of [slow, good]) await client.ask("subscribe", feedName);
  slow.stopReading();
  let count = 0;
  // The network's own buffers take some megabytes first.
  while (server.app.stats().catchUps === 0 && count < 2_000) {
    count += 1;
    await server.app.publish(feed(), "item", { n: count, text: text.repeat(50) });
    await good.next();
  }
  for (const n of numbers(count + 1, count + 20)) await server.app.publish(feed(), "item", { n, text });
  slow.startReading();
  expect(numbersOf(await slow.take(count + 20))).toEqual(numbers(1, count + 20));
  expect(await slow.takeAll()).toEqual([]);
  expect(server.app.stats()).toMatchObject({ slowConsumers: 0, gaps: 0, connections: 2 });
});

// drop-oldest, drop-newest

test("`drop-oldest`: one `gap` with {} in the place of the first that was dropped, then the newest", async () => {
  const { server, app, slow, publish } = await stall(createFeed("drop-oldest"));
  await using _ = server;
  await publish(numbers(1, 100));
  expect(app.stats().outboxBytes).toBeLessThanOrEqual(limitBytes);
  const heard = await readAll(server, slow);
  const at = heard.findIndex(({ type }) => type === "gap");
  expect(gapsIn(heard)).toEqual([{}]);
  const [before, after] = [numbersOf(heard.slice(0, at)), numbersOf(heard.slice(at + 1))];
  expect(before).toEqual(numbers(1, before.length));
  expect(after).toEqual(numbers(101 - after.length, 100));
  expect(before.length).toBeGreaterThan(0);
  expect(after.length).toBeGreaterThan(0);
  expect(app.stats()).toMatchObject({ eventsDropped: 100 - before.length - after.length, gaps: 1, slowConsumers: 0 });
  await publish([101]);
  expect(numbersOf(await slow.takeAll())).toEqual([101]);
});

test("`drop-newest`: what waits stays, then one `gap` with {}, and what is said when there is room", async () => {
  const { server, app, slow, publish } = await stall(createFeed("drop-newest"));
  await using _ = server;
  await publish(numbers(1, 100));
  expect(app.stats().outboxBytes).toBeLessThanOrEqual(2 * limitBytes);
  const heard = await readAll(server, slow);
  expect(heard.at(-1)).toEqual({ type: "gap", channel: "feed", payload: {} });
  const before = numbersOf(heard.slice(0, -1));
  expect(before).toEqual(numbers(1, before.length));
  expect(before.length).toBeGreaterThan(10);
  expect(app.stats()).toMatchObject({ eventsDropped: 100 - before.length, gaps: 1, slowConsumers: 0 });
  await publish([101]);
  expect(numbersOf(await slow.takeAll())).toEqual([101]);
});

test.each(["drop-oldest", "drop-newest"] as const)(
  "`%s`: each time it falls behind there is a `gap`, and never a silent hole",
  async (overflow) => {
    const { server, slow, publish } = await stall(createFeed(overflow));
    await using _ = server;
    const heard: Arrival[] = [];
    let last = 0;
    for (let round = 0; round < 5; round += 1) {
      await publish(numbers(last + 1, last + 60));
      last += 60;
      slow.startReading();
      heard.push(...(await slow.take(3)));
      slow.stopReading();
    }
    heard.push(...(await readAll(server, slow)));
    let expected = 1;
    let mayJump = false;
    for (const each of heard) {
      if (each.type === "gap") {
        mayJump = true;
        continue;
      }
      const n = Number(numbersOf([each])[0]);
      if (mayJump) expect(n).toBeGreaterThanOrEqual(expected);
      else expect(n).toBe(expected);
      mayJump = false;
      expected = n + 1;
    }
    // After the last event there may only be what a gap tells of.
    if (expected <= last) expect(heard.at(-1)?.type).toBe("gap");
  },
);

// keepLatestBy

const latest = { keepLatestBy: ({ payload }: Event) => payload.key ?? "" };

test("`keepLatestBy`: of what waits only the latest of each key is sent, at the end, and no gap is said", async () => {
  const { server, app, slow, publish } = await stall(createFeed(latest));
  await using _ = server;
  await publish(numbers(1, 200), (n) => `key ${n % 4}`);
  expect(app.stats()).toMatchObject({ slowConsumers: 0, gaps: 0 });
  const heard = await readAll(server, slow);
  expect(gapsIn(heard)).toEqual([]);
  const ns = numbersOf(heard).map(Number);
  expect(ns).toEqual([...ns].sort((one, other) => one - other));
  expect(ns.slice(-4)).toEqual([197, 198, 199, 200]);
  expect(new Set(ns).size).toBe(ns.length);
  expect(app.stats().eventsConflated).toBe(200 - ns.length);
  expect(ns.length).toBeLessThan(30);
});

test("`keepLatestBy` with more keys than the outbox takes closes with `slow_consumer`", async () => {
  const { server, app, slow, publish } = await stall(createFeed(latest));
  await using _ = server;
  await publish(numbers(1, 100), (n) => `key ${n}`);
  expect(await slow.closed).toEqual(slowConsumer);
  expect(app.stats().connections).toBe(1);
});

/** It is not on the channel any more. Gives the place before its first event. */
async function leaveAtTheBeginning(client: WsClient): Promise<object> {
  await client.ask("unsubscribe", feedName);
  const { payload } = await client.ask("subscribe", feedName);
  await client.ask("unsubscribe", feedName);
  return { ...Object(payload), offset: 0 };
}

test("`keepLatestBy` with history: offsets skip, and who comes back finds all of it", async () => {
  const { server, slow, publish } = await stall(createFeed(latest, 1_000));
  await using _ = server;
  await publish(numbers(1, 100), () => "one");
  const heard = await readAll(server, slow);
  expect(offsetsOf(heard).at(-1)).toBe(100);
  expect(heard.length).toBeLessThan(100);
  expect(gapsIn(heard)).toEqual([]);
  await slow.ask("subscribe", { ...feedName, since: await leaveAtTheBeginning(slow) });
  expect(offsetsOf(await readUntil(100, slow))).toEqual(numbers(1, 100));
});

// What is no event

test.each([
  ["disconnect", undefined],
  ["catch-up", 1_000],
  ["drop-oldest", undefined],
] as const)("an answer past the limit closes, though the channel's policy is `%s`", async (overflow, size) => {
  const { server, slow, publish } = await stall(createFeed(overflow, size), {
    receives: { echo: z.string() },
    on: { echo: (_: unknown, it: string) => it },
  } as object);
  await using _ = server;
  await publish(numbers(1, 10));
  for (let n = 0; n < 40; n += 1) slow.send({ type: "echo", payload: text, id: n });
  await server.clock.advance("1ms");
  expect(await slow.closed).toEqual(slowConsumer);
});

test("`subscribed` and `unsubscribed` are not dropped past the limit, and at twice the limit it closes", async () => {
  const { server, app, slow, publish } = await stall(createFeed("drop-newest"));
  await using _ = server;
  await publish(numbers(1, 60));
  const pairs = 3;
  for (let n = 0; n < pairs; n += 1) {
    slow.send({ type: "unsubscribe", payload: feedName, id: `u${n}` });
    slow.send({ type: "subscribe", payload: feedName, id: `s${n}` });
  }
  await server.clock.advance("1ms");
  expect(app.stats().connections).toBe(2);
  const answers = (await readAll(server, slow)).filter(({ id }) => id !== undefined).map(({ id }) => id);
  expect(answers).toEqual(["u0", "s0", "u1", "s1", "u2", "s2"]);
  slow.stopReading();
  for (let n = 0; n < 500; n += 1) {
    slow.send({ type: "unsubscribe", payload: feedName });
    slow.send({ type: "subscribe", payload: feedName });
  }
  await server.clock.advance("1ms");
  expect(await slow.closed).toEqual(slowConsumer);
});

test("one that is behind on one channel hears another, each by its own policy and in its own order", async () => {
  const kept = channel("kept", { events, history: { size: 1_000, ttl: "5m" }, allow });
  const dropped = channel("dropped", { events, overflow: "drop-oldest", allow });
  const app = createApp({ endpoints: [endpoint("/ws", { channels: [kept, dropped], limits })] });
  await using server = await startTestApp(app);
  const slow = await dialInMemory(server, "/ws");
  for (const name of ["kept", "dropped"]) await slow.ask("subscribe", { channel: name });
  slow.stopReading();
  for (const n of numbers(1, 80)) {
    await app.publish(kept(), "item", { n, text });
    await app.publish(dropped(), "item", { n, text });
    await server.clock.advance("1ms");
  }
  slow.startReading();
  const heard: Arrival[] = [];
  while (numbersOf(heard).filter((n) => n === 80).length < 2) heard.push(await slow.next());
  const of = (name: string) => heard.filter((each) => each.channel === name);
  expect(numbersOf(of("kept"))).toEqual(numbers(1, 80));
  expect(gapsIn(of("dropped"))).toEqual([{}]);
  const ns = numbersOf(of("dropped").filter(({ type }) => type === "item")).map(Number);
  expect(ns).toEqual([...ns].sort((one, other) => one - other));
  expect(ns.at(-1)).toBe(80);
});

test("presence changes of who does not read are merged: the whole set follows when it has room", async () => {
  const crowd = channel("crowd/:name", { events, presence: true, allow });
  const shape = endpoint("/ws", { channels: [crowd], limits: { ...limits, channels: 1_000 } });
  const app = createApp({ endpoints: [shape] });
  await using server = await startTestApp(app);
  const slow = await dialInMemory(server, "/ws");
  const busy = await dialInMemory(server, "/ws");
  const name = { channel: "crowd/a" };
  await slow.ask("subscribe", { ...name, presence: true });
  await slow.takeAll();
  slow.stopReading();
  for (let n = 0; n < 200; n += 1) {
    await busy.ask("subscribe", name, "s");
    await server.clock.advance("0ms");
    await busy.ask("unsubscribe", name, "u");
    await server.clock.advance("0ms");
  }
  await busy.ask("subscribe", name, "s");
  await server.clock.advance("0ms");
  expect(app.stats()).toMatchObject({ connections: 2, slowConsumers: 0 });
  expect(app.stats().outboxBytes).toBeLessThanOrEqual(limitBytes);
  const heard = await readAll(server, slow);
  expect(heard.length).toBeLessThan(200);
  const last = heard.at(-1)?.payload as { readonly members: readonly unknown[] };
  expect(last.members).toHaveLength(2);
});

test("who pings while it catches up is answered, and the app goes on", async () => {
  const { server, slow, publish } = await stall(createFeed("catch-up", 1_000));
  await using _ = server;
  slow.startReading();
  await publish(numbers(1, 100));
  await readUntil(100, slow);
  const since = await leaveAtTheBeginning(slow);
  slow.send({ type: "subscribe", payload: { ...feedName, since }, id: 1 });
  await server.clock.advance("1ms");
  slow.send({ type: "ping", id: "p" });
  const heard = await slow.takeUntil("p");
  if (numbersOf(heard.slice(-1))[0] !== 100) heard.push(...(await readUntil(100, slow)));
  expect(numbersOf(heard.filter(({ type }) => type === "item"))).toEqual(numbers(1, 100));
});

test("an event that is larger than the outbox is caught up with as well, when nothing else waits", async () => {
  const { server, app, slow, good, publish } = await stall(createFeed("catch-up", 1_000));
  await using _ = server;
  await publish(numbers(1, 30));
  await app.publish(createFeed("catch-up", 1_000)(), "item", { n: 31, text: "x".repeat(5 * limitBytes) });
  await good.next();
  await publish([32]);
  const heard = await readUntil(32, slow);
  expect(numbersOf(heard)).toEqual(numbers(1, 32));
  expect(app.stats()).toMatchObject({ slowConsumers: 0, gaps: 0 });
});

test.each<[string, Overflow<Event>, (n: number) => string, readonly unknown[]]>([
  ["keepLatestBy", { keepLatestBy: ({ payload }) => payload.key }, () => "one", [40]],
  ["drop-oldest", "drop-oldest", String, ["gap", 40]],
])(
  "a burst within one turn is no exception: `%s` keeps the newest, and nobody is closed",
  async (_, overflow, keyOf, last) => {
    const { server, app, slow } = await stall(createFeed(overflow));
    await using _server = server;
    for (const n of numbers(1, 40)) {
      void app.publish(createFeed(overflow)(), "item", { n, key: keyOf(n), text });
    }
    const heard = await readUntil(40, slow);
    const told = heard.map((arrival) => numbersOf([arrival])[0] ?? arrival.type);
    expect(told).toEqual(expect.arrayContaining([...last]));
    expect(told.at(-1)).toBe(40);
    expect(told.length).toBeLessThan(30);
    expect(app.stats()).toMatchObject({ slowConsumers: 0, connections: 2 });
  },
);

test("who fell behind so far that something is lost is told all members anew, behind the gap", async () => {
  const watched = channel("feed", { events, allow, presence: true, history: { size: 3, ttl: "5m" } });
  const app = createApp({ endpoints: [endpoint("/ws", { channels: [watched], limits })] });
  await using server = await startTestApp(app);
  const [slow, good] = [await dialInMemory(server, "/ws"), await dialInMemory(server, "/ws")];
  await good.ask("subscribe", feedName);
  await slow.ask("subscribe", { ...feedName, presence: true });
  slow.stopReading();
  for (const n of numbers(1, 60)) {
    await app.publish(watched(), "item", { n, text });
    await good.next();
  }
  const heard = await readUntil(60, slow);
  const gap = heard.findIndex(({ type }) => type === "gap");
  expect(gap).toBeGreaterThan(0);
  expect(heard[gap + 1]).toMatchObject({
    type: "presence",
    payload: { members: [expect.anything(), expect.anything()] },
  });
  expect(numbersOf(heard.slice(gap + 2))).toEqual([58, 59, 60]);
});
