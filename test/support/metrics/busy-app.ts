import { channel, endpoint, type MetricFamily } from "tidings";
import { z } from "zod";
import { apiKey } from "../api-client.js";
import { serve } from "../served-app.js";
import { dial, dialRefused } from "../ws-client.js";

/** What an app answers at /metrics, and counts, to which everything has happened that is counted. */
export async function readBusyMetrics(): Promise<{
  readonly page: string;
  readonly families: readonly MetricFamily[];
}> {
  await using server = await serve({ endpoints: [busy], http: { api: { keys: [apiKey] } } });
  const url = `${server.url}/ws/busy`;
  const ana = await dial(url);
  for (const [type, payload] of [
    ["say", { text: "hello" }],
    ["say", {}],
    ["think", {}],
    ["subscribe", { channel: "lobby", since: { epoch: "of another time", offset: 1 } }],
  ] as const) {
    ana.send({ type, payload, id: type });
    await ana.takeUntil(type);
  }
  await ana.takeAll();
  const bob = await dial(url);
  await bob.takeAll();
  bob.close(1000);
  await server.log.next("disconnected");
  await dialRefused(`${server.url}/ws/nowhere`);
  await fetch(`${server.url}/api/stats`, { headers: { "x-api-key": apiKey } });
  const answer = await fetch(`${server.url}/metrics`);
  if (!answer.ok) throw new Error(`/metrics answered ${answer.status}.`);
  return { page: await answer.text(), families: server.app.metrics() };
}

const lobby = channel("lobby", {
  events: { said: z.object({ text: z.string() }) },
  history: { size: 10, ttl: "5m" },
  allow: { subscribe: () => true },
});

const busy = endpoint("/ws/busy", {
  channels: [lobby],
  receives: { say: z.object({ text: z.string() }), think: z.object({}) },
  open: () => {},
  on: {
    say: async ({ app }, said) => void (await app.publish(lobby(), "said", said)),
    think: () => {
      // As long as it takes to block the event loop, for which there is a metric too.
      const beganMs = performance.now();
      while (performance.now() - beganMs < 120);
    },
  },
  close: () => {},
});
