import { createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { expect, test } from "vitest";
import { z } from "zod";
import { serve } from "../support/served-app.js";
import { secret, signToken } from "../support/tokens.js";
import { dial, dialRefused } from "../support/ws-client.js";

const room = endpoint("/ws/rooms/:room", {
  auth: jwt({ secret }),
  receives: { say: z.object({ text: z.string() }) },
  on: { say: () => null },
});

/** The sample of this name and these labels, as Prometheus would read it. */
function sampleIn(exposition: string, sample: string): number | undefined {
  const line = exposition.split("\n").find((each) => each.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

test("P27: `/health/websockets` tells users and connections, and `/metrics` has the gauge `websocket_connections` and the rest", async () => {
  await using server = await serve({ endpoints: [room], limits: { messages: "3/1s" } });
  const read = async (path: string) => (await fetch(`${server.url}${path}`)).text();
  const [ana, phone] = await Promise.all(
    ["ana", "ana", "bob"].map((sub) => dial(`${server.url}/ws/rooms/lobby?token=${signToken({ sub })}`)),
  );
  await dialRefused(`${server.url}/ws/rooms/lobby?token=nonsense`);
  expect(JSON.parse(await read("/health/websockets"))).toEqual({ total_users: 2, total_connections: 3 });

  await ana?.ask("say", { text: "hi" });
  await ana?.ask("say", { text: 7 });
  await ana?.ask("say", { text: "hi" });
  await ana?.ask("say", { text: "hi" });
  phone?.close(1000);
  await server.log.next("disconnected");
  const metrics = await read("/metrics");
  expect(sampleIn(metrics, 'websocket_connections{endpoint="/ws/rooms/:room"}')).toBe(2);
  expect(sampleIn(metrics, 'websocket_connections_closed_total{code="1000",reason=""}')).toBe(1);
  expect(sampleIn(metrics, 'websocket_handshakes_refused_total{code="unauthorized"}')).toBe(1);
  expect(sampleIn(metrics, 'websocket_errors_answered_total{code="invalid_payload"}')).toBe(1);
  expect(sampleIn(metrics, 'websocket_errors_answered_total{code="rate_limited"}')).toBe(1);
  expect(
    sampleIn(metrics, 'websocket_handler_seconds_count{endpoint="/ws/rooms/:room",handler="message",message="say"}'),
  ).toBe(2);
  expect(metrics).not.toMatch(/ana|bob|lobby/);
});

test.each([
  ["unknown_option", { info: { name: "Chat" } }],
  ["invalid_option", { info: { version: 1 } }],
  ["invalid_option", { tracing: {} }],
  ["invalid_option", { tracing: () => {} }],
])("an option that would do nothing is refused: %s %j", (code, options) => {
  expect(() => createApp({ endpoints: [room], ...(options as object) })).toThrow(expect.objectContaining({ code }));
});

test("what is counted can be read without HTTP, and has the same names while nothing runs", async () => {
  const app = createApp({ endpoints: [room] });
  const before = app.metrics();
  expect(before.flatMap(({ samples }) => samples)).toEqual([]);
  await app.listen(0, { signals: [] });
  const running = app.metrics();
  await app.close();
  expect(running.map(({ name }) => name)).toEqual(before.map(({ name }) => name));
  expect(running.find(({ name }) => name === "websocket_connections")?.samples).toEqual([
    { name: "websocket_connections", labels: { endpoint: "/ws/rooms/:room" }, value: 0 },
  ]);
});
