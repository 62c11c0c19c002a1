import { channel, endpoint, TidingsError } from "tidings";
import { jwt } from "tidings/auth";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { FarBroker } from "../support/far-broker.js";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { serve } from "../support/served-app.js";
import { secret, signToken } from "../support/tokens.js";
import { dial, dialTidings } from "../support/ws-client.js";

const room = channel("room/:name", { events: { said: z.object({ n: z.number() }) } });
const lobby = { name: "lobby" };
const away = () => Promise.reject(new TidingsError("unavailable", "The broker is away."));

const unhandled: unknown[] = [];
const note = (error: unknown) => unhandled.push(error);
beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", note);
});
afterEach(() => {
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

function createRooms(open: "awaited" | "alone" | "none" = "awaited") {
  return endpoint("/ws/rooms", {
    channels: [room],
    receives: { say: z.object({ n: z.number() }), sayAlone: z.object({ n: z.number() }), enter: z.object({}) },
    open({ connection }) {
      if (open === "none") return;
      const joined = connection.join(room(lobby));
      return open === "awaited" ? joined : undefined;
    },
    on: {
      say: async ({ app }, { n }) => void (await app.publish(room(lobby), "said", { n })),
      sayAlone: ({ app }, { n }) => void app.publish(room(lobby), "said", { n }),
      enter: ({ connection }) => connection.join(room(lobby)),
    },
  });
}

test.each(["awaited", "alone"] as const)(
  "`open` is over when a join that is %s is: no handler runs before",
  async (how) => {
    const broker = new FarBroker();
    const gate = createGate();
    broker.reach = (what) => (what === "subscribe" ? gate.opened : Promise.resolve());
    await using server = await serve({ endpoints: [createRooms(how)], broker });
    const client = await dial(`${server.url}/ws/rooms`);
    client.send({ type: "say", payload: { n: 1 }, id: 1 });
    expect(await client.takeAll()).toEqual([]);
    const asked = [...broker.asked];
    gate.open();
    expect(asked).not.toContain("publish room/lobby");
    expect(await client.take(2)).toMatchObject([
      { type: "said", payload: { n: 1 } },
      { type: "reply", id: 1 },
    ]);
  },
);

test("what is awaited comes before what follows it, however far the broker is", async () => {
  await using server = await serve({ endpoints: [createRooms()], broker: new FarBroker() });
  const client = await dial(`${server.url}/ws/rooms`);
  for (const n of [1, 2, 3]) client.send({ type: "say", payload: { n }, id: n });
  expect((await client.take(6)).map(({ type, id, payload }) => id ?? [type, payload])).toEqual([
    ["said", { n: 1 }],
    1,
    ["said", { n: 2 }],
    2,
    ["said", { n: 3 }],
    3,
  ]);
});

test("a publish while the broker is away is `unavailable`: to the client, or to `onError` where nobody awaits it", async () => {
  const broker = new FarBroker();
  await using server = await serve({ endpoints: [createRooms()], broker });
  const client = await dial(`${server.url}/ws/rooms`);
  await client.takeAll();
  broker.reach = away;
  expect(await client.ask("say", { n: 1 }, 1)).toMatchObject({
    type: "error",
    id: 1,
    payload: { code: "unavailable" },
  });
  expect(await client.ask("sayAlone", { n: 2 }, 2)).toMatchObject({ type: "reply", id: 2 });
  expect(await server.errors.next()).toMatchObject({
    error: { code: "unavailable" },
    at: { during: 'publish of "said"' },
  });
  await expect(server.app.isConnected("ana")).rejects.toMatchObject({ code: "unavailable" });
  await expect(server.app.disconnectUser("ana")).rejects.toMatchObject({ code: "unavailable" });
  const health = await fetch(`${server.url}/health/websockets`);
  expect(await health.json()).toEqual({ total_users: 0, total_connections: 1, of_this_process_only: true });
  broker.reach = () => Promise.resolve();
  client.send({ type: "say", payload: { n: 3 }, id: 3 });
  expect(await client.take(2)).toMatchObject([{ type: "said", payload: { n: 3 } }, { id: 3 }]);
});

test("a join in `open` that fails closes with `unavailable` where it is awaited", async () => {
  const broker = new FarBroker();
  await using server = await serve({ endpoints: [createRooms("awaited")], broker });
  broker.reach = away;
  const client = await dial(`${server.url}/ws/rooms`);
  expect(await client.closed).toEqual({ code: 1013, reason: "unavailable" });
  broker.reach = () => Promise.resolve();
});

test("a join that fails and that nobody awaits goes to `onError`, and the connection is not on the channel", async () => {
  const broker = new FarBroker();
  await using server = await serve({ endpoints: [createRooms("alone")], broker });
  broker.reach = (what) => (what === "subscribe" ? away() : Promise.resolve());
  const client = await dial(`${server.url}/ws/rooms`);
  expect(await server.errors.next()).toMatchObject({ error: { code: "unavailable" }, at: { during: "join" } });
  expect([...server.app.connections()].map(({ channels }) => channels.size)).toEqual([0]);
  broker.reach = () => Promise.resolve();
  expect(await client.ask("enter", {}, 1)).toMatchObject({ type: "reply", id: 1 });
  client.send({ type: "say", payload: { n: 1 }, id: 2 });
  expect(await client.take(2)).toMatchObject([{ type: "said", payload: { n: 1 } }, { id: 2 }]);
});

test("a client of tidings.v1 that was told of a join that then failed is told that it is off", async () => {
  const broker = new FarBroker();
  await using server = await serve({ endpoints: [createRooms("none")], broker });
  const client = await dialTidings(`${server.url}/ws/rooms`);
  await client.take(1);
  broker.reach = (what) => (what === "subscribe" ? away() : Promise.resolve());
  client.send({ type: "enter", id: 1 });
  const told = (await client.takeUntil(1)).map(({ type, channel: name }) => `${type} ${name}`);
  expect(["", "subscribed room/lobby, unsubscribed room/lobby"]).toContain(told.join(", "));
});

test("whoever can't be announced is not let in: neither `open` nor `close` runs, and nothing is left", async () => {
  const steps: string[] = [];
  const broker = new FarBroker();
  const devices = endpoint("/ws/devices", {
    auth: jwt({ secret }),
    open: () => void steps.push("open"),
    close: () => void steps.push("close"),
  });
  await using server = await serve({ endpoints: [devices], broker });
  broker.reach = (what) => (what === "arrive" ? away() : Promise.resolve());
  const client = await dial(`${server.url}/ws/devices`, { token: signToken({ sub: "ana" }) });
  expect(await client.closed).toEqual({ code: 1013, reason: "unavailable" });
  await server.log.next("disconnected");
  expect(steps).toEqual([]);
  expect(server.app.stats()).toMatchObject({ connections: 0, users: 0 });
});

test("who leaves while it is announced is gone: `open` does not run, and the user is not connected", async () => {
  const steps: string[] = [];
  const broker = new FarBroker();
  const [asked, gate] = [createGate(), createGate()];
  const devices = endpoint("/ws/devices", { auth: jwt({ secret }), open: () => void steps.push("open") });
  await using server = await serve({ endpoints: [devices], broker });
  broker.reach = async (what) => {
    if (what === "arrive") asked.open();
    if (what === "arrive") await gate.opened;
  };
  const client = await dial(`${server.url}/ws/devices`, { token: signToken({ sub: "ana" }) });
  await asked.opened;
  for (const connection of server.app.connections()) connection.close(4000);
  expect(await client.closed).toEqual({ code: 4000, reason: "" });
  gate.open();
  await server.log.next("disconnected");
  expect(steps).toEqual([]);
  expect(await server.app.isConnected("ana")).toBe(false);
});

test("a broker that is away when somebody leaves is told to `onError`, and the app can close", async () => {
  const broker = new FarBroker();
  const ended = new Inbox<string>("close");
  const rooms = endpoint("/ws/rooms", {
    auth: jwt({ secret }),
    channels: [room],
    open: ({ connection }) => connection.join(room(lobby)),
    close: () => ended.put("close"),
  });
  await using server = await serve({ endpoints: [rooms], broker });
  const client = await dial(`${server.url}/ws/rooms`, { token: signToken({ sub: "ana" }) });
  await client.takeAll();
  broker.reach = away;
  client.terminate();
  await ended.next();
  const during = [(await server.errors.next()).at.during, (await server.errors.next()).at.during];
  expect(during.sort()).toEqual(["depart", "unsubscribe"]);
  broker.reach = () => Promise.resolve();
});

test("what a `close` handler could not publish is told to `onError`: there is no client left to tell", async () => {
  const broker = new FarBroker();
  const rooms = endpoint("/ws/rooms", {
    async close({ app }) {
      await app.publish(room(lobby), "said", { n: 0 });
    },
  });
  await using server = await serve({ endpoints: [rooms], broker });
  const client = await dial(`${server.url}/ws/rooms`);
  await client.takeAll();
  broker.reach = (what) => (what === "publish" ? away() : Promise.resolve());
  client.close();
  expect(await server.errors.next()).toMatchObject({ error: { code: "unavailable" }, at: { during: "close" } });
});

test("an app whose broker can't be reached does not start, and starts when it can", async () => {
  const broker = new FarBroker();
  broker.reach = away;
  await expect(serve({ endpoints: [createRooms()], broker })).rejects.toMatchObject({ code: "unavailable" });
  broker.reach = () => Promise.resolve();
  await using server = await serve({ endpoints: [createRooms()], broker });
  const client = await dial(`${server.url}/ws/rooms`);
  client.send({ type: "say", payload: { n: 1 }, id: 1 });
  expect(await client.take(2)).toMatchObject([{ type: "said" }, { type: "reply", id: 1 }]);
});
