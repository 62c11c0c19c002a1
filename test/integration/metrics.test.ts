import { channel, createApp, endpoint, forbidden, rawEndpoint, TidingsError } from "tidings";
import { jwt } from "tidings/auth";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { anyRate } from "../support/any-rate.js";
import { FarBroker } from "../support/far-broker.js";
import { createGate } from "../support/gate.js";
import { LogRecorder } from "../support/log-recorder.js";
import { dialInMemory } from "../support/memory-client.js";
import { countOf, samplesOf, seriesCount } from "../support/metrics/samples.js";
import { readRepositoryFile } from "../support/repository.js";
import { serve } from "../support/served-app.js";
import { secret, signToken } from "../support/tokens.js";
import { dial, dialRefused } from "../support/ws-client.js";

const text = z.object({ text: z.string() });
const chat = channel("chat/:room", {
  events: { said: text },
  allow: { subscribe: ({ params }) => params.room !== "vip" },
});
const room = endpoint("/ws/rooms/:room", {
  auth: jwt({ secret }),
  receives: { say: text, fail: z.object({}), refuse: z.object({}) },
  channels: [chat],
  open: ({ connection, params }) => connection.join(chat(params)),
  on: {
    say: async ({ app, params }, said) => void (await app.publish(chat(params), "said", said)),
    fail: () => {
      throw new Error("broken");
    },
    refuse: () => {
      throw new TidingsError("out_of_stock", "There is none.");
    },
  },
});
const raw = rawEndpoint("/ws/raw", { text: ({ connection }, said) => void connection.send(said) });

test("who is here is counted by endpoint, as it was declared", async () => {
  await using server = await serve({ endpoints: [room, raw] });
  const url = `${server.url}/ws/rooms`;
  const ana = await dial(`${url}/lobby`, { token: signToken({ sub: "ana" }) });
  const clients = [ana, await dial(`${url}/attic`, { token: signToken({ sub: "ana" }) })];
  for (const client of clients) await client.takeAll();
  const echo = await dial(`${server.url}/ws/raw`);
  echo.sendText("hi");
  await echo.nextText();
  expect(samplesOf(server.app, "websocket_connections")).toEqual({ "/ws/rooms/:room": 2, "/ws/raw": 1 });
  const now = ["users", "channels", "connections_opened_total", "broker_up", "pending_handshakes", "slow_connections"];
  expect(now.map((name) => countOf(server.app, `websocket_${name}`))).toEqual([1, 2, 3, 1, 0, 0]);
  ana.close(1000);
  await server.log.next("disconnected");
  expect(samplesOf(server.app, "websocket_connections")).toEqual({ "/ws/rooms/:room": 1, "/ws/raw": 1 });
  expect(samplesOf(server.app, "websocket_connections_closed_total")).toEqual({ "1000": 1 });
});

test("messages are counted one by one, however many go out in a write", async () => {
  await using server = await startTestApp(createApp({ endpoints: [room] }));
  const token = signToken({ sub: "ana" });
  const clients = [
    await dialInMemory(server, "/ws/rooms/a", { token }),
    await dialInMemory(server, "/ws/rooms/a", { token }),
  ];
  for (const client of clients) await client.takeAll();
  const counted = () => ["received", "sent"].map((which) => countOf(server.app, `websocket_messages_${which}_total`));
  expect(counted()).toEqual([2, 2]);
  for (const words of ["one", "two", "three"]) void server.app.publish(chat({ room: "a" }), "said", { text: words });
  for (const client of clients) await client.take(3);
  expect(counted()).toEqual([2, 8]);
  expect(countOf(server.app, "websocket_writes_total")).toBe(4);
  expect(countOf(server.app, "websocket_events_published_total")).toBe(3);
  expect(countOf(server.app, "websocket_events_encoded_total")).toBe(3);
});

test("errors are counted by code, an app's own as `app`, and those that nobody was told the cause of", async () => {
  await using server = await startTestApp(createApp({ endpoints: [room], logger: new LogRecorder() }));
  const ana = await dialInMemory(server, "/ws/rooms/a", { token: signToken({ sub: "ana" }) });
  for (const type of ["fail", "refuse", "say", "dance", "refuse"]) await ana.ask(type, {});
  ana.sendText("{");
  await ana.next();
  await ana.ask("subscribe", { channel: "chat/vip" });
  expect(samplesOf(server.app, "websocket_errors_answered_total")).toEqual({
    internal: 1,
    app: 2,
    invalid_payload: 1,
    unknown_type: 1,
    invalid_json: 1,
    forbidden: 1,
  });
  expect(countOf(server.app, "websocket_handler_errors_total")).toBe(1);
});

test("who is not let in is counted by code, an app's own as `app`", async () => {
  const closed = endpoint("/ws/closed", {
    auth: jwt({ secret }),
    refuse: "close",
    needs: {},
    open: () => {
      throw forbidden();
    },
  });
  await using server = await serve({ endpoints: [room, closed] });
  await dialRefused(`${server.url}/ws/rooms/a`);
  await dialRefused(`${server.url}/ws/nowhere`);
  expect(await (await dial(`${server.url}/ws/closed`)).closed).toEqual({ code: 1008, reason: "unauthorized" });
  expect(samplesOf(server.app, "websocket_handshakes_refused_total")).toEqual({ unauthorized: 2, not_found: 1 });
});

