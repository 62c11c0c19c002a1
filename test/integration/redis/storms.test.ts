import { expect, test } from "vitest";
import type { BrokerLink, KeptEvent } from "../../../src/broker/broker.js";
import { redis } from "../../../src/redis/index.js";
import { Line, type LineOptions } from "../../../src/redis/line.js";
import { Subscriptions } from "../../../src/redis/subscriptions.js";
import {
  connectProcess,
  connectProcesses,
  type Process,
  publicationOf,
  untilAnswer,
} from "../../conformance/broker.js";
import { startProxy } from "../../support/redis/proxy.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";

// A Redis as it is installed ends a connection that listens and has not taken 32 MB, of which answers are a part.

const keep = { size: 1_000, ttlMs: 600_000 };

/** As many events, with so many bytes each. */
async function publishMany(link: BrokerLink, count: number, bytes: number): Promise<void> {
  const text = "x".repeat(bytes);
  await Promise.all(upTo(count).map((n) => link.publish({ ...publicationOf("room", `${n} ${text}`), keep })));
}

const numberIn = (payload: unknown) => Number.parseInt(String(payload), 10);
const numbersOf = (events: readonly KeptEvent[]) => events.map(({ payloadJson }) => numberIn(JSON.parse(payloadJson)));
const upTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1);

async function scriptsRun(server: RedisServer): Promise<number> {
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(String(await server.command("INFO", "commandstats")))?.[1]);
}

test("many who resume at once, each from a place of its own, do not cut the line", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
  const [{ link, node }] = processes.all as [Process];
  await link.subscribe("room", true);
  await publishMany(link, 25, 10_000);
  // All together 60 MB.
  const reads = Array.from({ length: 250 }, (_, n) => link.read("room", { after: 0, limit: 25 + n }));
  for (const { events } of await Promise.all(reads)) expect(events).toHaveLength(25);
  expect(node.outages).toEqual([]);
});

test("thousands who resume at once from the same place are answered by one another's page", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
  const [{ link, node }] = processes.all as [Process];
  await link.subscribe("room", true);
  await publishMany(link, 100, 500);
  const before = await scriptsRun(server);
  const pages = await Promise.all(Array.from({ length: 3_000 }, () => link.read("room", { after: 0, limit: 500 })));
  for (const { events } of pages) expect(events).toHaveLength(100);
  expect((await scriptsRun(server)) - before).toBeLessThan(50);
  expect(node.outages).toEqual([]);
});

test("many who ask for the members at once do not cut the line", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
  const [{ link, node }] = processes.all as [Process];
  const faceJson = JSON.stringify("x".repeat(1_000));
  await Promise.all(upTo(100).map((n) => link.attend("room", { id: `m${n}`, faceJson })));
  // All together 60 MB.
  const read = await Promise.all(Array.from({ length: 600 }, () => link.members("room", 100)));
  expect(read.filter(({ members }) => members.length !== 100)).toEqual([]);
  expect(node.outages).toEqual([]);
});

test("a hole with more in it than a line may carry at once is filled", async () => {
  await using server = await startRedis();
  await using proxy = await startProxy(server);
  const other = await connectProcess(redis({ url: server.url }));
  await using processes = await connectProcesses(() => redis({ url: proxy.url }), 1);
  const [{ link, node }] = processes.all as [Process];
  await link.subscribe("room", true);
  proxy.cut();
  await publishMany(other.link, 350, 100_000);
  proxy.mend();
  await node.until(() => node.events.length >= 350);
  expect(node.heard("room").map(numberIn)).toEqual(upTo(350));
  expect(node.skips).toEqual([]);
  await node.until(() => node.outages.at(-1) === "back");
  expect(node.outages).toHaveLength(2);
  await other.link.close();
});

test("the newest are read in one, in their order, also where they are more than a line may carry at once", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
  const [{ link, node }] = processes.all as [Process];
  await publishMany(link, 350, 100_000);
  const newest = await link.read("room", { limit: 340 });
  expect(numbersOf(newest.events)).toEqual(upTo(350).slice(10));
  const older = await link.read("room", { before: 11, limit: 340 });
  expect(numbersOf(older.events)).toEqual(upTo(10));
  expect(node.outages).toEqual([]);
});

