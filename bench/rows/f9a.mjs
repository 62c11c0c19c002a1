import { acrossBesides, acrossContenders, measureAcross } from "./publish-across.mjs";

/** @type {import("./row.mjs").Row} */
export const f9a = {
  id: "F9A",
  title: "two processes through Redis, one publish at a time at one of them → 250 subscribers at each",
  figure: "frames delivered per CPU second",
  contenders: acrossContenders,
  processes: 2,
  redis: "load",
  besides: acrossBesides,
  goals: [{ beside: "subscriptions in Redis", atMost: 2 }],
  measure: (stage) => measureAcross(stage, { inFlight: 1, forMs: 1_100 }),
};
