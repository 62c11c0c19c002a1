import { channel, createApp, endpoint } from "tidings";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { anyRate } from "../support/any-rate.js";
import { codeOf, greet, numbers, numbersOf, offsetsOf, type Position, positionOf } from "../support/channel-events.js";
import { FarBroker } from "../support/far-broker.js";
import { dialInMemory } from "../support/memory-client.js";
import { serve } from "../support/served-app.js";
import { type Arrival, dial, type WsClient } from "../support/ws-client.js";

const events = { item: z.object({ n: z.number() }) };
const allow = { subscribe: true } as const;
const feed = channel("feed/:name", { events, history: { size: 20, ttl: "5m" }, allow });
const loose = channel("loose", { events, allow });
const feeds = endpoint("/ws", { channels: [feed, loose], limits: { channels: 4 } });
const a = { name: "a" };
/** Puts who connects on two channels by itself. */
const joined = endpoint("/ws/joined", {
  channels: [feed, loose],
  limits: { channels: 4 },
  receives: { step: z.enum(["in", "out"]) },
  open: ({ connection }) => connection.join(feed(a), loose()),
  on: {
    step: ({ connection }, where) => (where === "in" ? connection.join(feed(a)) : connection.leave(feed(a))),
  },
});
const protocols = ["tidings.v1"];

function subscribe(client: WsClient, since?: object, more: object = {}): Promise<Arrival> {
  return client.ask("subscribe", { channel: "feed/a", since, ...more });
}

const recoveredOf = ({ payload }: Arrival) => (payload as { readonly recovered?: boolean }).recovered;

// By `subscribe`

test("who comes back with `since` gets every event after it, once and in order, then those that follow", async () => {
  await using server = await serve({ endpoints: [feeds] });
  const first = await dial(`${server.url}/ws`);
  const { epoch } = positionOf(await subscribe(first));
  for (const n of [1, 2]) await server.app.publish(feed(a), "item", { n });
  expect(offsetsOf(await first.take(2))).toEqual([1, 2]);
  first.terminate();
  for (const n of [3, 4, 5]) await server.app.publish(feed(a), "item", { n });
  const again = await dial(`${server.url}/ws`);
  expect(await subscribe(again, { epoch, offset: 2 })).toMatchObject({
    type: "subscribed",
    channel: "feed/a",
    payload: { epoch, offset: 2, recovered: true },
  });
  await server.app.publish(feed(a), "item", { n: 6 });
  const heard = await again.takeAll();
  expect(heard[0]).toEqual({ type: "item", channel: "feed/a", offset: 3, payload: { n: 3 } });
  expect(numbersOf(heard)).toEqual([3, 4, 5, 6]);
  expect(offsetsOf(heard)).toEqual([3, 4, 5, 6]);
  expect(server.app.stats()).toMatchObject({ resumes: 1, resumesFailed: 0, eventsReplayed: 3, gaps: 0 });
});

test.each([
  ["at the newest", 5, true, []],
  ["before the first", 0, true, [1, 2, 3, 4, 5]],
  ["in between", 3, true, [4, 5]],
  ["beyond the newest", 6, false, []],
  ["far beyond it", Number.MAX_SAFE_INTEGER, false, []],
])("who stood %s is told whether anything is missing", async (_, offset, recovered, missed) => {
  await using server = await serve({ endpoints: [feeds] });
  const client = await dial(`${server.url}/ws`);
  for (const n of numbers(1, 5)) await server.app.publish(feed(a), "item", { n });
  const { epoch } = positionOf(await subscribe(client));
  await client.ask("unsubscribe", { channel: "feed/a" });
  expect((await subscribe(client, { epoch, offset })).payload).toEqual({
    epoch,
    offset: recovered ? offset : 5,
    recovered,
  });
  await server.app.publish(feed(a), "item", { n: 6 });
  expect(numbersOf(await client.takeAll())).toEqual([...missed, 6]);
  expect(server.app.stats()).toMatchObject(recovered ? { resumes: 1 } : { resumesFailed: 1, resumes: 0 });
});

