import { expect, test } from "vitest";
import type { Publication, Subject } from "../../../src/broker/broker.js";
import { redis } from "../../../src/redis/index.js";
import {
  connectProcess,
  connectProcesses,
  type Process,
  publicationOf,
  untilAnswer,
} from "../../conformance/broker.js";
import { startProxy } from "../../support/redis/proxy.js";
import { startRedis } from "../../support/redis/redis-server.js";

const keep = { size: 10, ttlMs: 60_000 };
const kept = (payload: unknown, more: Partial<Publication> = {}): Publication => ({
  ...publicationOf("chat/a", payload),
  keep,
  ...more,
});
const about = (name: string, payload: unknown, part?: Subject["part"]): Publication =>
  kept(payload, { keep: { ...keep, subject: { name, part } } });

const key = "tidings:{chat/a}";

/** What is kept behind a place, and whether something is missing. */
async function page({ link }: Process, after?: number): Promise<unknown> {
  const { events, isComplete } = await link.read("chat/a", { after, limit: 100 });
  return [events.map(({ payloadJson }) => JSON.parse(payloadJson)), isComplete];
}

test("a Redis that comes back with an older snapshot goes on in another epoch, with what it has and a gap", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
  const [a] = processes.all as [Process];
  await a.link.subscribe("chat/a", true);
  for (const n of [1, 2]) await a.link.publish(kept(n));
  await server.snapshot();
  const last = await a.link.publish(kept(3));
  await server.kill();
  await server.restoreSnapshot();
  await server.start();
  await a.node.until(() => a.node.outages.at(-1) === "back");
  const next = await a.link.publish(kept("anew"));
  expect(next.epoch).not.toBe(last.epoch);
  expect(next.offset).toBe(3);
  expect(await page(a)).toEqual([[1, 2, "anew"], true]);
  expect(a.node.skips).toEqual([{ channel: "chat/a", epoch: next.epoch, offset: 2 }]);
  expect(a.node.heard("chat/a")).toEqual([1, 2, 3, "anew"]);
});

test.each([
  ["events", (n: number) => kept(n)],
  ["events about subjects", (n: number) => about(`s${n}`, n)],
])("where Redis has forgotten the %s alone, something is missing", async (_, publicationFor) => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
  const [a] = processes.all as [Process];
  const { epoch } = await a.link.publish(publicationFor(1));
  for (const n of [2, 3]) await a.link.publish(publicationFor(n));
  expect(await page(a, 0)).toEqual([[1, 2, 3], true]);

  await server.command("DEL", `${key}:events`);
  expect(await page(a, 0)).toEqual([[], false]);
  expect(await page(a, 3)).toEqual([[], true]);
  expect(await a.link.publish(publicationFor(4))).toEqual({ epoch, offset: 4 });
  expect(await page(a, 0)).toEqual([[4], false]);
  expect(await page(a, 2)).toEqual([[4], false]);
  expect(await page(a, 3)).toEqual([[4], true]);
});

test("where Redis has forgotten the channel, it begins anew and nothing old is shown", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 2);
  const [a, b] = processes.all as [Process, Process];
  await b.link.subscribe("chat/a", true);
  for (const n of [1, 2]) await a.link.publish(kept(n, { key: `k${n}` }));
  const last = await a.link.publish(about("s", 3, "last"));
  await b.node.until(() => b.node.events.length === 3);

  await server.command("DEL", key);
  expect(await page(a)).toEqual([[], true]);
  const first = await a.link.publish(about("s", "anew"));
  expect(first.epoch).not.toBe(last.epoch);
  expect(first.offset).toBe(1);
  expect(await page(a)).toEqual([["anew"], true]);
  await b.node.until(() => b.node.events.length === 4);
  expect(b.node.skips).toEqual([{ channel: "chat/a", epoch: first.epoch, offset: 0 }]);
});

test.each([
  ["kept", kept],
  ["not kept", (payload: unknown, more: Partial<Publication>) => ({ ...publicationOf("chat/a", payload), ...more })],
  ["about a subject", (payload: unknown, more: Partial<Publication>) => ({ ...about("s", payload), ...more })],
])(
  "a key that was used in a life of the channel that Redis has forgotten makes no repeat: %s",
  async (_, publicationFor) => {
    await using server = await startRedis();
    await using processes = await connectProcesses(() => redis({ url: server.url }), 2);
    const [a, b] = processes.all as [Process, Process];
    await b.link.subscribe("chat/a", true);
    for (const n of [1, 2]) await a.link.publish(publicationFor(n, { key: `k${n}` }));
    await server.command("DEL", key);
    const anew = await a.link.publish(publicationFor("anew", { key: "k2" }));
    expect(anew.offset).toBe(1);
    expect(await a.link.publish(publicationFor("again", { key: "k2" }))).toEqual(anew);
    await processes.settle();
    expect(b.node.heard("chat/a")).toEqual([1, 2, "anew"]);
  },
);

test("a key that was used before another master took over still makes a repeat", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
  const [a] = processes.all as [Process];
  const first = await a.link.publish(kept(1, { key: "k1" }));
  await server.snapshot();
  await server.kill();
  await server.start();
  await a.node.until(() => a.node.outages.at(-1) === "back");
  const again = await a.link.publish(kept("again", { key: "k1" }));
  expect(again.offset).toBe(first.offset);
  expect(again.epoch).not.toBe(first.epoch);
  expect(await page(a)).toEqual([[1], true]);
});

