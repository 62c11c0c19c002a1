import { measureStorm, stormBesides, stormContenders } from "./resume-storm.mjs";

/** @type {import("./row.mjs").Row} */
export const f8a = {
  id: "F8A",
  title: "10,000 come back at once, each to 20 events that they have missed, over Redis",
  figure: "who came back per CPU second",
  contenders: stormContenders,
  peerOf: () => "storm",
  redis: "load",
  isEachAlone: true,
  besides: stormBesides,
  goals: stormContenders.map((of) => ({ of, beside: "to those", atLeast: 0.5 })),
  measure: measureStorm,
};
