import { endpoint } from "tidings";
import { expect, test } from "vitest";
import { createGate } from "../support/gate.js";
import { serve } from "../support/served-app.js";
import { dial, dialRefused } from "../support/ws-client.js";

const LIVE = "/dashboard/live";

test.each([
  ["connections", { connections: 2 }, 503],
  ["connections of an address", { connectionsPerAddress: 2 }, 429],
] as const)("whoever looks at what is wrong comes in where the app has no more %s", async (_, limits, status) => {
  const room = endpoint("/ws", {});
  await using server = await serve({
    endpoints: [room],
    limits,
    http: { dashboard: true },
    trustProxy: ["loopback"],
  });
  const headers = { "x-forwarded-for": "192.0.2.1" };
  for (let count = 0; count < 2; count += 1) await dial(`${server.url}/ws`, { headers });
  expect(await dialRefused(`${server.url}/ws`, { headers })).toMatchObject({ status });
  await dial(`${server.url}${LIVE}`, { headers });
  expect([...server.app.connections()]).toHaveLength(3);
});

test("so it does where the door is full", async () => {
  const asked = createGate();
  const allow = () => {
    asked.open();
    return new Promise<boolean>(() => {});
  };
  const slow = endpoint("/slow", { allow });
  await using server = await serve({ endpoints: [slow], limits: { pending: 1, needs: "1h" } });
  void dial(`${server.url}/slow`).catch(() => {});
  await asked.opened;
  expect(await dialRefused(`${server.url}/slow`)).toMatchObject({ status: 503 });
  await dial(`${server.url}${LIVE}`);
});

test("of pages' sockets there are fifty", async () => {
  await using server = await serve({ endpoints: [] });
  await Promise.all(Array.from({ length: 50 }, () => dial(`${server.url}${LIVE}`)));
  expect(await dialRefused(`${server.url}${LIVE}`)).toMatchObject({ status: 503 });
});
