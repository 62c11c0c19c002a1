/** @type {import("./row.mjs").Row} */
export const f6 = {
  id: "F6",
  title: "handshakes, a JWT checked",
  figure: "handshakes per CPU second",
  contenders: ["tidings", "ws", "ws-jwt", "socket.io", "uwebsockets"],
  goals: [{ against: "ws", atLeast: 0.8 }],
  async measure(stage) {
    // A handshake runs through more code than a message: less warming up would measure the compiler.
    for (let round = 0; round < 2; round += 1) {
      await stage.dial({ group: "first", path: "/ws/speakers/lobby", count: 2_000 });
      await stage.hangUp({ group: "first" });
    }
    const more = { group: "more", path: "/ws/speakers/lobby", count: 2_500 };
    const { result, cpuSeconds } = await stage.costOf(() => stage.dial(more));
    return { value: more.count / cpuSeconds, cpuSeconds, ...result };
  },
};
