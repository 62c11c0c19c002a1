import { expect, test } from "vitest";
import type { HistoryRange } from "../../../src/broker/broker.js";
import { redis } from "../../../src/redis/index.js";
import { connectProcesses, type Process, publicationOf, untilAnswer } from "../../conformance/broker.js";
import { startProxy } from "../../support/redis/proxy.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";

/** How many connections listen to a channel. */
async function listeners(server: RedisServer, channel: string): Promise<number> {
  const answer = await server.command("PUBSUB", "NUMSUB", `tidings:{${channel}}`);
  const [, count] = answer as [string, number]; // the name that was asked for, and how many
  return count;
}

/** How often each command was asked for since `CONFIG RESETSTAT`. */
async function callsOf(server: RedisServer): Promise<ReadonlyMap<string, number>> {
  const stats = String(await server.command("INFO", "commandstats"));
  return new Map(
    [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name = "", calls]) => [name, Number(calls)]),
  );
}

/** Keys and how many milliseconds they are kept for; -1: for ever. */
async function lifetimes(server: RedisServer): Promise<Map<string, number>> {
  const keys = (await server.command("KEYS", "*")) as string[]; // a list of names
  const found = new Map<string, number>();
  for (const key of keys) found.set(key, Number(await server.command("PTTL", key)));
  return found;
}

const neverOver = (found: ReadonlyMap<string, number>) => [...found].filter(([, ms]) => ms < 0).map(([key]) => key);

test("a process listens to a channel once, and no more when it has left", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 2);
  const [a, b] = processes.all as [Process, Process];
  await Promise.all([a.link.subscribe("chat/a"), a.link.subscribe("chat/a"), b.link.subscribe("chat/a")]);
  await a.link.subscribe("chat/a");
  expect(await listeners(server, "chat/a")).toBe(2);
  await a.link.unsubscribe("chat/a");
  await untilAnswer(
    () => listeners(server, "chat/a"),
    (count) => count === 1,
  );
  await b.link.unsubscribe("chat/a");
  await untilAnswer(
    () => listeners(server, "chat/a"),
    (count) => count === 0,
  );
});

test("a process has one connection, over which it asks and hears", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 2);
  const [a] = processes.all as [Process];
  await a.link.subscribe("chat/a");
  const clients = String(await server.command("CLIENT", "LIST"))
    .trim()
    .split("\n");
  const subs = clients.map((client) => Number(/ sub=(\d+)/.exec(client)?.[1])).sort((one, other) => one - other);
  const [own, other, listening] = subs;
  // The test's own, a process that hears what is said to all of them, and one that hears the channel too.
  expect([subs.length, own, listening]).toEqual([3, 0, Number(other) + 1]);
});

test("what is read of a history is not much more than who asks has room for", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
  const [{ link }] = processes.all as [Process];
  const keep = { size: 100, ttlMs: 60_000 };
  const large = "x".repeat(60_000);
  for (let n = 0; n < 100; n += 1) await link.publish({ ...publicationOf("chat/a", large), keep });
  const { offset } = await link.read("chat/a", { limit: 0 });
  const sentFor = async (range: HistoryRange) => {
    await server.command("CONFIG", "RESETSTAT");
    const { events } = await link.read("chat/a", range);
    const stats = String(await server.command("INFO", "stats"));
    const sent = Number(/^total_net_output_bytes:(\d+)/m.exec(stats)?.[1]);
    return { count: events.length, isLittle: sent < (events.length + 2) * 61_000 };
  };
  expect(await sentFor({ limit: 100, bytes: 1_048_576 })).toEqual({ count: 17, isLittle: true });
  expect(await sentFor({ limit: 100, bytes: 200_000 })).toEqual({ count: 3, isLittle: true });
  expect(await sentFor({ limit: 100, bytes: 1_000 })).toEqual({ count: 1, isLittle: true });
  expect(await sentFor({ after: offset - 90, limit: 100, bytes: 130_000 })).toEqual({ count: 2, isLittle: true });
});

