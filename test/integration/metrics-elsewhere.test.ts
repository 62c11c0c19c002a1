import { createNoopMeter, type Meter, type Observable } from "@opentelemetry/api";
import { Counter, collectDefaultMetrics, Registry } from "prom-client";
import { createApp, endpoint } from "tidings";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { LogRecorder } from "../support/log-recorder.js";
import { feedMeter } from "../support/metrics/opentelemetry.js";
import { feedRegistry } from "../support/metrics/prom-client.js";
import { readRepositoryFile } from "../support/repository.js";

const room = endpoint("/ws/rooms/:room", {
  receives: { say: z.object({ text: z.string() }) },
  on: { say: (_, { text }) => text },
});

function createRooms() {
  return createApp({ endpoints: [room], logger: new LogRecorder() });
}

test("a registry of prom-client's has what it had before, and all that the app counts", async () => {
  const app = createRooms();
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Counter({ name: "orders_total", help: "Orders.", registers: [registry] }).inc(3);
  // Before it runs: the names are known then.
  feedRegistry(registry, app);
  expect(await registry.getSingleMetricAsString("websocket_users")).not.toContain("websocket_users 0");
  await using server = await startTestApp(app);
  const ana = await server.connect<typeof room>("/ws/rooms/lobby");
  await ana.request("say", { text: "hi" });
  const text = await registry.metrics();
  for (const line of [
    "orders_total 3",
    "# TYPE process_cpu_seconds_total counter",
    "# TYPE websocket_connections gauge",
    'websocket_connections{endpoint="/ws/rooms/:room"} 1',
    "# TYPE websocket_messages_received_total counter",
    "# TYPE websocket_handler_seconds histogram",
    'websocket_handler_seconds_bucket{endpoint="/ws/rooms/:room",handler="message",message="say",le="+Inf"} 1',
    'websocket_handler_seconds_count{endpoint="/ws/rooms/:room",handler="message",message="say"} 1',
  ]) {
    expect(text.split("\n")).toContain(line);
  }
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(app.metrics().map(({ name }) => name)));
});

test("a scrape of such a registry counts the connections once", async () => {
  const app = createRooms();
  let asked = 0;
  const registry = new Registry();
  feedRegistry(registry, {
    ...app,
    metrics: () => {
      asked += 1;
      return app.metrics();
    },
  });
  await registry.metrics();
  await registry.metrics();
  // Once for the names.
  expect(asked).toBe(3);
});

/** A meter of OpenTelemetry's, and what it is given when somebody collects. */
function recordingMeter() {
  const names = new Map<unknown, string>();
  const callbacks: Parameters<Meter["addBatchObservableCallback"]>[0][] = [];
  const create = (kind: string) => (name: string) => {
    const instrument: Observable = { addCallback() {}, removeCallback() {} };
    names.set(instrument, `${kind} ${name}`);
    return instrument;
  };
  const meter: Meter = Object.assign(createNoopMeter(), {
    createObservableCounter: create("counter"),
    createObservableGauge: create("gauge"),
    addBatchObservableCallback: (callback: (typeof callbacks)[number]) => void callbacks.push(callback),
  });
  const collect = () => {
    const seen: string[] = [];
    for (const callback of callbacks) {
      void callback({
        observe: (instrument, value, labels) =>
          seen.push(`${names.get(instrument)} ${JSON.stringify(labels)} ${value}`),
      });
    }
    return seen;
  };
  return { meter, collect };
}

test("a meter of OpenTelemetry's observes them", async () => {
  const app = createRooms();
  const { meter, collect } = recordingMeter();
  feedMeter(meter, app);
  expect(collect()).toEqual([]);
  await using server = await startTestApp(app);
  const ana = await server.connect<typeof room>("/ws/rooms/lobby");
  await ana.request("say", { text: "hi" });
  expect(collect()).toEqual(
    expect.arrayContaining([
      'gauge websocket_connections {"endpoint":"/ws/rooms/:room"} 1',
      "counter websocket_connections_opened {} 1",
      'counter websocket_errors_answered {"code":"internal"} 0',
      'counter websocket_handler_seconds_count {"endpoint":"/ws/rooms/:room","handler":"message","message":"say"} 1',
    ]),
  );
});

test.each(["prom-client", "opentelemetry"])("what feeds %s stands in the docs as it is tested here", (name) => {
  expect(readRepositoryFile("docs/how-to/metrics.md")).toContain(readRepositoryFile(`test/support/metrics/${name}.ts`));
});
