import { measurePublishes } from "./publish.mjs";
import { NotThereYet } from "./row.mjs";

/** @type {import("./row.mjs").Row} */
export const f5 = {
  id: "F5",
  title: "compressed broadcast, 8 in flight → 500 subscribers",
  figure: "compressed frames delivered per CPU second",
  contenders: ["tidings", "ws", "socket.io", "uwebsockets", "bun"],
  goals: [
    { against: "ws", atLeast: 15 },
    { against: "uwebsockets", atLeast: 3 },
  ],
  compression: true,
  // Tidings leaves messages under 1 KiB uncompressed (PROTOCOL.md, Compression).
  textLength: 1_200,
  async measure(stage) {
    const { isCompressing } = await stage.dial({ group: "first", path: "/ws/rooms/elsewhere", count: 1 });
    if (!isCompressing) throw new NotThereYet("permessage-deflate is not negotiated");
    const measured = await measurePublishes(stage, { inFlight: 8, warmUpMs: 400, forMs: 1_100 });
    if (measured.compressed === 0) throw new NotThereYet("frames come uncompressed");
    return { value: measured.perCpuSecond, ...measured };
  },
};
