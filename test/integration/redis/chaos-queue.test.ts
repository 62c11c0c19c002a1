import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Fleet, startFleet, topicsWithGap } from "../../support/redis/chaos/fleet.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";

// Three processes whose publishes wait while Redis is away, at most 50 in each of them.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let redis: RedisServer;
let fleet: Fleet;

beforeAll(async () => {
  redis = await startRedis();
  const options = { timeout: "1s", lease: "1s", whenUnavailable: "queue", queue: 50 } as const;
  fleet = await startFleet({ broker: () => ({ url: redis.url, ...options }), clients: 60 });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

test("what is published while Redis is away is taken when it is back, in its order, and refused past the bound", async () => {
  let outcomes: readonly (number | string)[] = [];
  const act = await fleet.play(async () => {
    await fleet.quiet();
    const away = fleet.away();
    await redis.pause();
    await away;
    const refused = fleet.serving(0).refuses(10);
    const published = fleet.serving(0).process.ask<readonly (number | string)[]>("burst", "log/a", 60);
    await refused;
    redis.resume();
    outcomes = await published;
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithGap(act)).toEqual([]);
  const [taken, refused] = [outcomes.slice(0, 50), outcomes.slice(50)];
  expect(taken).toEqual(taken.map((_, index) => Number(taken[0]) + index));
  expect(refused).toEqual(new Array(10).fill("unavailable"));
});

test("everybody goes on publishing over a restart: what waited is heard by all, behind the gap", async () => {
  const act = await fleet.play(async () => {
    const away = fleet.away();
    await redis.kill();
    await away;
    await redis.start();
  });
  expect(act.faults).toEqual([]);
});