test("of another epoch nothing is replayed, and it goes on where the channel is", async () => {
  await using server = await serve({ endpoints: [feeds] });
  const client = await dial(`${server.url}/ws`);
  for (const n of [1, 2]) await server.app.publish(feed(a), "item", { n });
  const answer = await subscribe(client, { epoch: "another", offset: 1 });
  expect(answer.payload).toEqual({ epoch: expect.any(String), offset: 2, recovered: false });
  expect(positionOf(answer).epoch).not.toBe("another");
  await server.app.publish(feed(a), "item", { n: 3 });
  expect(numbersOf(await client.takeAll())).toEqual([3]);
});

test("a restarted server is another epoch", async () => {
  const positions: Position[] = [];
  for (const since of [undefined, 1]) {
    await using server = await serve({ endpoints: [feeds] });
    const client = await dial(`${server.url}/ws`);
    for (const n of [1, 2]) await server.app.publish(feed(a), "item", { n });
    const before = positions[0];
    const answer = await subscribe(client, before && { ...before, offset: since ?? 0 });
    expect(recoveredOf(answer)).toBe(since === undefined ? undefined : false);
    positions.push(positionOf(answer));
    expect(await client.takeAll()).toEqual([]);
  }
  expect(positions[0]?.epoch).not.toBe(positions[1]?.epoch);
});

test("a channel without history can't be resumed, and `recovered` is told only where `since` was sent", async () => {
  await using server = await serve({ endpoints: [feeds] });
  const client = await dial(`${server.url}/ws`);
  const since = { epoch: "e", offset: 0 };
  expect((await client.ask("subscribe", { channel: "loose", since })).payload).toEqual({ recovered: false });
  await server.app.publish(loose(), "item", { n: 1 });
  expect(await client.takeAll()).toEqual([{ type: "item", channel: "loose", payload: { n: 1 } }]);
  expect(recoveredOf(await subscribe(client))).toBeUndefined();
});

test("after the history was cut by its size: whole from the oldest that is kept on, otherwise `recovered:false`", async () => {
  await using server = await serve({ endpoints: [feeds] });
  const client = await dial(`${server.url}/ws`);
  const { epoch } = positionOf(await subscribe(client));
  for (const n of numbers(1, 30)) await server.app.publish(feed(a), "item", { n });
  await client.take(30);
  for (const [offset, recovered] of [
    [10, true],
    [9, false],
    [0, false],
    [29, true],
  ] as const) {
    await client.ask("unsubscribe", { channel: "feed/a" });
    expect(recoveredOf(await subscribe(client, { epoch, offset }))).toBe(recovered);
    expect(offsetsOf(await client.takeAll())).toEqual(recovered ? numbers(offset + 1, 30) : []);
  }
});

test("after the history was cut by its `ttl`: who misses nothing comes back, though the channel is quiet and empty", async () => {
  const app = createApp({ endpoints: [feeds] });
  await using server = await startTestApp(app);
  const client = await dialInMemory(server, "/ws");
  const { epoch } = positionOf(await subscribe(client));
  await app.publish(feed(a), "item", { n: 1 });
  await server.clock.advance("4m");
  await app.publish(feed(a), "item", { n: 2 });
  await client.takeAll();
  const comeBack = async (offset: number) => {
    await client.ask("unsubscribe", { channel: "feed/a" });
    const recovered = recoveredOf(await subscribe(client, { epoch, offset }));
    return [recovered, ...offsetsOf(await client.takeAll())];
  };
  expect(await comeBack(0)).toEqual([true, 1, 2]);
  await server.clock.advance("1m");
  expect(await comeBack(0)).toEqual([false]);
  expect(await comeBack(1)).toEqual([true, 2]);
  await server.clock.advance("23h");
  expect(await comeBack(1)).toEqual([false]);
  expect(await comeBack(2)).toEqual([true]);
  await app.publish(feed(a), "item", { n: 3 });
  expect(offsetsOf(await client.takeAll())).toEqual([3]);
});

