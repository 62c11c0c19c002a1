import { measurePublishes } from "./publish.mjs";

/** @type {import("./row.mjs").Row} */
export const f1 = {
  id: "F1",
  title: "one publish at a time → 500 subscribers",
  figure: "frames delivered per CPU second",
  contenders: ["tidings", "ws", "socket.io", "uwebsockets", "bun", "fastapi"],
  goals: [
    { against: "ws", atLeast: 1.3 },
    { against: "uwebsockets", atLeast: 0.75 },
  ],
  async measure(stage) {
    const measured = await measurePublishes(stage, { inFlight: 1, forMs: 1_100 });
    return { value: measured.perCpuSecond, ...measured };
  },
};
