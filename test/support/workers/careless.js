import { setImmediate as turn } from "node:timers/promises";

/** Leaves something behind in its thread, as it is told to; or takes so long that this has its time. */
export default async function careless({ how }) {
  switch (how) {
    case "leaves a rejection":
      Promise.reject(new Error("a rejection left behind"));
      return how;
    case "leaves a timer":
      leave();
      return how;
    default:
      for (let turns = 0; turns < 10; turns += 1) await turn();
      return how;
  }
}

/** It throws some turns later, when its work is over. */
async function leave() {
  for (let turns = 0; turns < 3; turns += 1) await turn();
  setImmediate(() => {
    throw new Error("a timer left behind");
  });
}
