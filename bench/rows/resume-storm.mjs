/** So many events each of them has missed. */
const MISSED = 20;
const COUNT = 10_000;
const FIRST = 2_000;
const STEP = 1_000;

const storms = {
  "all in one room": { path: "/ws/room" },
  "each with an inbox": { path: "/ws/inbox", hasInbox: true },
};

export const stormContenders = Object.keys(storms);

/** @type {readonly import("./row.mjs").Beside[]} */
export const stormBesides = [
  { head: "come without", of: "plainPerCpuSecond" },
  { head: "to those", of: "ratio", isRatio: true },
];

/**
 * All come, go, and come back at once to where they were: how many come back per second of the server's CPU time. Before and after it
 * the same come without telling where they were.
 *
 * @param {import("../stage.mjs").Stage} stage
 */
export async function measureStorm(stage, contender) {
  const { path, hasInbox = false } = storms[contender];
  await stage.order("gather", { ports: stage.ports, path, count: COUNT });
  const play = (count) => playStorm(stage, { count, hasInbox });
  // As in F6: less warming up would measure the compiler.
  for (let round = 0; round < 2; round += 1) await play(FIRST);
  const { before, back, after } = await play(COUNT);
  const plain = before.cpuSeconds + after.cpuSeconds;
  const plainPerCpuSecond = (2 * COUNT) / plain;
  const value = COUNT / back.cpuSeconds;
  return {
    value,
    plainPerCpuSecond,
    ratio: value / plainPerCpuSecond,
    ...back.result,
    cpuSeconds: back.cpuSeconds,
    redisCpuSeconds: back.redisCpuSeconds,
  };
}

async function playStorm(stage, { count, hasInbox }) {
  const come = (how) => stage.costOf(() => stage.order("come", { count, ...how }));
  const go = async () => {
    await stage.order("go");
    await stage.rest();
  };
  const say = async (each) => {
    // In a few steps: no answer takes long then.
    for (let from = 0; from < (hasInbox ? count : 1); from += STEP) {
      await stage.server.ask("publish", { inboxes: hasInbox ? { from, to: from + STEP } : undefined, each });
    }
  };

  const before = await come({});
  await go();
  await say(MISSED);
  await stage.rest();
  const back = await come({ missed: MISSED });
  // One more: whoever hears it in its place had no event twice, and is live.
  await say(1);
  await stage.order("hear", { count, events: 1 });
  await go();
  const after = await come({});
  await go();
  return { before, back, after };
}
