import { expect, test } from "vitest";
import type { Stats } from "../declare/app.js";
import { Metrics } from "./metrics.js";
import { createCounters, type Disconnected, type Refused } from "./observe.js";

const stats: Stats = {
  ...createCounters(),
  connections: 0,
  users: 0,
  channels: 0,
  isBrokerAway: false,
  pending: 0,
  waitingBytes: 0,
  outboxBytes: 0,
  blocked: [],
};

/** Metrics and the counters that they are made of, and their samples of more than 0, each as `name{labels} value`. */
function start({ timesHandlers = true, now = {} }: { timesHandlers?: boolean; now?: Partial<Stats> } = {}) {
  const counters = createCounters();
  const metrics = new Metrics({ counters, timesHandlers });
  const families = () =>
    metrics.families({ stats: { ...stats, ...now }, connectionsAt: new Map(), slowConnections: 0 });
  const samplesOf = (name: string) => {
    const { samples = [] } = families().find((family) => family.name === name) ?? {};
    const found = samples.filter(({ value }) => value > 0);
    return found.map(({ labels, value }) => `${Object.values(labels).join(" ")} ${value}`.trim());
  };
  return { metrics, counters, families, samplesOf };
}

const disconnected = (code: number, reason: string): Disconnected => ({
  event: "disconnected",
  connection: "c1",
  endpoint: "/ws",
  user: "ana",
  address: "::1",
  code,
  reason,
  durationMs: 1,
});

const refused = (code: string): Refused => ({
  event: "refused",
  code,
  status: 403,
  closeCode: undefined,
  reason: "",
  detail: undefined,
  endpoint: "/ws",
  address: "::1",
});

test("names, types and labels are always the same, samples or not", () => {
  const { metrics, families } = start();
  const shapes = () => families().map(({ name, type, labelNames }) => ({ name, type, labelNames }));
  const before = shapes();
  metrics.happened(disconnected(1000, ""));
  metrics.handled?.("/ws", "open", 1);
  expect(shapes()).toEqual(before);
  expect(new Set(before.map(({ name }) => name)).size).toBe(before.length);
});

test("names and samples are as Prometheus wants them", () => {
  const { metrics, families } = start({
    now: { blocked: [{ endpoint: "/", during: "open", times: 1, longestMs: 1 }] },
  });
  metrics.happened(disconnected(1000, ""));
  metrics.handled?.("/ws", "open", 1);
  for (const { name, help, type, labelNames, samples } of families()) {
    expect(name, name).toMatch(/^websocket_[a-z_]+$/);
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    expect(help, name).toMatch(/^[A-Z0-9].*\.$/);
    for (const sample of samples) {
      const { le, ...labels } = sample.labels;
      expect(Object.keys(labels), name).toEqual(labelNames);
      expect(le !== undefined, name).toBe(sample.name === `${name}_bucket`);
    }
  }
});

test.each([
  [1000, "", "1000"],
  [1013, "slow_consumer", "1013 slow_consumer"],
  [1008, "I had enough", "1008 other"],
  [1006, "", "1006"],
  [3000, "", "3xxx"],
  [3999, "forbidden", "3xxx forbidden"],
  [4000, "game over", "4xxx other"],
  [4999, "__proto__", "4xxx other"],
  [2999, "", "other"],
  [5000, "", "other"],
])("a close with %d and “%s” counts as %s", (code, reason, counted) => {
  const { metrics, samplesOf } = start();
  metrics.happened(disconnected(code, reason));
  expect(samplesOf("websocket_connections_closed_total").map((text) => text.replace(/ +1$/, ""))).toEqual([counted]);
});

test("whatever clients close with, the series of closes have a bound", () => {
  const { metrics, families } = start();
  for (let code = 3000; code < 5000; code += 1) metrics.happened(disconnected(code, `because of ${code}`));
  const closes = families().find(({ name }) => name === "websocket_connections_closed_total");
  expect(closes?.samples.map(({ labels, value }) => [labels.code, labels.reason, value])).toEqual([
    ["3xxx", "other", 1_000],
    ["4xxx", "other", 1_000],
  ]);
});

test("refusals are counted by code, an app's own as one", () => {
  const { metrics, samplesOf } = start();
  for (const code of ["unauthorized", "forbidden", "forbidden", "timeout", "out_of_stock", "closed_today"]) {
    metrics.happened(refused(code));
  }
  expect(samplesOf("websocket_handshakes_refused_total")).toEqual([
    "unauthorized 1",
    "forbidden 2",
    "timeout 1",
    "app 2",
  ]);
});

test("what is refused on an open connection alone is no refusal of a handshake", () => {
  const { families } = start();
  const codes = families()
    .find(({ name }) => name === "websocket_handshakes_refused_total")
    ?.samples.map(({ labels }) => labels.code);
  expect(codes).not.toContain("slow_consumer");
  expect(new Set(codes).size).toBe(codes?.length);
});

test("errors that were answered are counted by code, an app's own as one", () => {
  const { metrics, samplesOf } = start();
  for (const code of ["invalid_payload", "out_of_stock", "invalid_payload"]) metrics.answered(code);
  expect(samplesOf("websocket_errors_answered_total")).toEqual(["invalid_payload 2", "app 1"]);
});

test("what overflows is counted by what its channel does about it", () => {
  const { counters, samplesOf } = start();
  Object.assign(counters, { slowConsumers: 1, catchUps: 2, eventsDropped: 12, newestDropped: 4, eventsConflated: 5 });
  expect(samplesOf("websocket_overflows_total")).toEqual([
    "disconnect 1",
    "catch-up 2",
    "drop-oldest 8",
    "drop-newest 4",
    "keep-latest 5",
  ]);
});

test("who blocked the loop is named by what was declared; what an app calls its tasks is not told", () => {
  const blocked = (during: string, times: number) => ({ endpoint: "app", during, times, longestMs: 200 });
  const { samplesOf } = start({
    now: { blocked: [blocked('task "of ana"', 1), blocked('message "say"', 2), blocked('task "of bob"', 4)] },
  });
  expect(samplesOf("websocket_event_loop_blocks_total")).toEqual(["app task  5", "app message say 2"]);
});

test("a broker that is away is not up", () => {
  expect(start().samplesOf("websocket_broker_up")).toEqual(["1"]);
  expect(start({ now: { isBrokerAway: true } }).samplesOf("websocket_broker_up")).toEqual([]);
});

test("how late the loop was is in seconds, and never less than nothing", () => {
  const { metrics, samplesOf } = start();
  for (const lateMs of [-0.75, 0.5, 250]) metrics.looked(lateMs);
  expect(samplesOf("websocket_event_loop_delay_seconds")).toEqual([
    "0.001 2",
    "0.005 2",
    "0.01 2",
    "0.025 2",
    "0.05 2",
    "0.1 2",
    "0.25 3",
    "0.5 3",
    "1 3",
    "5 3",
    "+Inf 3",
    "0.2505",
    "3",
  ]);
});

test("handlers are timed only where that is wanted", () => {
  const { metrics, samplesOf } = start();
  metrics.handled?.("/ws", 'message "say"', 2);
  expect(samplesOf("websocket_handler_seconds").at(-1)).toBe("/ws message say 1");
  expect(start({ timesHandlers: false }).metrics.handled).toBeUndefined();
});
