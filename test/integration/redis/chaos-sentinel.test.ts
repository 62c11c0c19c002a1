import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Fleet, startFleet, topicsWithoutGap } from "../../support/redis/chaos/fleet.js";
import { type Sentinels, startSentinels } from "../../support/redis/sentinel.js";

// As in chaos.test.ts, on the master that three sentinels name. What it had not told its replica is lost with it.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let sentinels: Sentinels;
let fleet: Fleet;

beforeAll(async () => {
  sentinels = await startSentinels();
  const sentinel = {
    name: sentinels.name,
    sentinelRootNodes: sentinels.nodes.map(({ host, port }) => ({ host, port })),
  };
  fleet = await startFleet({ broker: () => ({ sentinel, timeout: "1s", lease: "1s" }) });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
  await sentinels[Symbol.asyncDispose]();
});

test("a master stands still, and goes on when another has taken its place: everybody is told of a gap", async () => {
  const former = await sentinels.master();
  const act = await fleet.play(async () => {
    const [away, switched] = [fleet.away(), sentinels.switched()];
    await former.pause();
    try {
      await away;
      await switched;
    } finally {
      former.resume();
    }
    await former.process.nextLine(/MASTER <-> REPLICA sync: Finished with success/);
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithoutGap(act)).toEqual([]);
});

test("the master is killed: everybody is told of a gap, and hears what the next one says", async () => {
  const act = await fleet.play(async () => {
    const away = fleet.away();
    await sentinels.failOver();
    await away;
  });
  expect(act.faults).toEqual([]);
  expect(topicsWithoutGap(act)).toEqual([]);
});
