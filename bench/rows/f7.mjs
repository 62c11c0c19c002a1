import { measurePublishes } from "./publish.mjs";

/** How many others there are, and how many channels each of them is on. */
const crowds = {
  "nobody else": { connections: 0, channels: 0 },
  "100,000 other channels": { connections: 1_000, channels: 100, isShared: false },
  "1,000,000 other subscriptions": { connections: 1_000, channels: 1_000, isShared: true },
};

/** @type {import("./row.mjs").Row} */
export const f7 = {
  id: "F7",
  title: "a publish to 50 subscribers, with others elsewhere",
  figure: "µs of CPU a publish",
  isLessBetter: true,
  isFirstMeasure: true,
  contenders: Object.keys(crowds),
  peerOf: () => "tidings",
  goals: [
    { of: "100,000 other channels", against: "nobody else", atMost: 1.1 },
    { of: "1,000,000 other subscriptions", against: "nobody else", atMost: 1.1 },
  ],
  async measure(stage, contender) {
    const { connections, channels, isShared } = crowds[contender];
    for (let batch = 0; batch < connections; batch += 100) {
      // `#` is the connection's number: each is on channels of its own, or a hundred are on the same.
      const path = isShared
        ? `/ws/elsewhere/${batch * channels}/${channels}`
        : `/ws/elsewhere/${batch}#000/${channels}`;
      await stage.dial({ group: "others", path, count: 100 });
    }
    const measured = await measurePublishes(stage, { subscribers: 50, inFlight: 1, forMs: 1_800 });
    return { value: (measured.cpuSeconds / measured.published) * 1e6, ...measured };
  },
};
