/** @type {import("./row.mjs").Row} */
export const f3 = {
  id: "F3",
  title: "echo of a validated typed message, 100 connections",
  figure: "answers per CPU second",
  contenders: ["tidings", "ws", "ws-zod", "socket.io", "uwebsockets", "bun", "fastapi"],
  goals: [
    { against: "ws", atLeast: 1 },
    { against: "fastapi", atLeast: 4 },
  ],
  async measure(stage) {
    await stage.dial({ group: "askers", path: "/ws/speakers/lobby", count: 100 });
    await stage.order("echo", { group: "askers", forMs: 400 });
    const { result, cpuSeconds } = await stage.costOf(() => stage.order("echo", { group: "askers", forMs: 1_000 }));
    return { value: result.delivered / cpuSeconds, ...result, cpuSeconds };
  },
};
