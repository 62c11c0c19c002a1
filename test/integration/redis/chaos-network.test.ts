import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Fleet, startFleet, topicsWithGap } from "../../support/redis/chaos/fleet.js";
import { type RedisProxy, startProxy } from "../../support/redis/proxy.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";

// As in chaos.test.ts, and each process has a way of its own to Redis, which is all that fails: so nothing may be lost. By
// themselves streams are compared every 25 s, which is too late here: it is to be done because a way is there again.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let redis: RedisServer;
let proxies: RedisProxy[];
let fleet: Fleet;

beforeAll(async () => {
  redis = await startRedis();
  proxies = await Promise.all([0, 1, 2].map(() => startProxy(redis)));
  fleet = await startFleet({ broker: (index) => ({ url: proxies[index]?.url, timeout: "1s", lease: "60s" }) });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

test("one process is cut off while the others publish, and afterwards nobody says a word: its clients hear all", async () => {
  const act = await fleet.play(async () => {
    await fleet.hush();
    const away = fleet.serving(0).nextAway();
    proxies[0]?.cut();
    await away;
    await Promise.all([fleet.serving(1).flows(), fleet.serving(2).flows()]);
    await fleet.quiet();
    proxies[0]?.mend();
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithGap(act)).toEqual([]);
});

test("all are cut off at once", async () => {
  const act = await fleet.play(async () => {
    const away = fleet.away();
    for (const proxy of proxies) proxy.cut();
    await away;
    for (const proxy of proxies) proxy.mend();
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithGap(act)).toEqual([]);
});

test("what one process says and hears is held until it takes Redis to be gone, and comes late: nothing is told twice", async () => {
  const act = await fleet.play(async () => {
    const away = fleet.serving(1).nextAway();
    proxies[1]?.hold();
    await away;
    await Promise.all([fleet.serving(0).flows(), fleet.serving(2).flows()]);
    proxies[1]?.release();
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithGap(act)).toEqual([]);
});

test("Redis hears what one process says, and its replies are lost: what was published is told once", async () => {
  const act = await fleet.play(async () => {
    const away = fleet.serving(2).nextAway();
    await proxies[2]?.dropReplies();
    await away;
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithGap(act)).toEqual([]);
});
