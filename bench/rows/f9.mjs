import { acrossBesides, acrossContenders, measureAcross } from "./publish-across.mjs";

/** @type {import("./row.mjs").Row} */
export const f9 = {
  id: "F9",
  title: "two processes through Redis, 32 publishes in flight at one of them → 250 subscribers at each",
  figure: "frames delivered per CPU second",
  contenders: acrossContenders,
  processes: 2,
  redis: "load",
  besides: acrossBesides,
  goals: [
    { against: "socket.io-redis", atLeast: 5 },
    { beside: "subscriptions in Redis", atMost: 2 },
  ],
  measure: (stage) => measureAcross(stage, { inFlight: 32, forMs: 1_100 }),
};
