import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createApp, endpoint } from "tidings";
import { expect, test } from "vitest";
import { apiApp, chat, enter } from "../support/api-app.js";
import { ApiClient } from "../support/api-client.js";
import { FarBroker } from "../support/far-broker.js";
import { createGate } from "../support/gate.js";
import { LogRecorder } from "../support/log-recorder.js";
import { samplesOf } from "../support/metrics/samples.js";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

async function start(options: Parameters<typeof apiApp>[0] = {}) {
  const server = await serve(apiApp(options));
  return { server, api: new ApiClient(server), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const lobby = { channel: "chat/lobby" };
const said = (text: string) => ({ ...lobby, type: "said", payload: { text } });

/** Each operation is asked here, over HTTP. */
const operations: Readonly<Record<string, () => Promise<void>>> = {
  async publish() {
    await using world = await start();
    const { client } = await enter(world.server, "ana");
    await client.ask("subscribe", lobby);
    expect(await world.api.done("/api/publish", said("hi"))).toEqual({ epoch: expect.any(String), offset: 1 });
    expect(await client.next()).toMatchObject({ type: "said", ...lobby, offset: 1, payload: { text: "hi" } });
    // An inbox is a channel like any other, and without history there is no place to tell.
    const note = { channel: "inbox/ana", type: "note", payload: { text: "psst" } };
    expect(await world.api.done("/api/publish", note)).toEqual({});
    expect(await client.next()).toMatchObject(note);
    const told = { channel: "news", type: "any.type", payload: [1, null] };
    await client.ask("subscribe", { channel: "news" });
    await world.api.done("/api/publish", told);
    expect(await client.next()).toEqual(told);
  },

  async publish_batch() {
    await using world = await start();
    const { client } = await enter(world.server, "ana");
    await client.ask("subscribe", lobby);
    const items = [
      said("1"),
      said("2"),
      { ...lobby, type: "shouted" },
      said("3"),
      { channel: "attic" },
      said("4"),
      null,
    ];
    const { results } = await world.api.done("/api/publish/batch", { items });
    expect(results).toMatchObject([
      { offset: 1 },
      { offset: 2 },
      { error: { status: 400, code: "unknown_type" } },
      { offset: 3 },
      { error: { status: 400, code: "bad_request", issues: [{ path: ["type"] }] } },
      { offset: 4 },
      { error: { code: "bad_request", issues: [{ path: [] }] } },
    ]);
    expect((await client.take(4)).map(({ payload }) => payload)).toEqual(
      ["1", "2", "3", "4"].map((text) => ({ text })),
    );
  },

  async presence() {
    await using world = await start();
    expect(await world.api.done("/api/presence?channel=chat/lobby")).toEqual({ members: [], count: 0 });
    for (const user of ["ana", "bob"]) await (await enter(world.server, user)).client.ask("subscribe", lobby);
    const both = { members: [{ id: "ana" }, { id: "bob" }], count: 2 };
    expect(await world.api.done("/api/presence?channel=chat%2Flobby")).toEqual(both);
    expect(await world.api.done("/api/presence?channel=chat/lobby&limit=1")).toEqual({
      members: [{ id: "ana" }],
      count: 2,
    });
    expect((await world.api.get("/api/presence?channel=news")).body).toMatchObject({ status: 404, code: "not_found" });
  },

  async history() {
    await using world = await start();
    const { epoch } = await world.api.done("/api/publish", said("1"));
    for (const text of ["2", "3"]) await world.server.app.publish(chat({ room: "lobby" }), "said", { text });
    const event = (offset: number) => ({ type: "said", offset, payload: { text: `${offset}` } });
    expect(await world.api.done("/api/history?channel=chat/lobby")).toEqual({ epoch, events: [1, 2, 3].map(event) });
    expect(await world.api.done("/api/history?channel=chat/lobby&limit=1&before=3")).toEqual({
      epoch,
      events: [event(2)],
    });
    expect(await world.api.done("/api/history?channel=news")).toEqual({ events: [] });
  },

  async channels() {
    await using world = await start();
    for (const [user, channel] of [
      ["ana", "chat/lobby"],
      ["bob", "chat/lobby"],
      ["bob", "chat/attic"],
    ] as const) {
      await (await enter(world.server, user)).client.ask("subscribe", { channel });
    }
    const { count, channels, process } = await world.api.done("/api/channels?text=chat");
    expect([count, channels]).toEqual([
      2,
      [
        { channel: "chat/lobby", pattern: "chat/:room", connections: 2 },
        { channel: "chat/attic", pattern: "chat/:room", connections: 1 },
      ],
    ]);
    // What is the protocol's own is not among them, and what is not shown is counted.
    expect(await world.api.done("/api/channels?limit=1")).toMatchObject({ process, count: 4, channels: [{}] });
  },

  async report_task() {
    await using world = await start();
    const { client } = await enter(world.server, "ana");
    const report = (what: object) => world.api.done("/api/tasks/report", { user: "ana", task: "export-7", ...what });
    expect(await report({ status: "queued", name: "Export" })).toEqual({ told: true });
    expect(await report({ progress: 40, message: "half way" })).toEqual({ told: true });
    expect(await report({ result: { rows: 3 } })).toEqual({ told: true });
    expect(await report({ progress: 50 })).toEqual({ told: false });
    expect(await client.take(3)).toMatchObject([
      { type: "task_queued", payload: { task: "export-7", name: "Export", progress: 0 } },
      { type: "task_progress", payload: { progress: 40, message: "half way" } },
      { type: "task_completed", payload: { progress: 100, result: { rows: 3 } } },
    ]);
    expect(await report({ status: "queued" })).toEqual({ told: true });
    expect(await report({ error: { code: "disk_full", message: "No room." } })).toEqual({ told: true });
    expect((await client.take(2))[1]).toMatchObject({ type: "task_failed", payload: { error: { code: "disk_full" } } });
  },

  async cancel_task() {
    await using world = await start();
    const task = { user: "ana", task: "t1" };
    expect(await world.api.done("/api/tasks/cancel", task)).toEqual({ cancelled: false });
    await world.api.done("/api/tasks/report", { ...task, progress: 10 });
    expect(await world.api.done("/api/tasks/cancel", task)).toEqual({ cancelled: true });
    expect(await world.api.done("/api/tasks/report", { ...task, progress: 20 })).toEqual({ told: false });
  },

  async tasks() {
    await using world = await start();
    await world.api.done("/api/tasks/report", { user: "ana/1", task: "a", name: "A", progress: 10 });
    await world.api.done("/api/tasks/report", { user: "ana/1", task: "b", result: null });
    const timestamp = expect.any(String);
    expect(await world.api.done("/api/tasks?user=ana%2F1")).toEqual({
      tasks: [
        { id: "a", name: "A", status: "started", progress: 10, timestamp },
        { id: "b", status: "completed", progress: 100, result: null, timestamp },
      ],
    });
    expect(await world.api.done("/api/tasks?user=ana")).toEqual({ tasks: [] });
  },

  async connections() {
    await using world = await start();
    const [ana, bob] = [await enter(world.server, "ana"), await enter(world.server, "bob")];
    await bob.client.ask("subscribe", lobby);
    const row = ({ id }: { readonly id: string }, user: string) =>
      expect.objectContaining({ id, user, endpoint: "/ws", address: "127.0.0.1", bufferedBytes: 0 });
    const connections = async (query: string) => (await world.api.done(`/api/connections${query}`)).connections;
    expect(await connections("")).toEqual([row(ana, "ana"), row(bob, "bob")]);
    expect(await connections("?user=ana")).toEqual([row(ana, "ana")]);
    expect(await connections("?channel=chat/lobby")).toEqual([row(bob, "bob")]);
    expect(await world.api.done("/api/connections?limit=1")).toMatchObject({ count: 2, connections: [{ id: ana.id }] });
  },

  async connected() {
    await using world = await start();
    expect(await world.api.done("/api/connected?user=ana")).toEqual({ connected: false });
    await enter(world.server, "ana");
    expect(await world.api.done("/api/connected?user=ana")).toEqual({ connected: true });
  },

  async disconnect() {
    await using world = await start();
    const [first, second, third] = [
      await enter(world.server, "ana"),
      await enter(world.server, "ana"),
      await enter(world.server, "ana"),
    ];
    expect(await world.api.done("/api/disconnect", { connection: second.id, code: 4_001, reason: "moved" })).toEqual(
      {},
    );
    expect(await second.client.closed).toEqual({ code: 4_001, reason: "moved" });
    await world.api.done("/api/disconnect", { connection: third.id, code: 3_000 });
    expect(await third.client.closed).toEqual({ code: 3_000, reason: "" });
    expect(await world.api.done("/api/disconnect", { user: "ana" })).toEqual({});
    expect(await first.client.closed).toEqual({ code: 1_008, reason: "forbidden" });
    // Nobody knows whether somebody has it.
    expect(await world.api.done("/api/disconnect", { connection: second.id })).toEqual({});
  },

  async revoke() {
    await using world = await start();
    const { client } = await enter(world.server, "ana");
    expect(await world.api.done("/api/revoke", { user: "ana" })).toEqual({});
    expect(await client.closed).toMatchObject({ reason: "unauthorized" });
    await expect(enter(world.server, "ana")).rejects.toThrow("unauthorized");
    expect(await world.api.done("/api/revoke", { tokenId: "t1" })).toEqual({});
  },

  async stats() {
    await using world = await start();
    await enter(world.server, "ana");
    expect(await world.api.done("/api/stats")).toMatchObject({
      process: expect.any(String),
      all: { users: 1, connections: 1, isOfThisProcess: false },
      here: { connections: 1, channels: 2, isBrokerAway: false },
    });
  },
};

test.each(Object.entries(operations))("it can be asked: %s", (_name, show) => show());

test("what can be asked is asked here", () => {
  const { paths } = createApp(apiApp()).openapi();
  const named = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
  expect(named.toSorted()).toEqual(Object.keys(operations).toSorted());
});

test("what is published twice with one key is delivered once, and both are told the same place", async () => {
  await using world = await start();
  const { client } = await enter(world.server, "ana");
  await client.ask("subscribe", lobby);
  const first = await world.api.done("/api/publish", { ...said("1"), key: "order-1" });
  expect(await world.api.done("/api/publish", { ...said("1"), key: "order-1" })).toEqual(first);
  const byHeader = await world.api.post("/api/publish", said("1"), { headers: { "idempotency-key": "order-1" } });
  expect(byHeader.body).toEqual(first);
  const { results } = await world.api.done("/api/publish/batch", {
    items: [{ ...said("1"), key: "order-1" }, said("2")],
  });
  expect(results).toMatchObject([first, { offset: 2 }]);
  expect((await client.take(2)).map(({ payload }) => payload)).toEqual([{ text: "1" }, { text: "2" }]);
});

test("no more is told at once than the app's limits say", async () => {
  await using world = await start({ limits: { historyPage: 2, members: 1, apiRequests: 1 } });
  for (const user of ["ana", "bob"]) {
    const { client } = await enter(world.server, user);
    await client.ask("subscribe", lobby);
  }
  // One after the other is one at a time.
  for (const text of ["1", "2", "3"]) await world.api.done("/api/publish", said(text));
  expect(await world.api.done("/api/history?channel=chat/lobby&limit=3")).toMatchObject({
    events: [{ offset: 2 }, { offset: 3 }],
  });
  const { members, count } = await world.api.done("/api/presence?channel=chat/lobby&limit=2");
  expect([members, count]).toEqual([[{ id: "ana" }], 2]);
});

test("who is still being let in is not among the connections", async () => {
  const gate = createGate();
  const slow = endpoint("/slow", { open: () => gate.opened });
  await using world = await start({ endpoints: [slow] });
  const client = await dial(`${world.server.url}/slow`);
  expect(await world.api.done("/api/connections")).toMatchObject({ count: 0, connections: [] });
  gate.open();
  client.send({ type: "ping" });
  await client.next();
  expect(await world.api.done("/api/connections")).toMatchObject({ count: 1, connections: [{ endpoint: "/slow" }] });
});

test("who is excepted does not hear it", async () => {
  await using world = await start();
  const [ana, bob] = [await enter(world.server, "ana"), await enter(world.server, "bob")];
  for (const { client } of [ana, bob]) await client.ask("subscribe", { channel: "news" });
  const item = (type: string) => ({ channel: "news", type, payload: 1 });
  await world.api.done("/api/publish", { ...item("first"), except: ana.id });
  await world.api.done("/api/publish", item("second"));
  expect((await bob.client.take(2)).map(({ type }) => type)).toEqual(["first", "second"]);
  expect(await ana.client.next()).toMatchObject({ type: "second" });
});

const refused: readonly [what: string, path: string, body: unknown, status: number, code: string, issue?: object][] = [
  ["a channel that nobody lists", "/api/publish", { channel: "attic", type: "said" }, 404, "not_found"],
  ["a name that is none", "/api/publish", { channel: "chat//", type: "said" }, 404, "not_found"],
  ["the protocol's own", "/api/publish", { channel: "$tasks/ana", type: "task_queued" }, 404, "not_found"],
  ["an event that the channel has not", "/api/publish", { ...lobby, type: "shouted" }, 400, "unknown_type"],
  ["a type that is none", "/api/publish", { channel: "news", type: "no type" }, 400, "unknown_type"],
  ["the protocol's type", "/api/publish", { channel: "news", type: "gap" }, 400, "unknown_type"],
  [
    "a payload that does not fit",
    "/api/publish",
    { ...said("x"), payload: { text: 5 } },
    400,
    "invalid_payload",
    { path: ["text"] },
  ],
  [
    "no payload where one is needed",
    "/api/publish",
    { ...lobby, type: "said" },
    400,
    "invalid_payload",
    { path: ["text"] },
  ],
  ["no type", "/api/publish", lobby, 400, "bad_request", { path: ["type"] }],
  ["a name that nobody reads", "/api/publish", { ...said("x"), exept: "c1" }, 400, "bad_request", { path: ["exept"] }],
  [
    "a key that is too long",
    "/api/publish",
    { ...said("x"), key: "k".repeat(65) },
    400,
    "bad_request",
    { path: ["key"] },
  ],
  ["a list", "/api/publish", [said("x")], 400, "bad_request", { path: [] }],
  ["nothing", "/api/publish", null, 400, "bad_request", { path: [] }],
  ["no items", "/api/publish/batch", { items: [] }, 400, "bad_request", { path: ["items"] }],
  ["a report of nothing", "/api/tasks/report", { user: "ana", task: "t" }, 400, "bad_request"],
  [
    "a report of two things",
    "/api/tasks/report",
    { user: "ana", task: "t", progress: 1, result: 1 },
    400,
    "bad_request",
  ],
  [
    "a progress beyond",
    "/api/tasks/report",
    { user: "ana", task: "t", progress: 101 },
    400,
    "bad_request",
    { path: ["progress"] },
  ],
  [
    "an error without a code",
    "/api/tasks/report",
    { user: "ana", task: "t", error: { message: "x" } },
    400,
    "bad_request",
    { path: ["error"] },
  ],
  [
    "a result that is too big",
    "/api/tasks/report",
    { user: "ana", task: "t", result: "x".repeat(9_000) },
    400,
    "invalid_payload",
  ],
  ["a task of nobody", "/api/tasks/cancel", { user: "", task: "t" }, 400, "bad_request", { path: ["user"] }],
  ["a user and a connection", "/api/disconnect", { user: "ana", connection: "c" }, 400, "bad_request"],
  ["nobody", "/api/disconnect", {}, 400, "bad_request"],
  [
    "a code that no server sends",
    "/api/disconnect",
    { user: "ana", code: 1_005 },
    400,
    "bad_request",
    { path: ["code"] },
  ],
  [
    "a reason of too many bytes",
    "/api/disconnect",
    { user: "ana", reason: "€".repeat(60) },
    400,
    "bad_request",
    { path: ["reason"] },
  ],
  ["a user and a token", "/api/revoke", { user: "ana", tokenId: "t" }, 400, "bad_request"],
];

test.each(refused)("it is refused with what is wrong: %s", async (_what, path, body, status, code, issue) => {
  await using world = await start();
  const answer = await world.api.post(path, body);
  expect(answer.body).toMatchObject({
    type: "about:blank",
    title: expect.any(String),
    status,
    code,
    ...(issue && { issues: [issue] }),
  });
  expect([answer.status, answer.headers["content-type"]]).toEqual([status, "application/problem+json"]);
});

test.each([
  ["/api/history", ["channel"]],
  ["/api/history?channel=chat/a&limit=0", ["limit"]],
  ["/api/history?channel=chat/a&limit=many", ["limit"]],
  ["/api/history?channel=chat/a&before=-1", ["before"]],
  ["/api/history?channel=chat/a&since=1", ["since"]],
  ["/api/presence?channel=chat/a&channel=chat/b", ["channel"]],
  ["/api/connected?user=", ["user"]],
  ["/api/stats?verbose", ["verbose"]],
])("so it is of a query: %s", async (path, where) => {
  await using world = await start();
  const { status, body } = await world.api.get(path);
  expect([status, body.code, body.issues]).toEqual([
    400,
    "bad_request",
    [{ path: where, message: expect.any(String) }],
  ]);
});

test("an app without tasks has none to tell of", async () => {
  await using world = await start({ endpoints: [] });
  expect((await world.api.get("/api/tasks?user=ana")).body).toMatchObject({ status: 404, code: "not_found" });
  expect((await world.api.post("/api/tasks/cancel", { user: "ana", task: "t" })).status).toBe(404);
});

test("while the broker is away it is unavailable, with the time after which to ask again", async () => {
  const broker = new FarBroker();
  await using world = await start({ broker });
  broker.away();
  for (const answer of [
    await world.api.post("/api/publish", said("x")),
    await world.api.get("/api/connected?user=ana"),
  ]) {
    expect(answer.body).toMatchObject({ status: 503, title: "Service Unavailable", code: "unavailable" });
    expect(answer.headers["retry-after"]).toBe("1");
  }
  const { results } = await world.api.done("/api/publish/batch", { items: [said("x")] });
  expect(results).toMatchObject([{ error: { status: 503, code: "unavailable" } }]);
  expect(await world.api.done("/api/stats")).toMatchObject({
    all: { isOfThisProcess: true },
    here: { isBrokerAway: true },
  });
});

test("what is asked is counted, by operation and by how it ended", async () => {
  await using world = await start();
  await world.api.done("/api/publish", said("1"));
  await world.api.done("/api/publish/batch", { items: [said("2"), null] });
  await world.api.post("/api/publish", { ...said("3"), type: "shouted" });
  await world.api.post("/api/publish", said("4"), { key: undefined });
  await world.api.post("/api/publish", "{");
  await world.api.get("/api/publish");
  for (let n = 0; n < 3; n += 1) await world.api.get(`/api/none-${n}`);
  expect(samplesOf(world.server.app, "websocket_api_requests_total")).toEqual({
    "publish ok": 1,
    "publish_batch ok": 1,
    "publish unknown_type": 1,
    "publish unauthorized": 1,
    "publish invalid_json": 1,
    "publish method_not_allowed": 1,
    "none not_found": 3,
  });
});

test("what fails for a reason of the server's is told to `onError`, and not to who asks", async () => {
  const broker = new FarBroker();
  await using world = await start({ broker });
  broker.reach = (what) => (what === "isConnected" ? Promise.reject(new Error("password=hunter2")) : Promise.resolve());
  const { status, body } = await world.api.get("/api/connected?user=ana");
  expect([status, body.code, JSON.stringify(body).includes("hunter2")]).toEqual([500, "internal", false]);
  expect(await world.server.errors.next()).toMatchObject({
    error: { message: "password=hunter2" },
    at: { during: "api connected" },
  });
});

test("who asks an app that is attached, and has closed, is told so", async () => {
  const app = createApp({ ...apiApp(), logger: new LogRecorder() });
  const server = createServer((request, response) => app.http(request, response));
  app.attach(server);
  const url = await new Promise<string>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
  const api = new ApiClient({ app, url });
  expect(await api.done("/api/publish", said("1"))).toMatchObject({ offset: 1 });
  await app.close();
  expect((await api.post("/api/publish", said("2"))).body).toMatchObject({ status: 503, code: "unavailable" });
  await new Promise((resolve) => server.close(resolve));
});
