import { channel, createApp, endpoint } from "tidings";
import { whenLive } from "tidings/client";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { MemoryBroker } from "../../src/broker/memory.js";

const kept = channel("kept/:id", {
  events: { item: z.object({ n: z.number() }) },
  history: { size: 100, ttl: "1h" },
  allow: { subscribe: true, publish: true },
});
const live = channel("live", { events: { item: z.object({ n: z.number() }) }, allow: { subscribe: true } });
const feed = endpoint("/feed", {
  channels: [kept, live],
  receives: { add: z.number() },
  on: { add: (_, n) => n + 1 },
});

test("a drained restart with the same broker loses nothing and doubles nothing", async () => {
  const broker = new MemoryBroker({ createId: () => "one life", clock: { elapsed: () => 0 } });
  const app = createApp({ endpoints: [feed], broker });
  await using server = await startTestApp(app);
  const ana = server.client<typeof feed>("/feed");
  const heard: unknown[] = [];
  const subscription = ana.subscribe("kept/:id", { id: "a" }, { onGap: (gap) => heard.push(gap) });
  subscription.on("item", ({ n }) => heard.push(n));
  await whenLive(subscription);
  await app.publish(kept({ id: "a" }), "item", { n: 1 });
  await server.restart();
  await app.publish(kept({ id: "a" }), "item", { n: 2 });
  await server.clock.advance("5s");
  await app.publish(kept({ id: "a" }), "item", { n: 3 });
  await server.clock.advance("0ms");
  expect(heard).toEqual([1, 2, 3]);
});

test("a restart that loses the memory is one gap on each channel", async () => {
  const app = createApp({ endpoints: [feed] });
  await using server = await startTestApp(app);
  const ana = server.client<typeof feed>("/feed");
  const gaps: string[] = [];
  ana.on("gap", (_, { channel }) => gaps.push(String(channel)));
  const subscriptions = [
    ana.subscribe("kept/:id", { id: "a" }, { onGap: () => {} }),
    ana.subscribe("kept/:id", { id: "b" }, { onGap: () => {} }),
    ana.subscribe("live"),
  ];
  await Promise.all(subscriptions.map(whenLive));
  await server.crash({ downFor: "3s" });
  await server.clock.advance("1m");
  expect(gaps.sort()).toEqual(["kept/a", "kept/b", "live"]);
});

test("a subscription whose answer takes long is late, and not lost", async () => {
  const app = createApp({ endpoints: [feed] });
  await using server = await startTestApp(app);
  const ana = server.client<typeof feed>("/feed");
  await ana.request("add", 1);
  server.network.silence(ana);
  const subscription = ana.subscribe("live");
  await server.clock.advance("15s");
  expect(subscription.status).toBe("subscribing");
  server.network.mend(ana);
  await server.clock.advance("0ms");
  expect(subscription.status).toBe("live");
});

test("a publish whose answer is cut off is delivered once, and a request is not said again", async () => {
  const broker = new MemoryBroker({ createId: () => "one life", clock: { elapsed: () => 0 } });
  const app = createApp({ endpoints: [feed], broker });
  await using server = await startTestApp(app);
  const ana = server.client<typeof feed>("/feed");
  const heard: number[] = [];
  const subscription = ana.subscribe("kept/:id", { id: "a" }, { onGap: () => heard.push(Number.NaN) });
  subscription.on("item", ({ n }) => heard.push(n));
  await whenLive(subscription);
  server.network.setLatency("100ms");
  const published = subscription.publish("item", { n: 1 });
  const asked = ana.request("add", 1).catch(({ code }) => code);
  await server.clock.advance("150ms");
  server.network.cut(ana);
  await server.clock.advance("5s");
  expect(await published).toEqual({ offset: 1 });
  expect(await asked).toBe("connection_lost");
  expect(heard).toEqual([1]);
});