test("however many ask at once who is present, and however many those are, it is read twice at most", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
  const [{ link }] = processes.all as [Process];
  const members = Array.from({ length: 1_500 }, (_, n) => ({ id: `m${n}`, faceJson: `{"n":${n}}` }));
  await Promise.all(members.map((member) => link.attend("chat/a", member)));
  await server.command("CONFIG", "RESETSTAT");
  const answers = await Promise.all(Array.from({ length: 50 }, () => link.members("chat/a", 2_000)));
  for (const answer of answers) expect(answer).toEqual({ members, count: 1_500 });
  const calls = await callsOf(server);
  // Beside these are what keeps the process known.
  expect(calls.get("evalsha")).toBeLessThan(10);
  expect(calls.get("hmget")).toBeLessThan(10);
});

test("what a turn joins, and leaves, is asked for together", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
  const [a] = processes.all as [Process];
  const channels = Array.from({ length: 500 }, (_, n) => `room/${n}`);
  await server.command("CONFIG", "RESETSTAT");
  await Promise.all(channels.map((channel) => a.link.subscribe(channel)));
  const joined = await callsOf(server);
  expect(joined.get("subscribe")).toBe(1);
  expect(joined.get("evalsha")).toBeLessThanOrEqual(10);
  await Promise.all(channels.map((channel) => a.link.unsubscribe(channel)));
  await untilAnswer(
    () => listeners(server, "room/499"),
    (count) => count === 0,
  );
  expect((await callsOf(server)).get("unsubscribe")).toBe(1);
});

test("who leaves and comes back in one turn hears the channel", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 2);
  const [a, b] = processes.all as [Process, Process];
  await a.link.subscribe("chat/a");
  const left = a.link.unsubscribe("chat/a");
  await Promise.all([left, a.link.subscribe("chat/a")]);
  await b.publish("chat/a", "hi");
  await a.node.until(() => a.node.events.length > 0);
  expect(a.node.heard("chat/a")).toEqual(["hi"]);
  expect(await listeners(server, "chat/a")).toBe(1);
});

/** Everything that leaves something in Redis. */
async function fillRedis({ link }: Process): Promise<void> {
  const keep = { size: 5, ttlMs: 60_000 };
  await link.subscribe("chat/a", true);
  await link.subscribe("chat/quiet");
  await link.publish({ ...publicationOf("chat/a", 1), key: "k1", keep });
  await link.publish({ ...publicationOf("tasks/a", 1), keep: { ...keep, subject: { name: "t1", part: "last" } } });
  await link.publish({ ...publicationOf("chat/live", 1), key: "k2" });
  await link.attend("chat/a", { id: "ana", faceJson: "{}" });
  await link.reserve("ana", "c1", 5);
  await link.arrive("ana", "c1");
  await link.countInWindow("ana", "chat", { count: 5, windowMs: 10_000 }, Date.now());
  await link.notify("topic", "1");
  await link.revoke({ user: "bob", revokedAtMs: Date.now(), untilMs: Date.now() + 60_000 }, 10);
}

test("what is left when all processes have closed is over some time", async () => {
  await using server = await startRedis();
  {
    await using processes = await connectProcesses(() => redis({ url: server.url }), 2);
    for (const process of processes.all) await fillRedis(process);
  }
  const found = await lifetimes(server);
  expect(found.size).toBeGreaterThan(0);
  expect(neverOver(found)).toEqual([]);
  expect([...found.keys()].filter((key) => /users|alive|members/.test(key) && !key.includes(":rate"))).toEqual([]);
});

test("what a process that was killed has left is over some time", async () => {
  await using server = await startRedis();
  await using proxy = await startProxy(server);
  await using processes = await connectProcesses(() => redis({ url: proxy.url }), 1);
  const [a] = processes.all as [Process];
  await fillRedis(a);
  proxy.cut();
  await a.node.until(() => a.node.outages.length > 0);
  const found = await lifetimes(server);
  expect(found.size).toBeGreaterThan(10);
  expect(neverOver(found)).toEqual([]);
});