test("a quiet channel that nobody is on keeps its position for `limits.positionTtl`, and then is another", async () => {
  const app = createApp({ endpoints: [feeds], limits: { positionTtl: "1h" } });
  await using server = await startTestApp(app);
  const client = await dialInMemory(server, "/ws");
  const { epoch } = positionOf(await subscribe(client));
  await app.publish(feed(a), "item", { n: 1 });
  await client.takeAll();
  const comeBack = async () => {
    const recovered = recoveredOf(await subscribe(client, { epoch, offset: 1 }));
    await client.ask("unsubscribe", { channel: "feed/a" });
    // What is forgotten is forgotten when something is published anywhere.
    await app.publish(feed({ name: "b" }), "item", { n: 1 });
    return recovered;
  };
  await client.ask("unsubscribe", { channel: "feed/a" });
  await server.clock.advance("59m");
  expect(await comeBack()).toBe(true);
  await server.clock.advance("60m");
  await app.publish(feed({ name: "b" }), "item", { n: 1 });
  expect(await comeBack()).toBe(false);
});

test("more than a page is missed: page after page, all of it", async () => {
  const big = channel("big", { events, history: { size: 1_000, ttl: "5m" }, allow });
  const shape = endpoint("/ws", { channels: [big] });
  await using server = await serve({ endpoints: [shape], limits: { historyPage: 7 } });
  const client = await dial(`${server.url}/ws`);
  const { epoch } = positionOf(await client.ask("subscribe", { channel: "big" }));
  await server.app.publish(big(), "item", { n: 1 });
  await client.next();
  await client.ask("unsubscribe", { channel: "big" });
  for (const n of numbers(2, 100)) await server.app.publish(big(), "item", { n });
  client.send({ type: "subscribe", payload: { channel: "big", since: { epoch, offset: 0 } }, id: 1 });
  for (const n of numbers(101, 110)) await server.app.publish(big(), "item", { n });
  expect(recoveredOf(await client.next())).toBe(true);
  expect(offsetsOf(await client.take(110))).toEqual(numbers(1, 110));
  expect(await client.takeAll()).toEqual([]);
});

test.each([
  ["of this process", {}],
  ["behind a network", { broker: new FarBroker() }],
])("with a broker %s: events that keep coming while it comes back, each once and in order", async (_, broker) => {
  const speakers = endpoint("/ws/speakers", {
    channels: [feed],
    limits: anyRate,
    receives: { say: z.object({ n: z.number() }) },
    on: { say: ({ app }, { n }) => app.publish(feed(a), "item", { n }) },
  });
  await using server = await serve({ endpoints: [feeds, speakers], ...broker });
  const probe = await dial(`${server.url}/ws`);
  let since = positionOf(await subscribe(probe));
  const speaker = await dial(`${server.url}/ws/speakers`);
  let isOver = false;
  const speaking = (async () => {
    for (let n = 1; !isOver; n += 1) await speaker.ask("say", { n });
  })();
  for (let round = 0; round < 20; round += 1) {
    const client = await dial(`${server.url}/ws`);
    client.send({ type: "subscribe", payload: { channel: "feed/a", since }, id: 1 });
    const answer = await client.next();
    let { offset } = positionOf(answer);
    if (recoveredOf(answer) === true) expect(offset).toBe(since.offset);
    else expect(offset).toBeGreaterThanOrEqual(since.offset);
    for (const next of await client.take(10)) {
      offset += 1;
      expect(next).toEqual({ type: "item", channel: "feed/a", offset, payload: { n: offset } });
    }
    since = { ...since, offset };
    client.terminate();
  }
  isOver = true;
  await speaking;
  expect(server.app.stats()).toMatchObject({ gaps: 0 });
  expect(server.app.stats().resumes).toBeGreaterThan(0);
});

