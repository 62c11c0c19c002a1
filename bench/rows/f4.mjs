const FIRST = 500;
const MORE = 5_000;

/** @type {import("./row.mjs").Row} */
export const f4 = {
  id: "F4",
  title: "idle memory a connection",
  figure: "bytes of RSS a connection",
  isLessBetter: true,
  changes: { better: "lighter", worse: "heavier" },
  contenders: ["tidings", "ws", "socket.io", "uwebsockets", "bun", "fastapi"],
  besides: [{ head: "heap", of: "heapBytes" }],
  goals: [
    { against: "ws", atMostMore: 1_536 },
    { against: "socket.io", atMost: 0.5 },
    { against: "fastapi", atMost: 0.25 },
  ],
  nodeFlags: ["--expose-gc"],
  async measure(stage) {
    // The first ones pay for code and pools.
    await stage.dial({ group: "first", path: "/ws/speakers/lobby", count: FIRST });
    const before = await stage.server.memory();
    await stage.dial({ group: "more", path: "/ws/speakers/lobby", count: MORE });
    const after = await stage.server.memory();
    return {
      value: (after.rss - before.rss) / MORE,
      heapBytes: after.heap === undefined ? undefined : (after.heap - before.heap) / MORE,
    };
  },
};