test("handlers are timed by what was declared, until what they returned is settled", async () => {
  const gate = createGate();
  const slow = endpoint("/ws/slow", {
    receives: { now: z.object({}), later: z.object({}), fail: z.object({}) },
    channels: [chat],
    open: () => {},
    on: {
      now: () => null,
      later: () => gate.opened,
      fail: async () => {
        await Promise.resolve();
        throw forbidden();
      },
    },
    close: () => {},
  });
  await using server = await serve({ endpoints: [slow, raw] });
  const ana = await dial(`${server.url}/ws/slow`);
  const counts = () => samplesOf(server.app, "websocket_handler_seconds_count");
  await ana.ask("now", {}, 1);
  await ana.ask("fail", {}, 2);
  await ana.ask("subscribe", { channel: "chat/lobby" }, 3);
  const before = { "/ws/slow open": 1, "/ws/slow message now": 1, "/ws/slow message fail": 1, "/ws/slow allow": 1 };
  expect(counts()).toEqual(before);
  ana.send({ type: "later", payload: {}, id: 4 });
  await ana.takeAll();
  expect(counts()).toEqual(before);
  gate.open();
  await ana.next();
  const echo = await dial(`${server.url}/ws/raw`);
  echo.sendText("hi");
  await echo.nextText();
  expect(counts()).toEqual({ ...before, "/ws/slow message later": 1, "/ws/raw frame": 1 });
  ana.close(1000);
  await server.log.next("disconnected");
  expect(counts()).toMatchObject({ "/ws/slow close": 1 });
  const all = samplesOf(server.app, "websocket_handler_seconds_bucket");
  expect(all["/ws/slow message later +Inf"]).toBe(1);
});

test("with `metrics: false` handlers are not timed; all else is counted", async () => {
  await using server = await serve({ endpoints: [raw], http: { metrics: false } });
  const echo = await dial(`${server.url}/ws/raw`);
  echo.sendText("hi");
  await echo.nextText();
  expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
  expect(samplesOf(server.app, "websocket_handler_seconds_count")).toEqual({});
  expect(countOf(server.app, "websocket_messages_received_total")).toBe(1);
  expect(server.app.metrics().map(({ name }) => name)).toContain("websocket_handler_seconds");
});

test("/metrics is what the app counts, and what the process uses up, as Prometheus reads it", async () => {
  await using server = await serve({ endpoints: [room] });
  const ana = await dial(`${server.url}/ws/rooms/lobby`, { token: signToken({ sub: "ana" }) });
  await ana.takeAll();
  const response = await fetch(`${server.url}/metrics`);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const page = await response.text();
  const lines = page.split("\n");
  expect(lines.at(-1)).toBe("");
  expect(lines).toContain('websocket_connections{endpoint="/ws/rooms/:room"} 1');
  const names = lines.flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []);
  expect(names).toEqual(expect.arrayContaining(server.app.metrics().map(({ name }) => name)));
  expect(names.filter((name) => !name.startsWith("websocket_"))).toEqual(
    expect.arrayContaining([
      "process_cpu_seconds_total",
      "process_resident_memory_bytes",
      "process_start_time_seconds",
    ]),
  );
  expect(server.app.metrics().filter(({ name }) => !name.startsWith("websocket_"))).toEqual([]);
});

test("no user, channel, connection or token is told, and what clients make up is no label", async () => {
  await using server = await serve({ endpoints: [room, raw] });
  const token = signToken({ sub: "ana-maria" });
  const page = async () => (await fetch(`${server.url}/metrics`)).text();
  const live = await dial(`${server.url}/ws/rooms/room-of-hers`, { token });
  await live.takeAll();
  const storm = async (n: number) => {
    const ana = await dial(`${server.url}/ws/rooms/room-of-hers?token=${token}`);
    await ana.ask(`word-${n}`, {}, 1);
    await ana.ask("subscribe", { channel: `chat/made-up-${n}` }, 2);
    await dialRefused(`${server.url}/ws/path-${n}`);
    ana.close(3000 + 67 * n, `reason-${n}`);
    await server.log.next("disconnected");
  };
  await storm(0);
  const before = seriesCount(server.app.metrics());
  for (let n = 1; n < 15; n += 1) await storm(n);
  expect(samplesOf(server.app, "websocket_connections_closed_total")).toEqual({ "3xxx other": 15 });
  expect(seriesCount(server.app.metrics())).toBe(before);
  const [connection] = server.app.connections();
  for (const secretive of [
    "ana-maria",
    "room-of-hers",
    "made-up",
    "word-",
    "path-",
    "reason-",
    token,
    `${connection?.id}`,
  ]) {
    expect(await page()).not.toContain(secretive);
  }
});

