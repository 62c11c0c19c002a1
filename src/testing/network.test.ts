import { expect, test } from "vitest";
import { z } from "zod";
import { createApp } from "../app/app.js";
import { bearer } from "../auth/bearer.js";
import { whenLive } from "../client/when-live.js";
import { channel } from "../declare/channel.js";
import { endpoint } from "../declare/endpoint.js";
import { startTestApp, type TestApp } from "./test-app.js";

const news = channel("news", { events: { item: z.object({ n: z.number() }) }, allow: { subscribe: true } });
const kept = channel("kept", {
  events: { item: z.object({ n: z.number() }) },
  history: { size: 10, ttl: "1h" },
  allow: { subscribe: true },
});
const feed = endpoint("/feed", {
  channels: [news, kept],
  receives: { echo: z.string() },
  on: { echo: (_, text) => text },
});
const user = bearer({ verify: (token) => (token === "bad" ? null : { id: token }), from: ["subprotocol"] });
const me = endpoint("/me", { auth: user, receives: { who: z.null() }, on: { who: ({ user }) => user.id } });
const app = createApp({ endpoints: [feed, me] });

/** A client that has told what happens to it. */
async function openFeed(server: TestApp) {
  const ana = server.client<typeof feed>("/feed");
  const heard: string[] = [];
  ana.onStatus((status, why) => heard.push(why === undefined ? status : `${status} ${why.code} ${why.reason}`.trim()));
  const subscription = ana.subscribe("news");
  subscription.on("item", ({ n }) => heard.push(`item ${n}`));
  await whenLive(subscription);
  return { ana, heard };
}

test("a client asks and is answered over the network in memory", async () => {
  await using server = await startTestApp(app);
  const ana = server.client<typeof me>("/me", { token: "ana" });
  expect(await ana.request("who", null)).toBe("ana");
  expect(ana.user).toEqual({ id: "ana" });
});

test("what is said is on its way for as long as the network delays it", async () => {
  await using server = await startTestApp(app);
  const { heard } = await openFeed(server);
  server.network.setLatency("200ms");
  await app.publish(news(), "item", { n: 1 });
  await server.clock.advance("199ms");
  expect(heard).toEqual(["open"]);
  await server.clock.advance("1ms");
  expect(heard).toEqual(["open", "item 1"]);
});

test("what is sent later does not arrive earlier, however long each is on its way", async () => {
  await using server = await startTestApp(app);
  const { heard } = await openFeed(server);
  server.network.setLatency("1s");
  await app.publish(news(), "item", { n: 1 });
  await server.clock.advance("1ms");
  server.network.setLatency("10ms");
  await app.publish(news(), "item", { n: 2 });
  await server.clock.advance("998ms");
  expect(heard).toEqual(["open"]);
  await server.clock.advance("2ms");
  expect(heard).toEqual(["open", "item 1", "item 2"]);
});

test("a cut loses what is on its way, and both ends are told", async () => {
  await using server = await startTestApp(app);
  const { heard, ana } = await openFeed(server);
  server.network.setLatency("100ms");
  await app.publish(news(), "item", { n: 1 });
  await server.clock.advance("50ms");
  server.network.cut(ana);
  await server.clock.advance("0ms");
  expect(heard).toEqual(["open", "waiting 1006"]);
  expect(app.stats().connections).toBe(0);
});

test("silence tells nobody, and what waited comes when it is mended", async () => {
  await using server = await startTestApp(app);
  const { heard, ana } = await openFeed(server);
  server.network.silence(ana);
  await app.publish(news(), "item", { n: 1 });
  await server.clock.advance("10s");
  expect(heard).toEqual(["open"]);
  expect(app.stats().connections).toBe(1);
  server.network.mend(ana);
  await server.clock.advance("0ms");
  expect(heard).toEqual(["open", "item 1"]);
});

test("of one who is silent for long, both ends notice by themselves", async () => {
  await using server = await startTestApp(app);
  const { heard } = await openFeed(server);
  server.network.silence();
  await server.clock.advance("41s");
  expect(heard.slice(0, 2)).toEqual(["open", "waiting 1006 silent"]);
  expect(app.stats().connections).toBe(0);
});

test("who is refused a dial tries again, and comes in when it is mended", async () => {
  await using server = await startTestApp(app);
  const { heard, ana } = await openFeed(server);
  server.network.refuseDials();
  server.network.cut();
  await server.clock.advance("5s");
  expect(heard.slice(0, 4)).toEqual(["open", "waiting 1006", "connecting", "waiting 1006"]);
  server.network.mend();
  await server.clock.advance("30s");
  expect(ana.status).toBe("open");
});

test("a device that is offline knows it, and dials as soon as it is not", async () => {
  await using server = await startTestApp(app);
  const { ana } = await openFeed(server);
  server.network.goOffline(ana);
  await server.clock.advance("3m");
  expect(ana.status).toBe("waiting");
  server.network.mend(ana);
  await server.clock.advance("0ms");
  expect(ana.status).toBe("open");
});

test("who stops reading has what it is sent pile up at the server, and no one else", async () => {
  await using server = await startTestApp(app, { limits: { outbox: "1kb" } });
  const { ana } = await openFeed(server);
  const { heard } = await openFeed(server);
  server.network.stopReading(ana);
  for (let n = 0; n < 100; n += 1) await app.publish(news(), "item", { n });
  await server.clock.advance("0ms");
  expect(app.stats().connections).toBe(1);
  expect(heard).toHaveLength(101);
});

test("what one client's network does is no concern of another's", async () => {
  await using server = await startTestApp(app);
  const [{ ana }, bob] = [await openFeed(server), await openFeed(server)];
  server.network.cut(ana);
  await server.clock.advance("0ms");
  expect(bob.heard).toEqual(["open"]);
  expect(() => server.network.cut({})).toThrow(TypeError);
});

test("a client that is refused hears why, and stays closed", async () => {
  await using server = await startTestApp(app);
  const ana = server.client<typeof me>("/me", { token: "bad" });
  expect(await ana.closed).toEqual({ code: 1008, reason: "unauthorized" });
});

test("a restart drains: who is there comes back when it was told to, and misses nothing that is kept", async () => {
  await using server = await startTestApp(app);
  const { heard, ana } = await openFeed(server);
  await server.restart({ downFor: "1s" });
  expect(heard).toEqual(["open", "waiting 1001 going_away"]);
  await server.clock.advance("5s");
  expect(ana.status).toBe("open");
});

test("a crash tells nobody beforehand, and what was in memory is a gap", async () => {
  await using server = await startTestApp(app);
  const ana = server.client<typeof feed>("/feed");
  const gaps: unknown[] = [];
  const subscription = ana.subscribe("kept", { onGap: (gap) => gaps.push(gap) });
  await whenLive(subscription);
  await app.publish(kept(), "item", { n: 1 });
  await server.crash();
  await server.clock.advance("30s");
  expect(ana.status).toBe("open");
  expect(gaps).toEqual([{ offset: 0 }]);
});

test("disposing closes the clients, and leaves no timer of theirs", async () => {
  const server = await startTestApp(app);
  const { ana } = await openFeed(server);
  await server[Symbol.asyncDispose]();
  expect(ana.status).toBe("closed");
  expect(await ana.closed).toEqual({ code: 1000, reason: "" });
});
