import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Fleet, startFleet, topicsWithGap, topicsWithoutGap } from "../../support/redis/chaos/fleet.js";
import { keptTopics } from "../../support/redis/chaos/topics.js";
import { type Cluster, startCluster } from "../../support/redis/cluster.js";
import type { RedisServer } from "../../support/redis/redis-server.js";

// As in chaos.test.ts, on a cluster of three masters.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let cluster: Cluster;
let fleet: Fleet;

beforeAll(async () => {
  cluster = await startCluster();
  const rootNodes = cluster.nodes.map(({ url }) => ({ url }));
  fleet = await startFleet({ broker: () => ({ cluster: { rootNodes }, timeout: "1s", lease: "1s" }) });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

const slotOf = (name: string) => cluster.slotOf(`tidings:{${name}}`);

/** Moves it to the next master, slowly enough that there are publishes at each stage. */
async function move(name: string): Promise<void> {
  const slot = await slotOf(name);
  const owner = await cluster.ownerOf(slot);
  const other = cluster.nodes[(cluster.nodes.indexOf(owner) + 1) % cluster.nodes.length];
  if (other === undefined) throw new Error("There is no other master.");
  const moving = await cluster.beginMove(slot, other);
  await fleet.flow();
  await moving.moveKeys();
  await fleet.flow();
  await moving.finish();
}

/** Those that this master has. */
async function topicsOf(master: RedisServer): Promise<readonly string[]> {
  const owners = await Promise.all(keptTopics.map(async (topic) => cluster.ownerOf(await slotOf(topic))));
  return keptTopics.filter((_, index) => owners[index] === master);
}

test("slots move while their topics are published on: who hears those is told of a gap, nobody else is", async () => {
  const moved = ["log/a", "board/b", "room/a"];
  const act = await fleet.play(async () => {
    for (const topic of moved) await move(topic);
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithGap(act)).toEqual(moved);
  expect(topicsWithoutGap(act)).toEqual(keptTopics.filter((topic) => !moved.includes(topic)));
});

test("what all processes share moves: nobody notices", async () => {
  const act = await fleet.play(async () => {
    for (const name of ["$processes", "$users-0", "$users-1"]) await move(name);
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithGap(act)).toEqual([]);
});

test("one of three masters is killed, and starts again with nothing: who hears its topics is told of a gap", async () => {
  const master = await cluster.ownerOf(await slotOf("log/b"));
  const lost = await topicsOf(master);
  const act = await fleet.play(async () => {
    const away = fleet.away();
    await master.kill();
    await away;
    await master.start();
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithGap(act)).toEqual(lost);
});