test("`since` and `presence` go together", async () => {
  const crowd = channel("crowd", { events, history: { size: 5, ttl: "5m" }, presence: true, allow });
  await using server = await serve({ endpoints: [endpoint("/ws", { channels: [crowd] })] });
  const client = await dial(`${server.url}/ws`);
  const { epoch } = positionOf(await client.ask("subscribe", { channel: "crowd" }));
  await server.app.publish(crowd(), "item", { n: 1 });
  await client.takeAll();
  await client.ask("unsubscribe", { channel: "crowd" });
  const answer = await client.ask("subscribe", { channel: "crowd", since: { epoch, offset: 0 }, presence: true });
  expect(answer.payload).toEqual({ epoch, offset: 0, recovered: true, members: [{ id: expect.any(String) }] });
  expect(offsetsOf((await client.takeAll()).filter(({ type }) => type === "item"))).toEqual([1]);
});

// By `connect`

test("what `connect` says in `since` counts for the joins by the server: `recovered`, then what it missed", async () => {
  await using server = await serve({ endpoints: [joined] });
  const first = await greet(await dial(`${server.url}/ws/joined`, { protocols }));
  const [subscribed, ofLoose] = await first.take(2);
  const { epoch } = positionOf(subscribed as Arrival);
  expect([recoveredOf(subscribed as Arrival), ofLoose?.payload]).toEqual([undefined, {}]);
  first.terminate();
  for (const n of [1, 2, 3]) await server.app.publish(feed(a), "item", { n });
  const since = { "feed/a": { epoch, offset: 1 }, loose: { epoch, offset: 1 }, "feed/never": { epoch, offset: 9 } };
  const again = await greet(await dial(`${server.url}/ws/joined`, { protocols }), since);
  const heard = await again.takeAll();
  const of = (name: string) => heard.filter((each) => each.channel === name);
  expect(of("feed/a")).toEqual([
    { type: "subscribed", channel: "feed/a", payload: { epoch, offset: 1, recovered: true } },
    { type: "item", channel: "feed/a", offset: 2, payload: { n: 2 } },
    { type: "item", channel: "feed/a", offset: 3, payload: { n: 3 } },
  ]);
  expect(of("loose")).toEqual([{ type: "subscribed", channel: "loose", payload: { recovered: false } }]);
  expect(heard).toHaveLength(4);
});

test("it counts for the first join on this connection, and for no other", async () => {
  await using server = await serve({ endpoints: [joined] });
  const first = await greet(await dial(`${server.url}/ws/joined`, { protocols }));
  const { epoch } = positionOf(await first.next());
  await server.app.publish(feed(a), "item", { n: 1 });
  const since = { "feed/a": { epoch, offset: 0 } };
  const client = await greet(await dial(`${server.url}/ws/joined`, { protocols }), since);
  expect(offsetsOf(await client.takeAll())).toContain(1);
  client.send({ type: "step", payload: "out", id: 1 });
  await client.takeUntil(1);
  client.send({ type: "step", payload: "in", id: 2 });
  expect(await client.takeUntil(2)).toEqual([{ type: "subscribed", channel: "feed/a", payload: { epoch, offset: 1 } }]);
});

test("what a client subscribes to itself it tells of in `subscribe`: `connect` is about the server's joins", async () => {
  await using server = await serve({ endpoints: [feeds] });
  await server.app.publish(feed(a), "item", { n: 1 });
  const probe = await dial(`${server.url}/ws`);
  const { epoch } = positionOf(await subscribe(probe));
  const client = await greet(await dial(`${server.url}/ws`, { protocols }), { "feed/a": { epoch, offset: 0 } });
  expect((await subscribe(client)).payload).toEqual({ epoch, offset: 1 });
  expect(await client.takeAll()).toEqual([]);
});

test("a plain client that joined by the server's doing gets what is live, and no place", async () => {
  await using server = await serve({ endpoints: [joined] });
  await server.app.publish(feed(a), "item", { n: 1 });
  const client = await dial(`${server.url}/ws/joined`);
  expect(await client.takeAll()).toEqual([]);
  await server.app.publish(feed(a), "item", { n: 2 });
  expect(await client.takeAll()).toEqual([{ type: "item", channel: "feed/a", offset: 2, payload: { n: 2 } }]);
});

