import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Fleet, startFleet, topicsWithGap, topicsWithoutGap } from "../../support/redis/chaos/fleet.js";
import { type LossyWay, startLossyWay } from "../../support/redis/chaos/lossy-way.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";

// Three processes of one app on one Redis, 300 clients on all of them, and everybody publishes. What each client hears is
// held against what was acknowledged: each event once and in order, or a gap in its place.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let redis: RedisServer;
let ways: LossyWay[];
let fleet: Fleet;

beforeAll(async () => {
  redis = await startRedis();
  ways = await Promise.all([0, 1, 2].map(() => startLossyWay(redis)));
  fleet = await startFleet({ broker: (index) => ({ url: ways[index]?.url, timeout: "1s", lease: "1s" }) });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
  for (const way of ways) await way[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

test("Redis is killed, and starts again with nothing: everybody is told of a gap, and hears what follows", async () => {
  const act = await fleet.play(async () => {
    const away = fleet.away();
    await redis.kill();
    await away;
    await redis.start();
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithoutGap(act)).toEqual([]);
});

test("Redis starts again from an older snapshot: what follows in the places of what was lost is told behind a gap", async () => {
  const act = await fleet.play(async () => {
    await redis.snapshot();
    await fleet.flow();
    const away = fleet.away();
    await redis.kill();
    await redis.restoreSnapshot();
    await away;
    await redis.start();
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithoutGap(act)).toEqual([]);
});

test("Redis stands still until everybody has noticed, and goes on: nothing is lost", async () => {
  const act = await fleet.play(async () => {
    const away = fleet.away();
    await redis.pause();
    try {
      await away;
    } finally {
      redis.resume();
    }
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithGap(act)).toEqual([]);
});

test("Redis cuts its clients off: nothing is lost", async () => {
  const act = await fleet.play(async () => {
    const away = fleet.away();
    expect(await redis.killClients()).toBeGreaterThanOrEqual(3);
    await away;
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithGap(act)).toEqual([]);
});

test("all data are flushed, and the connections stay: everybody is told of a gap", async () => {
  const act = await fleet.play(() => redis.flushAll());
  expect(act.faults).toEqual([]);
  expect(topicsWithoutGap(act)).toEqual([]);
});

test("one of ten messages gets lost on its way, without a word: everybody hears all, in order", async () => {
  const before = ways.map(({ lost }) => lost);
  const act = await fleet.play(async () => {
    for (const way of ways) way.lose(10);
    for (let times = 0; times < 3; times += 1) await fleet.flow();
    for (const way of ways) way.loseNothing();
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithGap(act)).toEqual([]);
  for (const [index, { lost }] of ways.entries()) expect(lost).toBeGreaterThan(before[index] ?? 0);
});

test("one fault comes upon the other, before anybody is back: nothing is told twice, and nothing lost in silence", async () => {
  const act = await fleet.play(async () => {
    await redis.snapshot();
    const away = fleet.away();
    await redis.kill();
    await away;
    await fleet.kill(0);
    await redis.start();
    await redis.kill();
    await redis.restoreSnapshot();
    await redis.start();
    await redis.killClients();
    await redis.flushAll();
    await fleet.replace(0);
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithoutGap(act)).toEqual([]);
});

test("a process is killed: its clients miss nothing at the others, and who does not come back has left, once", async () => {
  const { url } = fleet.serving(1);
  const gone = await fleet.mortals(1, 5);
  const act = await fleet.play(async () => {
    await fleet.kill(1);
    await fleet.replace(1);
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithGap(act)).toEqual([]);
  expect(gone).toHaveLength(5);
  for (const id of gone) expect(await fleet.leaves(id, url)).toEqual([1]);
});
