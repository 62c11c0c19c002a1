import { type AppLimits, channel, createApp, endpoint } from "tidings";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { codeOf, greet, numbers, numbersOf, offsetsOf, positionOf } from "../support/channel-events.js";
import { dialInMemory } from "../support/memory-client.js";
import { type ServedApp, serve } from "../support/served-app.js";
import { type Arrival, dial } from "../support/ws-client.js";

const events = { item: z.object({ n: z.number() }), other: z.string() };
const allow = { subscribe: true } as const;
const feed = channel("feed", { events, history: { size: 20, ttl: "5m" }, allow });
const loose = channel("loose", { events, allow });
const feeds = endpoint("/ws", { channels: [feed, loose] });
const feedName = { channel: "feed" };

async function start(limits: AppLimits = {}) {
  const server = await serve({ endpoints: [feeds], limits });
  return { server, client: await dial(`${server.url}/ws`) };
}

async function publish({ app }: Pick<ServedApp, "app">, ns: readonly number[]): Promise<void> {
  for (const n of ns) await app.publish(feed(), "item", { n });
}

function eventsIn({ payload }: Arrival): readonly Arrival[] {
  return (payload as { readonly events: readonly Arrival[] }).events;
}

test("`history` gives what is kept, oldest first, with type, offset and payload", async () => {
  const { server, client } = await start();
  await using _ = server;
  const { epoch } = positionOf(await client.ask("subscribe", feedName));
  await server.app.publish(feed(), "item", { n: 1 });
  await server.app.publish(feed(), "other", "x");
  await client.take(2);
  expect(await client.ask("history", feedName, 8)).toEqual({
    type: "reply",
    id: 8,
    channel: "feed",
    payload: {
      epoch,
      events: [
        { type: "item", offset: 1, payload: { n: 1 } },
        { type: "other", offset: 2, payload: "x" },
      ],
    },
  });
});

test.each([
  [{}, numbers(6, 25)],
  [{ limit: 3 }, [23, 24, 25]],
  [{ limit: 0 }, []],
  [{ limit: 3, before: 12 }, [9, 10, 11]],
  [{ limit: 3, before: 7 }, [6]],
  [{ before: 6 }, []],
  [{ before: 0 }, []],
  [{ limit: 100, before: 9_999 }, numbers(6, 25)],
  [{ limit: Number.MAX_SAFE_INTEGER, before: Number.MAX_SAFE_INTEGER }, numbers(6, 25)],
])("`history` with %j gives the newest `limit` before `before`, of what is kept", async (range, expected) => {
  const { server, client } = await start();
  await using _ = server;
  await publish(server, numbers(1, 25));
  await client.ask("subscribe", feedName);
  const found = eventsIn(await client.ask("history", { ...feedName, ...range }));
  expect(numbersOf(found)).toEqual(expected);
  expect(offsetsOf(found)).toEqual(expected);
});

test("without a limit it is the newest 100, and never more than `limits.historyPage`", async () => {
  const big = channel("big", { events, history: { size: 1_000, ttl: "5m" }, allow });
  for (const [limits, limit, expected] of [
    [{}, undefined, numbers(41, 140)],
    [{}, 120, numbers(21, 140)],
    [{ historyPage: 7 }, undefined, numbers(134, 140)],
    [{ historyPage: 7 }, 120, numbers(134, 140)],
  ] as const) {
    await using server = await serve({ endpoints: [endpoint("/ws", { channels: [big] })], limits });
    const client = await dial(`${server.url}/ws`);
    for (let n = 1; n <= 140; n += 1) await server.app.publish(big(), "item", { n });
    await client.ask("subscribe", { channel: "big" });
    expect(offsetsOf(eventsIn(await client.ask("history", { channel: "big", limit })))).toEqual(expected);
  }
});