test("more entries in `since` than `limits.channels` is `too_many_channels`, and as many are taken", async () => {
  await using server = await serve({ endpoints: [feeds] });
  const sinceOf = (count: number) =>
    Object.fromEntries(numbers(1, count).map((n) => [`feed/${n}`, { epoch: "e", offset: n }]));
  const client = await greet(await dial(`${server.url}/ws`, { protocols }), sinceOf(4));
  expect(await client.takeAll()).toEqual([]);
  const refused = await dial(`${server.url}/ws`, { protocols });
  refused.send({ type: "connect", payload: { since: sinceOf(5) } });
  expect(await refused.closed).toMatchObject({ code: 1008, reason: "too_many_channels" });
  expect(refused.unread).toEqual([]);
});

const position = '{"epoch":"e","offset":1}';
test.each([
  "null",
  "[]",
  "7",
  '"feed/a"',
  "true",
  '{"feed/a":null}',
  '{"feed/a":{}}',
  '{"feed/a":{"epoch":"e"}}',
  '{"feed/a":{"offset":1}}',
  '{"feed/a":{"epoch":"","offset":1}}',
  '{"feed/a":{"epoch":7,"offset":1}}',
  `{"feed/a":{"epoch":"${"e".repeat(33)}","offset":1}}`,
  '{"feed/a":{"epoch":"e","offset":-1}}',
  '{"feed/a":{"epoch":"e","offset":1.5}}',
  '{"feed/a":{"epoch":"e","offset":"1"}}',
  '{"feed/a":{"epoch":"e","offset":9007199254740992}}',
  '{"feed/a":{"epoch":"e","offset":1e400}}',
  `{"feed/a":${position},"feed/b":[]}`,
  '{"__proto__":7}',
])("`connect` with the malformed `since` %s is refused: `bad_request`", async (since) => {
  await using server = await serve({ endpoints: [joined] });
  const client = await dial(`${server.url}/ws/joined`, { protocols });
  client.sendText(`{"type":"connect","payload":{"since":${since}}}`);
  expect(await client.closed).toMatchObject({ code: 1008, reason: "bad_request" });
  expect(client.unread).toEqual([]);
  expect(server.app.stats()).toMatchObject({ connections: 0, channels: 0, handlerErrors: 0 });
});

test.each([
  "{}",
  `{"__proto__":${position}}`,
  `{"constructor":${position},"":${position}}`,
  `{"${"x".repeat(1_000)}":${position}}`,
  `{"$tasks/ana":${position}}`,
])("`connect` with names in `since` that no channel has, such as %s, is as without them", async (since) => {
  await using server = await serve({ endpoints: [joined] });
  const client = await dial(`${server.url}/ws/joined`, { protocols });
  client.sendText(`{"type":"connect","payload":{"since":${since}}}`);
  const heard = await client.take(3);
  expect(heard.map(codeOf)).toEqual(["connected", "subscribed", "subscribed"]);
  expect(heard.map((each) => recoveredOf({ type: "", payload: each.payload ?? {} }))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

// What is lost while it is connected

test("an epoch that changes under who listens is a `gap` in the place of what may be lost", async () => {
  const app = createApp({ endpoints: [feeds], limits: { historyBytes: "1kb" } });
  await using server = await startTestApp(app);
  const client = await dialInMemory(server, "/ws");
  const { epoch } = positionOf(await subscribe(client));
  await app.publish(feed(a), "item", { n: 1 });
  for (const name of ["b", "c", "d"]) await app.publish(feed({ name }), "item", { n: 0 });
  await app.publish(feed(a), "item", { n: 2 });
  const [first, gap, second] = await client.take(3);
  expect(first).toMatchObject({ offset: 1, payload: { n: 1 } });
  expect(gap).toEqual({ type: "gap", channel: "feed/a", payload: { epoch: expect.any(String), offset: 0 } });
  expect(positionOf(gap as Arrival).epoch).not.toBe(epoch);
  expect(second).toMatchObject({ offset: 1, payload: { n: 2 } });
  expect(app.stats().gaps).toBe(1);
});
