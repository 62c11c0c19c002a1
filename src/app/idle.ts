import type { Stats } from "../declare/app.js";
import type { MetricFamily } from "../declare/metric-family.js";
import { Metrics } from "../observe/metrics.js";
import { createCounters } from "../observe/observe.js";

/** Of an app that does not run. */
export function idleStats(): Stats {
  return { ...NOTHING, ...createCounters() };
}

/** The same names, types and labels, and nothing counted. */
export function idleFamilies(): readonly MetricFamily[] {
  return new Metrics({ counters: createCounters(), timesHandlers: true })
    .families({ stats: idleStats(), connectionsAt: new Map(), slowConnections: 0 })
    .map((family) => ({ ...family, samples: [] }));
}

const NOTHING = {
  connections: 0,
  users: 0,
  channels: 0,
  isBrokerAway: false,
  pending: 0,
  waitingBytes: 0,
  outboxBytes: 0,
  blocked: [],
};
