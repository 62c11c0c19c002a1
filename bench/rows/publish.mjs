/**
 * Frames delivered per second of the server's CPU time, with so many publishes in flight.
 *
 * @param {import("../stage.mjs").Stage} stage
 */
export async function measurePublishes(stage, { subscribers = 500, inFlight, warmUpMs = 400, forMs }) {
  await stage.dial({ group: "listeners", path: "/ws/rooms/lobby", count: subscribers });
  await stage.dial({ group: "speakers", path: "/ws/speakers/lobby", count: inFlight });
  const order = { speakers: "speakers", listeners: "listeners", inFlight };
  await stage.order("publish", { ...order, forMs: warmUpMs });
  const { result, cpuSeconds } = await stage.costOf(() => stage.order("publish", { ...order, forMs }));
  return { ...result, cpuSeconds, perCpuSecond: result.delivered / cpuSeconds };
}