test("page by page, `before` leads back to the oldest, whatever is published meanwhile", async () => {
  const { server, client } = await start();
  await using _ = server;
  await publish(server, numbers(1, 10));
  await client.ask("subscribe", feedName);
  let pages: Arrival[] = [];
  let before: number | undefined;
  for (let page = 0; page < 5; page += 1) {
    client.send({ type: "history", payload: { ...feedName, limit: 3, before }, id: page });
    await publish(server, [11 + page]);
    let answer = await client.next();
    while (answer.id !== page) answer = await client.next();
    const found = eventsIn(answer);
    if (found.length === 0) break;
    pages = [...found, ...pages];
    before = offsetsOf(found)[0];
  }
  const seen = offsetsOf(pages);
  expect(seen).toEqual(numbers(1, seen.length));
  expect(seen.length).toBeGreaterThanOrEqual(10);
});

test("`history` is for who is on the channel, by whosever doing, where it keeps one", async () => {
  const shape = endpoint("/ws/joined", { channels: [feed], open: ({ connection }) => connection.join(feed()) });
  await using server = await serve({ endpoints: [feeds, shape] });
  await publish(server, [1]);
  const client = await dial(`${server.url}/ws`);
  expect(codeOf(await client.ask("history", feedName, 1))).toBe("not_subscribed");
  await client.ask("subscribe", { channel: "loose" });
  expect(codeOf(await client.ask("history", { channel: "loose" }, 2))).toBe("forbidden");
  await client.ask("subscribe", feedName);
  expect(codeOf(await client.ask("history", feedName, 3))).toBe("reply");
  await client.ask("unsubscribe", feedName);
  expect(codeOf(await client.ask("history", feedName, 4))).toBe("not_subscribed");
  const joined = await dial(`${server.url}/ws/joined`);
  expect(numbersOf(eventsIn(await joined.ask("history", feedName)))).toEqual([1]);
});

test("`history` without an id is `invalid_message`: nobody could tell the answer", async () => {
  const { server, client } = await start();
  await using _ = server;
  await client.ask("subscribe", feedName);
  client.send({ type: "history", payload: feedName });
  expect(await client.next()).toMatchObject({
    type: "error",
    channel: "feed",
    payload: { code: "invalid_message", type: "history" },
  });
});

test("what is older than its `ttl` is not kept, by the broker's clock", async () => {
  const app = createApp({ endpoints: [feeds] });
  await using server = await startTestApp(app);
  const client = await dialInMemory(server, "/ws");
  await client.ask("subscribe", feedName);
  await app.publish(feed(), "item", { n: 1 });
  await server.clock.advance("3m");
  await app.publish(feed(), "item", { n: 2 });
  await client.takeAll();
  const kept = async () => numbersOf(eventsIn(await client.ask("history", feedName)));
  await server.clock.advance("119999ms");
  expect(await kept()).toEqual([1, 2]);
  await server.clock.advance("1ms");
  expect(await kept()).toEqual([2]);
  await server.clock.advance("3m");
  expect(await kept()).toEqual([]);
  await app.publish(feed(), "item", { n: 3 });
  expect(offsetsOf(await client.takeAll())).toEqual([3]);
});

test("the server's own `app.history` gives the same, and nothing without history", async () => {
  const { server } = await start();
  await using _ = server;
  await publish(server, numbers(1, 25));
  expect(await server.app.history(feed(), { limit: 2, before: 20 })).toEqual([
    { type: "item", offset: 18, payload: { n: 18 } },
    { type: "item", offset: 19, payload: { n: 19 } },
  ]);
  await server.app.publish(loose(), "item", { n: 1 });
  expect(await server.app.history(loose())).toEqual([]);
  for (const limit of [0, -1, 1.5, Number.NaN]) {
    await expect(server.app.history(feed(), { limit })).rejects.toThrow(TypeError);
    await expect(server.app.history(feed(), { before: limit })).rejects.toThrow(TypeError);
  }
});

// Rewind

