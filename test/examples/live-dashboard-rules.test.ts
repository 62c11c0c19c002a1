import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { Alerts } from "../../examples/live-dashboard/alerts.js";
import { app, type desk, watch } from "../../examples/live-dashboard/app.js";
import { Meter } from "../../examples/live-dashboard/meter.js";
import { user } from "../../examples/sign-in.js";

const calm = { at: 1, cpu: 1, memory: 100, requests: 0, median: 0, p95: 0 };

test("samples are taken while somebody looks", async () => {
  await using server = await startTestApp(app, { override: [[user, ({ token }) => ({ id: token, sub: token })]] });
  const { isRunning } = await app.get(watch);
  expect(isRunning).toBe(false);
  const ana = await server.connect<typeof desk>("/ws/desk", { token: "ana" });
  const bob = await server.connect<typeof desk>("/ws/desk", { token: "bob" });
  const watched = await app.get(watch);
  for (const each of [ana, bob]) {
    expect(watched.isRunning).toBe(true);
    each.close();
    await each.closed;
    await server.clock.advance("1ms");
  }
  expect(watched.isRunning).toBe(false);
});

test("an alert stands until three samples in a row are good", () => {
  const alerts = new Alerts();
  const changes = [90, 96, 97, 90, 90, 96, 90, 90, 90, 96].map((cpu, at) =>
    alerts.look({ ...calm, cpu, at }).map(({ type }) => type),
  );
  expect(changes).toEqual([[], ["raised"], [], [], [], [], [], [], ["eased"], ["raised"]]);
  expect(alerts.standing).toEqual([{ id: "cpu-9", figure: "cpu", value: 96, at: 9 }]);
});

test("one figure's alert is none of another's, and the first who acknowledges it does", () => {
  const alerts = new Alerts();
  alerts.look({ ...calm, cpu: 100, p95: 101 });
  expect(alerts.acknowledge("p95-1", "ana")).toEqual([{ type: "acknowledged", id: "p95-1", by: "ana" }]);
  expect(alerts.acknowledge("p95-1", "bob")).toEqual([]);
  expect(alerts.acknowledge("memory-1", "bob")).toBeUndefined();
  expect(alerts.standing.map(({ figure, acknowledgedBy }) => [figure, acknowledgedBy])).toEqual([
    ["cpu", undefined],
    ["p95", "ana"],
  ]);
});

test("a sample tells of the time since the last one", () => {
  const meter = new Meter();
  for (let tookMs = 1; tookMs <= 100; tookMs += 1) meter.record(tookMs);
  const { requests, median, p95, memory } = meter.sample();
  expect(requests).toBeGreaterThan(0);
  expect(median).toBeCloseTo(50, 0);
  expect(p95).toBeCloseTo(95, 0);
  expect(memory).toBeCloseTo(process.memoryUsage.rss() / 1_048_576, -2);
  expect(meter.sample()).toMatchObject({ requests: 0, median: 0, p95: 0 });
});
