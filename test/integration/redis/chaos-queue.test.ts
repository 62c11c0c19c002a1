import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Fleet, startFleet, topicsWithGap } from "../../support/redis/chaos/fleet.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";

// Three processes whose publishes wait while Redis is away, at most 500 in each of them.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** The offset of what was taken, or the code of what was refused. */
type Outcome = number | string;

let redis: RedisServer;
let fleet: Fleet;

beforeAll(async () => {
  redis = await startRedis();
  const options = { timeout: "1s", lease: "1s", whenUnavailable: "queue", queue: 500 } as const;
  fleet = await startFleet({ broker: () => ({ url: redis.url, ...options }), clients: 60 });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

test("what is published while Redis is away is taken when it is back, in its order, and refused past the bound", async () => {
  let [outcomes, behind]: [Outcome[], Outcome[]] = [[], []];
  const act = await fleet.play(async () => {
    await fleet.quiet();
    const [serving, away] = [fleet.serving(0), fleet.away()];
    await redis.pause();
    await away;
    const refused = serving.refuses(10);
    const published = serving.process.ask<Outcome[]>("burst", "log/a", 510);
    await refused;
    const some = serving.flows();
    redis.resume();
    await some;
    // The others still wait.
    behind = await serving.process.ask<Outcome[]>("burst", "log/a", 10);
    outcomes = await published;
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithGap(act)).toEqual([]);
  const [taken, refused] = [[...outcomes.slice(0, 500), ...behind], outcomes.slice(500)];
  expect(taken).toEqual(taken.map((_, index) => Number(taken[0]) + index));
  expect(refused).toEqual(new Array(10).fill("unavailable"));
});

test("everybody goes on publishing over a restart: nothing that waited is told twice, or lost in silence", async () => {
  const act = await fleet.play(async () => {
    const away = fleet.away();
    await redis.kill();
    await away;
    await redis.start();
  });
  expect(act.faults).toEqual([]);
});