test("scripts that are flushed while many publish are loaded again: nothing is lost or doubled", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 2);
  const [a, b] = processes.all as [Process, Process];
  for (const { link } of [a, b]) await link.subscribe("chat/a", true);
  const numbers = Array.from({ length: 300 }, (_, n) => n);
  const publishing: Promise<unknown>[] = [];
  for (const n of numbers) {
    publishing.push(a.publish("chat/a", ["a", n]), b.publish("chat/a", ["b", n]));
    // At once with those that are on their way, and again with those that come later.
    if (n % 50 === 0) publishing.push(server.command("SCRIPT", "FLUSH"));
    if (n % 100 === 99) await publishing.at(-1);
  }
  await Promise.all(publishing);
  for (const { node } of [a, b]) {
    await node.until(() => node.events.length >= 600);
    const heard = node.heard("chat/a") as [string, number][];
    for (const publisher of ["a", "b"]) {
      // One that was refused may come behind one that was sent after it and found the scripts loaded again by the other process.
      const said = heard.filter(([who]) => who === publisher).map(([, n]) => n);
      expect(said.sort((one, other) => one - other)).toEqual(numbers);
    }
    expect(node.skips).toEqual([]);
  }
});

test("who was present at a process that is gone has left when its lease is over, and everybody is told once", async () => {
  await using server = await startRedis();
  await using proxy = await startProxy(server);
  const gone = await connectProcess(redis({ url: proxy.url, lease: "1s" }));
  await using processes = await connectProcesses(() => redis({ url: server.url, lease: "1s" }), 3);
  const [b, c, d] = processes.all as [Process, Process, Process];
  for (const { link } of [b, c]) await link.subscribe("chat/a");
  for (const id of ["ana", "bob"]) await gone.link.attend("chat/a", { id, faceJson: "{}" });
  await d.link.attend("chat/a", { id: "bob", faceJson: "{}" });
  proxy.cut();
  for (const { node } of [b, c]) await node.until(() => node.met("chat/a").includes("-ana"));
  await processes.settle();
  for (const { node } of [b, c]) expect(node.met("chat/a")).toEqual(["+ana", "+bob", "-ana"]);
  // Of one place that is asked for none is taken by who is gone.
  expect((await d.link.members("chat/a", 1)).members.map(({ id }) => id)).toEqual(["bob"]);
  await gone.link.close();
});

test("who asks for the members where a lease is over is told of those who stay, and everybody of who has left", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 2);
  const [a, b] = processes.all as [Process, Process];
  await b.link.subscribe("chat/a");
  await a.link.attend("chat/a", { id: "ana", faceJson: "{}" });
  const [lease = ""] = ((await server.command("HKEYS", key)) as string[]).filter((field) => field.startsWith("lease:"));
  await server.command("HSET", key, lease, "1");
  await b.link.attend("chat/a", { id: "bob", faceJson: "{}" });
  expect((await b.link.members("chat/a", 10)).members.map(({ id }) => id)).toEqual(["bob"]);
  await processes.settle();
  expect(b.node.met("chat/a")).toEqual(["+ana", "+bob", "-ana"]);
});

test("what is over is gone from the history, said to be missing, and what is younger is not", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
  const [a] = processes.all as [Process];
  for (const n of [1, 2]) await a.link.publish(kept(n, { keep: { size: 10, ttlMs: 30 } }));
  await a.link.publish(kept(3));
  const payloads = async () => (await a.link.read("chat/a", { limit: 10 })).events.map(({ offset }) => offset);
  await untilAnswer(payloads, (offsets) => offsets[0] === 3);
  expect(await page(a, 1)).toEqual([[3], false]);
  expect(await page(a, 2)).toEqual([[3], true]);
});

test("of a stream that is over altogether all is missing, and it goes on at its place", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
  const [a] = processes.all as [Process];
  const { epoch } = await a.link.publish(kept(1, { keep: { size: 10, ttlMs: 30 } }));
  await untilAnswer(
    async () => a.link.read("chat/a", { limit: 10 }),
    ({ events }) => events.length === 0,
  );
  expect(await page(a, 0)).toEqual([[], false]);
  expect(await a.link.publish(kept(2))).toEqual({ epoch, offset: 2 });
  expect(await page(a, 0)).toEqual([[2], false]);
  expect(await page(a, 1)).toEqual([[2], true]);
});

test("a subject whose end is over may end again", async () => {
  await using server = await startRedis();
  await using processes = await connectProcesses(() => redis({ url: server.url }), 1);
  const [a] = processes.all as [Process];
  const end = {
    ...about("s", "ends", "last"),
    keep: { size: 10, ttlMs: 30, subject: { name: "s", part: "last" as const } },
  };
  const first = await a.link.publish(end);
  const again = await untilAnswer(
    () => a.link.publish(about("s", "ends again", "last")),
    ({ offset }) => offset > first.offset,
  );
  expect(again).toEqual({ epoch: first.epoch, offset: 2 });
  expect(await page(a, 0)).toEqual([["ends again"], false]);
});
