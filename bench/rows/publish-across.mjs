/**
 * What all speak of at the first of two processes is heard at both: frames delivered per second of CPU time of the two
 * together, with so many publishes in flight.
 *
 * @param {import("../stage.mjs").Stage} stage
 */
export async function measureAcross(stage, { subscribers = 250, inFlight, warmUpMs = 400, forMs }) {
  const before = await stage.redis.ask("subscriptions");
  for (const server of stage.servers.keys()) {
    await stage.dial({ group: "listeners", path: "/ws/rooms/lobby", count: subscribers, server });
  }
  const after = await stage.redis.ask("subscriptions");
  await stage.dial({ group: "speakers", path: "/ws/speakers/lobby", count: inFlight });
  const order = { speakers: "speakers", listeners: "listeners", inFlight };
  await stage.order("publish", { ...order, forMs: warmUpMs });
  const { result, cpuSeconds, redisCpuSeconds } = await stage.costOf(() => stage.order("publish", { ...order, forMs }));
  return {
    ...result,
    cpuSeconds,
    value: result.delivered / cpuSeconds,
    publishesPerRedisSecond: result.published / redisCpuSeconds,
    subscriptions: after.count - before.count,
  };
}

/** @type {readonly import("./row.mjs").Beside[]} */
export const acrossBesides = [
  { head: "publishes per CPU second of Redis", of: "publishesPerRedisSecond" },
  { head: "subscriptions in Redis", of: "subscriptions" },
];

export const acrossContenders = [
  "tidings-redis",
  "tidings-history",
  "ws-redis",
  "socket.io-redis",
  "socket.io-streams",
];
