import { measurePublishes } from "./publish.mjs";

/** @type {import("./row.mjs").Row} */
export const f2 = {
  id: "F2",
  title: "32 publishes in flight → 500 subscribers",
  figure: "frames delivered per CPU second",
  contenders: ["tidings", "ws", "socket.io", "uwebsockets", "bun", "fastapi"],
  goals: [
    { against: "uwebsockets", atLeast: 1 },
    { against: "bun", atLeast: 1 },
    { against: "ws", atLeast: 15 },
    { against: "fastapi", atLeast: 20 },
  ],
  async measure(stage) {
    const measured = await measurePublishes(stage, { inFlight: 32, forMs: 1_100 });
    return { value: measured.perCpuSecond, ...measured };
  },
};