test("of what is behind a place a page has what there are bytes for, and the next goes on there, until all was read", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
  const [{ link }] = processes.all as [Process];
  await publishMany(link, 9, 100_000);
  await publishMany(link, 1, 1_000_000);
  const found: number[][] = [];
  for (let after = 0; after < 10; ) {
    const { events, isComplete } = await link.read("room", { after, limit: 500 });
    expect(isComplete).toBe(true);
    found.push(numbersOf(events));
    after = events.at(-1)?.offset ?? Number.POSITIVE_INFINITY;
  }
  // The last is larger than a page, and comes all the same.
  expect(found).toEqual([[1, 2], [3, 4], [5, 6], [7, 8], [9], [1]]);
});

test("a server that answers one thing after the other is not away, though the last has to wait for longer than `timeout`", async () => {
  await using server = await startRedis();
  const ends: unknown[] = [];
  const line = await Line.dial({
    ...lineOptions(server),
    patienceMs: 400,
    hear: () => {},
    end: (_, reason) => ends.push(reason),
  });
  // There is no replica, so each takes its time, and what is asked meanwhile waits behind them.
  await Promise.all(Array.from({ length: 15 }, () => line.replicated(1, 100)));
  expect(ends).toEqual([]);
  line.end("over");
});

test("who leaves before it was let in, and comes back, hears what is said", async () => {
  await using server = await startRedis();
  const heard: string[] = [];
  const line = await Line.dial({ ...lineOptions(server), hear: (_, message) => heard.push(message) });
  let isWanted = true;
  const subscriptions = new Subscriptions({
    lines: () => [line],
    lineOf: () => line,
    isWanted: () => isWanted,
    follow: async () => {},
    refuse: () => {},
  });
  subscriptions.change("topic");
  subscriptions.flush();
  const joined = line.changing("topic");
  // Whatever is asked next is answered when this is: there is no replica, so it takes its time.
  const held = line.replicated(1, 200);
  isWanted = false;
  subscriptions.change("topic");
  subscriptions.flush();
  await joined;
  isWanted = true;
  subscriptions.change("topic");
  await held;
  await subscriptions.settle();
  await line.subscribe(["fence"]);
  await server.command("PUBLISH", "topic", "hi");
  await server.command("PUBLISH", "fence", "end");
  await untilAnswer(
    async () => heard,
    (messages) => messages.includes("end"),
  );
  line.end(new Error("The test is over."));
  expect(heard).toEqual(["hi", "end"]);
});

function lineOptions({ url }: RedisServer): Omit<LineOptions, "hear"> {
  const client = { url };
  return { client, address: undefined, isSharded: false, patienceMs: 5_000, deafen: () => {}, end: () => {} };
}

test("what was said while the way to Redis was cut is told when it is back, though nobody says a word", async () => {
  await using server = await startRedis();
  await using proxy = await startProxy(server);
  const other = await connectProcess(redis({ url: server.url }));
  await using processes = await connectProcesses(() => redis({ url: proxy.url }), 1);
  const [{ link, node }] = processes.all as [Process];
  await link.subscribe("room", true);
  proxy.cut();
  await publishMany(other.link, 3, 1);
  proxy.mend();
  await node.until(() => node.outages.at(-1) === "back");
  await processes.settle();
  expect(node.heard("room").map(numberIn)).toEqual([1, 2, 3]);
  await other.link.close();
});

test("who leaves in the midst of what is told late is told no more of it", async () => {
  await using server = await startRedis();
  await using proxy = await startProxy(server);
  const other = await connectProcess(redis({ url: server.url }));
  await using processes = await connectProcesses(() => redis({ url: proxy.url }), 1);
  const [{ link, node }] = processes.all as [Process];
  await link.subscribe("room", true);
  proxy.cut();
  await publishMany(other.link, 3, 1);
  let left: Promise<void> | undefined;
  node.onEvent = () => {
    left ??= link.unsubscribe("room");
  };
  proxy.mend();
  await node.until(() => node.outages.at(-1) === "back");
  await node.until(() => left !== undefined);
  await left;
  expect(node.heard("room").map(numberIn)).toEqual([1]);
  await other.link.close();
});