test("a connection that has stopped reading is a slow one, and what waits for it is counted", async () => {
  const news = channel("news", { events: { item: text }, history: { size: 100, ttl: "5m" } });
  const feed = endpoint("/ws", {
    channels: [news],
    limits: { outbox: "8kb", ...anyRate },
    open: ({ connection }) => connection.join(news()),
  });
  const app = createApp({ endpoints: [feed] });
  await using server = await startTestApp(app);
  await server.connect<typeof feed>("/ws", { reading: false });
  await server.connect<typeof feed>("/ws");
  for (let n = 0; n < 40; n += 1) {
    await app.publish(news(), "item", { text: "x".repeat(1_000) });
    await server.clock.advance("100ms");
  }
  expect(countOf(app, "websocket_slow_connections")).toBe(1);
  expect(countOf(app, "websocket_outbox_bytes")).toBeGreaterThan(4_000);
  expect(samplesOf(app, "websocket_overflows_total")).toEqual({ "catch-up": 1 });
});

test.each(["drop-oldest", "drop-newest"] as const)("what `%s` dropped is counted under that word", async (overflow) => {
  const news = channel("news", { events: { item: text }, overflow });
  const feed = endpoint("/ws", {
    channels: [news],
    limits: { outbox: "8kb" },
    open: ({ connection }) => connection.join(news()),
  });
  const app = createApp({ endpoints: [feed] });
  await using server = await startTestApp(app);
  await server.connect<typeof feed>("/ws", { reading: false });
  for (let n = 0; n < 40; n += 1) {
    await app.publish(news(), "item", { text: "x".repeat(1_000) });
    await server.clock.advance("1ms");
  }
  const { eventsDropped } = app.stats();
  expect(eventsDropped).toBeGreaterThan(20);
  expect(samplesOf(app, "websocket_overflows_total")).toEqual({ [overflow]: eventsDropped });
});

test("who comes back is counted by whether all that was missed could be told", async () => {
  const kept = channel("kept", { events: { item: text }, history: { size: 2, ttl: "5m" }, allow: { subscribe: true } });
  const feed = endpoint("/ws", { channels: [kept] });
  const app = createApp({ endpoints: [feed] });
  await using server = await startTestApp(app);
  const ana = await server.connect<typeof feed>("/ws");
  const { epoch, offset } = await ana.subscribe(kept());
  for (const words of ["one", "two"]) await app.publish(kept(), "item", { text: words });
  const [phone, laptop] = [await server.connect<typeof feed>("/ws"), await server.connect<typeof feed>("/ws")];
  expect(await phone.subscribe(kept(), { since: { epoch, offset } })).toMatchObject({ recovered: true });
  await app.publish(kept(), "item", { text: "three" });
  expect(await laptop.subscribe(kept(), { since: { epoch, offset } })).toMatchObject({ recovered: false });
  expect(samplesOf(app, "websocket_resumes_total")).toEqual({ true: 1, false: 1 });
});

test("a broker that is away is told, and how often it was", async () => {
  const broker = new FarBroker();
  await using server = await serve({ endpoints: [raw], broker });
  expect(countOf(server.app, "websocket_broker_up")).toBe(1);
  broker.away(new Error("The line is cut."));
  expect(countOf(server.app, "websocket_broker_up")).toBe(0);
  broker.back();
  expect(["up", "outages_total"].map((name) => countOf(server.app, `websocket_broker_${name}`))).toEqual([1, 1]);
});

test("an app that does not run has the names of its metrics, and no samples", async () => {
  const app = createApp({ endpoints: [room], http: { metrics: false } });
  const shapes = () => app.metrics().map(({ samples, ...shape }) => shape);
  const before = shapes();
  expect(seriesCount(app.metrics())).toBe(0);
  const server = await startTestApp(app);
  expect(shapes()).toEqual(before);
  expect(seriesCount(app.metrics())).toBeGreaterThan(0);
  await server[Symbol.asyncDispose]();
  expect(shapes()).toEqual(before);
  expect(seriesCount(app.metrics())).toBe(0);
});

test("the docs name each metric, with its labels, and no other", () => {
  const app = createApp({ endpoints: [] });
  const rows = readRepositoryFile("docs/how-to/metrics.md").matchAll(
    /^\| `(websocket_[a-z_]+)(?:\{([a-z, ]+)\})?` \| (\w+) \|/gm,
  );
  const documented = Array.from(rows, ([, name, labels, type]) => [name, type, labels?.split(", ") ?? []]);
  expect(documented.sort()).toEqual(
    app
      .metrics()
      .map(({ name, type, labelNames }) => [name, type, labelNames])
      .sort(),
  );
});

test("Grafana's dashboard asks for nothing that is not there", async () => {
  await using server = await serve({ endpoints: [room] });
  const page = await (await fetch(`${server.url}/metrics`)).text();
  const names = new Set(Array.from(page.matchAll(/^# TYPE (\S+)/gm), ([, name]) => name));
  const dashboard = readRepositoryFile("docs/grafana/tidings.json");
  const asked = new Set(Array.from(dashboard.matchAll(/\b(?:websocket|process|nodejs)_[a-z_]+/g), ([name]) => name));
  const base = (name: string) => (names.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ""));
  expect([...asked].filter((name) => !names.has(base(name)))).toEqual([]);
  expect(asked.size).toBeGreaterThan(30);
});
