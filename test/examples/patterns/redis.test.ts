import "./environment.js";
import { createApp } from "tidings";
import { redis } from "tidings/redis";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { devices } from "../../../examples/patterns/p06-users/app.js";
import { Program } from "../../support/child-process.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";
import { secret } from "../../support/tokens.js";
import { dial, type WsClient } from "../../support/ws-client.js";
import { logged, tokenOf } from "./environment.js";
import { serveExample } from "./served-example.js";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

async function enter(url: string, name: string): Promise<WsClient> {
  const client = await dial(url, { token: tokenOf(name) });
  await client.takeAll();
  return client;
}

test("P6: over Redis a user's devices are those at all processes", async () => {
  const start = () =>
    serveExample(createApp({ endpoints: [devices], broker: redis({ url: server.url, prefix: "p6" }) }));
  await using one = await start();
  await using two = await start();
  const [phone, laptop] = [await enter(`${one.url}/ws/me`, "zoe"), await enter(`${two.url}/ws/me`, "zoe")];
  const bob = await enter(`${two.url}/ws/me`, "bob");
  await bob.ask("tell", { to: "zoe", text: "hi" });
  for (const device of [phone, laptop]) expect((await device.next()).payload).toEqual({ from: "bob", text: "hi" });
  laptop.terminate();
  await logged("disconnected", { user: "zoe" });
  expect(await bob.ask("isConnected", { user: "zoe" })).toMatchObject({ payload: true });
  phone.terminate();
  await logged("disconnected", { user: "zoe" });
  expect(await bob.ask("isConnected", { user: "zoe" })).toMatchObject({ payload: false });
});

test("P15: two processes are one app: rooms, who is there and who is connected, both ways, and a client resumes at the other", async () => {
  const env = { TIDINGS_JWT_SECRET: secret, TIDINGS_PORT: "0", REDIS_URL: server.url };
  await using first = new Program("examples/patterns/p15-many-processes/main.ts", env);
  await using second = new Program("examples/patterns/p15-many-processes/main.ts", env);
  const roomAt = async (process: Program) => `${(await process.line(/^listening/)).split(" ").at(-1)}/ws/rooms/lobby`;
  const [one, two] = await Promise.all([roomAt(first), roomAt(second)]);
  const [ana, bob] = [await enter(one, "ana"), await enter(two, "bob")];
  for (const client of [ana, bob]) await client.ask("who", {}); // answered when `open` is through: they are in the room
  for (const [speaker, from] of [
    [ana, "ana"],
    [bob, "bob"],
  ] as const) {
    speaker.send({ type: "say", payload: { text: "hi" } });
    for (const client of [ana, bob]) expect(await client.next()).toMatchObject({ type: "said", payload: { from } });
  }
  expect(await ana.ask("who", {})).toMatchObject({ payload: [{ id: "ana" }, { id: "bob" }] });
  expect(await ana.ask("isConnected", { user: "bob" })).toMatchObject({ payload: true });

  const seen = await dial(one, { token: tokenOf("eve"), protocols: ["tidings.v1"] });
  seen.send({ type: "connect" });
  let subscribed = await seen.next();
  while (subscribed.type !== "subscribed") subscribed = await seen.next();
  seen.terminate();
  await ana.ask("who", {});
  bob.send({ type: "say", payload: { text: "missed" } });
  expect(await ana.next()).toMatchObject({ payload: { text: "missed" } });
  const back = await dial(two, { token: tokenOf("eve"), protocols: ["tidings.v1"] });
  back.send({ type: "connect", payload: { since: { "chat/lobby": subscribed.payload } } });
  expect((await back.next()).type).toBe("connected");
  expect(await back.next()).toMatchObject({ type: "subscribed", payload: { recovered: true } });
  expect(await back.next()).toMatchObject({ type: "said", payload: { text: "missed" } });
});

test("P25: a job of another process tells all devices of its user", async () => {
  vi.stubEnv("REDIS_URL", server.url);
  const { app } = await import("../../../examples/patterns/p25-task-notifier/app.js");
  await using example = await serveExample(app);
  const ana = await enter(`${example.url}/ws/jobs`, "ana");
  const report = new Program("examples/patterns/p25-task-notifier/report.ts", { REDIS_URL: server.url });
  expect(await report.exit()).toBe(0);
  expect((await ana.take(4)).map(({ type }) => type)).toEqual([
    "task_queued",
    "task_started",
    "task_progress",
    "task_completed",
  ]);
});

test("P29: in memory a room is one process's, and by one line it is that of many", async () => {
  const load = async (url: string | undefined) => {
    vi.stubEnv("REDIS_URL", url);
    vi.resetModules(); // as another process would, each loads it anew
    return serveExample((await import("../../../examples/patterns/p29-scaling/app.js")).app);
  };
  const room = "/ws/rooms/lobby";
  const said = { type: "said", channel: "chat/lobby", payload: { text: "hi" } };
  for (const [url, reaches] of [
    [undefined, false],
    [server.url, true],
  ] as const) {
    await using one = await load(url);
    await using two = await load(url);
    const [ana, bob] = [await enter(`${one.url}${room}`, "ana"), await enter(`${one.url}${room}`, "bob")];
    const eve = await enter(`${two.url}${room}`, "eve");
    // Refused in its turn, when `open` is through: they are in the room.
    for (const client of [ana, bob, eve]) await client.ask("say", { text: "" });
    ana.send({ type: "say", payload: { text: "hi" } });
    for (const client of reaches ? [ana, bob, eve] : [ana, bob]) expect(await client.next()).toEqual(said);
    expect(await eve.takeAll()).toEqual([]);
  }
});