test.each([
  [0, []],
  [1, [25]],
  [5, [21, 22, 23, 24, 25]],
  [20, numbers(6, 25)],
  [1_000, numbers(6, 25)],
])("`rewind` %i gives so many of the latest events first, as far as they are kept", async (rewind, expected) => {
  const { server, client } = await start();
  await using _ = server;
  await publish(server, numbers(1, 25));
  const answer = await client.ask("subscribe", { ...feedName, rewind });
  expect(answer.payload).toEqual({ epoch: expect.any(String), offset: 25 - expected.length });
  await publish(server, [26]);
  const heard = await client.takeAll();
  expect(offsetsOf(heard)).toEqual([...expected, 26]);
  expect(heard.every((each) => each.channel === "feed" && each.type === "item")).toBe(true);
});

test("`rewind` is cut at `limits.historyPage`", async () => {
  const { server, client } = await start({ historyPage: 4 });
  await using _ = server;
  await publish(server, numbers(1, 10));
  expect(positionOf(await client.ask("subscribe", { ...feedName, rewind: 9 })).offset).toBe(6);
  expect(numbersOf(await client.takeAll())).toEqual([7, 8, 9, 10]);
});

test("`rewind` of a channel that nothing was said on, or that keeps nothing, gives nothing", async () => {
  const { server, client } = await start();
  await using _ = server;
  expect(positionOf(await client.ask("subscribe", { ...feedName, rewind: 5 })).offset).toBe(0);
  await server.app.publish(loose(), "item", { n: 1 });
  expect((await client.ask("subscribe", { channel: "loose", rewind: 5 })).payload).toEqual({});
  await publish(server, [1]);
  expect(offsetsOf(await client.takeAll())).toEqual([1]);
});

// What history has that live delivery has not

test("who was excepted hears nothing live, and finds the event in replay and history", async () => {
  const shape = endpoint("/ws", {
    channels: [feed],
    receives: { sayToOthers: z.number() },
    on: { sayToOthers: ({ app, connection }, n) => app.publish(feed(), "item", { n }, { except: connection }) },
  });
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`);
  const { epoch } = positionOf(await client.ask("subscribe", feedName));
  await publish(server, [1]);
  client.send({ type: "sayToOthers", payload: 2, id: 2 });
  await client.takeUntil(2);
  await publish(server, [3]);
  expect(offsetsOf(await client.takeAll())).toEqual([3]);
  expect(numbersOf(eventsIn(await client.ask("history", feedName)))).toEqual([1, 2, 3]);
  await client.ask("unsubscribe", feedName);
  await client.ask("subscribe", { ...feedName, since: { epoch, offset: 1 } });
  expect(numbersOf(await client.takeAll())).toEqual([2, 3]);
});

test("a server's join replays nothing by itself", async () => {
  const shape = endpoint("/ws", { channels: [feed], open: ({ connection }) => connection.join(feed()) });
  await using server = await serve({ endpoints: [shape] });
  await publish(server, [1, 2]);
  const client = await greet(await dial(`${server.url}/ws`, { protocols: ["tidings.v1"] }));
  const [subscribed, ...others] = await client.takeAll();
  expect(subscribed).toEqual({
    type: "subscribed",
    channel: "feed",
    payload: { epoch: expect.any(String), offset: 2 },
  });
  expect(others).toEqual([]);
});

test("an answer to `history` holds no more than the outbox does, and the newest event at least", async () => {
  const large = channel("large", { events: { item: z.string() }, history: { size: 20, ttl: "5m" }, allow });
  const shape = endpoint("/ws", { channels: [large], limits: { outbox: "10kb" } });
  await using server = await serve({ endpoints: [shape] });
  const client = await dial(`${server.url}/ws`);
  await client.ask("subscribe", { channel: "large" });
  for (const size of [3_000, 3_000, 3_000, 3_000, 3_000]) await server.app.publish(large(), "item", "x".repeat(size));
  await client.take(5);
  const answer = await client.ask("history", { channel: "large" });
  expect(offsetsOf(eventsIn(answer))).toEqual([3, 4, 5]);
  await server.app.publish(large(), "item", "x".repeat(30_000));
  await client.next();
  const newest = await client.ask("history", { channel: "large" });
  expect(offsetsOf(eventsIn(newest))).toEqual([6]);
});
