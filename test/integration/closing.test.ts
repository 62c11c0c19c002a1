import { channel, endpoint, rawEndpoint } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { openRaw, RawClient } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";
import { dial, dialRefused } from "../support/ws-client.js";

const never = () => new Promise<void>(() => {});
const goingAway = { code: 1001, reason: "going_away" };

test("`close` tells everyone, waits for their `close` handlers, and then the port is free", async () => {
  const [begun, gate] = [createGate(), createGate()];
  const steps: string[] = [];
  const work = endpoint("/ws/work", {
    async close() {
      begun.open();
      await gate.opened;
      steps.push("cleaned up");
    },
  });
  await using server = await serve({ endpoints: [work] });
  const client = await dial(`${server.url}/ws/work`);
  await client.takeAll();
  const closing = server.app.close().then(() => steps.push("closed"));
  expect(await client.closed).toEqual(goingAway);
  await begun.opened;
  expect(steps).toEqual([]);
  gate.open();
  await closing;
  expect(steps).toEqual(["cleaned up", "closed"]);
  await expect(dial(`${server.url}/ws/work`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

const hanging: Readonly<Record<string, readonly ("open" | "start" | "close")[]>> = {
  "A handler": ["start"],
  "An `open`": ["open"],
  "A `close`": ["close"],
  "A connection where all of them hang": ["open", "start", "close"],
};

test.each(Object.entries(hanging))("%s that hangs is waited for no longer than `limits.close`", async (_, places) => {
  const closes = new Inbox<unknown>("close");
  const hangAt = (place: string) => (places.some((each) => each === place) ? never() : Promise.resolve());
  const work = endpoint("/ws/work", {
    receives: { start: z.object({}) },
    open: () => hangAt("open"),
    on: { start: () => hangAt("start") },
    close(_, closed) {
      closes.put(closed);
      return hangAt("close");
    },
  });
  await using server = await serve({ endpoints: [work], limits: { close: "50ms" } });
  const client = await dial(`${server.url}/ws/work`);
  client.send({ type: "start", id: 1 });
  await client.takeAll();
  await server.app.close();
  expect(await client.closed).toEqual(goingAway);
  expect(closes.unread).toEqual([goingAway]);
  expect((await server.log.next("disconnected")).fields).toMatchObject(goingAway);
});

test("a handler that ends after `close` has no effect: its answer is dropped", async () => {
  const gate = createGate();
  const results = new Inbox<unknown>("results");
  const work = endpoint("/ws/work", {
    sends: { late: z.object({}) },
    receives: { start: z.object({}) },
    on: {
      async start({ connection }) {
        await gate.opened;
        results.put(connection.send("late", {}));
        return "too late";
      },
    },
  });
  await using server = await serve({ endpoints: [work], limits: { close: "50ms" } });
  const client = await dial(`${server.url}/ws/work`);
  client.send({ type: "start", id: 1 });
  await client.takeAll();
  await server.app.close();
  gate.open();
  expect(await results.next()).toBe(false);
  expect(client.unread).toEqual([]);
  expect(server.errors.unread).toEqual([]);
});

test("a client that never answers the close frame is waited for no longer than `limits.close`", async () => {
  const echo = rawEndpoint("/ws/echo", {});
  await using server = await serve({ endpoints: [echo], limits: { close: "50ms" } });
  using deaf = await openRaw(`${server.url}/ws/echo`);
  await server.app.close();
  expect(await deaf.nextClose()).toEqual(goingAway);
  await expect(deaf.nextFrame()).rejects.toThrow("the connection ended");
});

test("a refused client that never answers the close frame is not waited for as long as others", async () => {
  const shut = endpoint("/ws/shut", { allow: () => false, refuse: "close" });
  await using server = await serve({ endpoints: [shut], limits: { close: "1h" } });
  using refused = await openRaw(`${server.url}/ws/shut`);
  expect(await refused.nextClose()).toEqual({ code: 1008, reason: "forbidden" });
  await expect(refused.nextFrame()).rejects.toThrow("the connection ended");
});

test("idle TCP connections and kept-alive requests do not hold up `close`", async () => {
  await using server = await serve({ endpoints: [rawEndpoint("/ws/echo", {})] });
  using silent = await RawClient.open(server.url);
  using half = await RawClient.open(server.url);
  half.write("GET /ws/echo HTTP/1.1\r\nhost: x\r\n");
  using kept = await RawClient.open(server.url);
  kept.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
  expect((await kept.nextResponse()).status).toBe(200);
  await server.app.close();
  await expect(silent.nextFrame()).rejects.toThrow("the connection ended");
});

test("who comes while the app closes is refused as `draining`, and so is who was still being checked", async () => {
  const [asked, checked, finish, begun] = [createGate(), createGate(), createGate(), createGate()];
  const opened: string[] = [];
  const work = endpoint("/ws/work/:name", {
    async allow({ params }) {
      if (params.name !== "slow") return true;
      asked.open();
      await checked.opened;
      return true;
    },
    open: ({ params }) => void opened.push(params.name),
    async close() {
      begun.open();
      await finish.opened;
    },
  });
  await using server = await serve({ endpoints: [work] });
  const client = await dial(`${server.url}/ws/work/first`);
  await client.takeAll();
  const slow = dialRefused(`${server.url}/ws/work/slow`);
  await asked.opened;
  const closing = server.app.close();
  await begun.opened;
  expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
  const refused = await dialRefused(`${server.url}/ws/work/second`);
  expect(refused).toMatchObject({ status: 503, body: { code: "draining" } });
  expect(refused.headers["retry-after"]).toMatch(/^\d+$/);
  const ours = await dial(`${server.url}/ws/work/third`, { protocols: ["tidings.v1"] });
  expect(await ours.closed).toEqual({ code: 1013, reason: "draining" });
  checked.open();
  expect(await slow).toMatchObject({ status: 503, body: { code: "draining" } });
  finish.open();
  await closing;
  expect(opened).toEqual(["first"]);
});

test("a check that hangs does not hold up `close`", async () => {
  const [asked, gate] = [createGate(), createGate()];
  const stuck = endpoint("/ws/stuck", {
    allow() {
      asked.open();
      return gate.opened.then(() => true);
    },
  });
  await using server = await serve({ endpoints: [stuck], limits: { close: "50ms" } });
  const dialled = dial(`${server.url}/ws/stuck`).catch((error: unknown) => error);
  await asked.opened;
  const ended = new Inbox<string>("the app's close");
  server.app.close().then(() => ended.put("closed"));
  try {
    expect(await ended.next()).toBe("closed");
  } finally {
    gate.open();
  }
  expect(await dialled).toBeInstanceOf(Error);
});

test("to close twice, or what never ran, is to close once", async () => {
  let closes = 0;
  const work = endpoint("/ws/work", {
    close() {
      closes += 1;
    },
  });
  const server = await serve({ endpoints: [work] });
  const client = await dial(`${server.url}/ws/work`);
  await client.takeAll();
  await Promise.all([server.app.close(), server.app.close()]);
  await server.app.close();
  expect(closes).toBe(1);
});

test("a closed app can listen again, and remembers nothing", async () => {
  const room = channel("room", { events: { said: z.object({}) } });
  const work = endpoint("/ws/work", { channels: [room], open: ({ connection }) => connection.join(room()) });
  await using server = await serve({ endpoints: [work] });
  await (await dial(`${server.url}/ws/work`)).takeAll();
  await server.app.close();
  await expect(server.app.publish(room(), "said", {})).rejects.toMatchObject({ code: "unavailable" });
  const { url } = await server.app.listen(0);
  expect(server.app.stats()).toMatchObject({ connections: 0, channels: 0, connectionsOpened: 0 });
  const client = await dial(`${url}/ws/work`);
  await client.takeAll();
  await server.app.publish(room(), "said", {});
  expect(await client.next()).toMatchObject({ type: "said" });
});
