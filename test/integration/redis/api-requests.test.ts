import { afterAll, beforeAll, expect, test } from "vitest";
import { untilAnswer } from "../../conformance/broker.js";
import { apiApp, chat, enter } from "../../support/api-app.js";
import { Program } from "../../support/child-process.js";
import { fatalDesk } from "../../support/fatal-desk.js";
import { readAclRule } from "../../support/redis/acl-rule.js";
import { Apps } from "../../support/redis/apps.js";
import { type RedisServer, startRedis } from "../../support/redis/redis-server.js";
import { readRepositoryFile } from "../../support/repository.js";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** Apps that take requests over Redis, and a program that has nothing but Redis. */
function startWorld(server: RedisServer = redis, options: ConstructorParameters<typeof Apps>[0] = {}) {
  const apps = new Apps({ url: server.url, requests: true, lease: "1s", timeout: "1s", ...options });
  const stream = `${apps.prefix}:requests`;
  let asked = 0;
  return {
    apps,
    stream,
    put: (request: unknown, field = "request") =>
      server.command("XADD", stream, "*", field, typeof request === "string" ? request : JSON.stringify(request)),
    /** What it is answered. */
    async ask(operation: string, params: object = {}): Promise<Record<string, unknown>> {
      asked += 1;
      const replyTo = `program-${asked}`;
      await this.put({ id: asked, operation, params, replyTo });
      return this.answerTo(replyTo);
    },
    async answerTo(replyTo: string): Promise<Record<string, unknown>> {
      const [, json] = (await server.command("BLPOP", `${apps.prefix}:replies:${replyTo}`, "10")) as [string, string];
      return JSON.parse(json);
    },
    /** Who asked is answered before the request is struck off. */
    untilDone: () =>
      untilAnswer(
        () => server.command("XLEN", stream),
        (count) => count === 0,
      ),
    [Symbol.asyncDispose]: () => apps[Symbol.asyncDispose](),
  };
}

/** What the page says that the app's Redis user needs beside what it needs anyway. */
function ownRule(): string {
  return /```acl\n([^`]+)```/.exec(readRepositoryFile("docs/reference/http-api.md"))?.[1]?.trim() ?? "nothing";
}

const said = (text: string) => ({ channel: "chat/lobby", type: "said", payload: { text } });

test("a program that has only Redis asks what can be asked over HTTP, and is answered where it looks", async () => {
  await using world = startWorld();
  const server = await world.apps.start(apiApp());
  const { client, id } = await enter(server, "ana");
  await client.ask("subscribe", { channel: "chat/lobby" });
  expect(await world.ask("publish", said("hi"))).toEqual({ id: 1, result: { epoch: expect.any(String), offset: 1 } });
  expect(await client.next()).toMatchObject({ type: "said", payload: { text: "hi" } });
  const batch = { items: [said("2"), { channel: "attic", type: "said" }] };
  expect(await world.ask("publish_batch", batch)).toMatchObject({
    result: { results: [{ offset: 2 }, { error: { code: "not_found" } }] },
  });
  expect(await world.ask("history", { channel: "chat/lobby", limit: 1 })).toMatchObject({
    result: { events: [{ offset: 2 }] },
  });
  expect(await world.ask("presence", { channel: "chat/lobby" })).toMatchObject({ result: { count: 1 } });
  expect(await world.ask("report_task", { user: "ana", task: "t", progress: 5 })).toMatchObject({
    result: { told: true },
  });
  expect(await world.ask("tasks", { user: "ana" })).toMatchObject({ result: { tasks: [{ id: "t" }] } });
  expect(await world.ask("connected", { user: "ana" })).toMatchObject({ result: { connected: true } });
  expect(await world.ask("stats")).toMatchObject({ result: { all: { connections: 1 } } });
  expect(await world.ask("disconnect", { connection: id, code: 4_000 })).toMatchObject({ result: {} });
  expect(await client.closed).toMatchObject({ code: 4_000 });
});

test.each([
  ["an operation that nobody knows", { operation: "publsh" }, "bad_request", ["operation"]],
  ["no operation", {}, "bad_request", ["operation"]],
  ["what does not fit", { operation: "publish", params: { channel: "chat/a" } }, "bad_request", ["type"]],
  ["params that are none", { operation: "stats", params: [] }, "bad_request", ["params"]],
  ["a name that nobody reads", { operation: "stats", parms: {} }, "bad_request", ["parms"]],
  [
    "a payload that does not fit",
    { operation: "publish", params: { ...said("x"), payload: {} } },
    "invalid_payload",
    ["text"],
  ],
])("what goes wrong is the same problem as over HTTP: %s", async (_what, request, code, path) => {
  await using world = startWorld();
  await world.apps.start(apiApp());
  await world.put({ id: "a", replyTo: "me", ...request });
  expect(await world.answerTo("me")).toEqual({
    id: "a",
    error: expect.objectContaining({
      type: "about:blank",
      status: 400,
      title: "Bad Request",
      code,
      issues: [expect.objectContaining({ path })],
    }),
  });
});

test.each([
  ["no JSON", "{", "invalid_json"],
  ["no object", "[1]", "bad_request"],
  ["another field", JSON.stringify({ operation: "stats" }), "invalid_json"],
  ["too much", " ".repeat(3_000), "body_too_big"],
  ["nowhere to answer to", { operation: "publish", params: {} }, "bad_request"],
  ["a place that is none", { operation: "stats", replyTo: "{a} b" }, "bad_request"],
])("what nobody can be told is logged, and is done with: %s", async (what, request, code) => {
  await using world = startWorld();
  const server = await world.apps.start(apiApp({ limits: { apiBody: "2kb" } }));
  await world.put(request, what === "another field" ? "json" : "request");
  expect(await server.errors.next()).toMatchObject({
    error: { message: expect.stringContaining(code) },
    at: { during: "requests" },
  });
  expect(await world.ask("stats")).toHaveProperty("result");
  await world.untilDone();
});

test("each request is one process's, answers are in no one's way, and nothing is left", async () => {
  await using world = startWorld();
  const three = await world.apps.startThree(apiApp());
  const { client } = await enter(three[0], "ana");
  await client.ask("subscribe", { channel: "chat/lobby" });
  for (let n = 0; n < 60; n += 1) await world.put({ id: n, operation: "publish", params: said(`${n}`), replyTo: "me" });
  const answers = [];
  while (answers.length < 60) answers.push(await world.answerTo("me"));
  expect(new Set(answers.map(({ id }) => id)).size).toBe(60);
  const heard = (await client.take(60)).map(({ payload }) => (payload as { readonly text: string }).text);
  expect(new Set(heard).size).toBe(60);
  await world.untilDone();
  expect(await redis.command("LLEN", `${world.apps.prefix}:replies:me`)).toBe(0);
});

test("an answer that nobody fetches is forgotten, and of many the last are kept", async () => {
  await using world = startWorld();
  await world.apps.start(apiApp());
  const list = `${world.apps.prefix}:replies:lazy`;
  await redis.command("RPUSH", list, ...Array.from({ length: 1_500 }, () => "old"));
  await world.put({ operation: "stats", replyTo: "lazy" });
  await world.ask("stats");
  expect(await redis.command("LLEN", list)).toBe(1_000);
  expect(Number(await redis.command("PTTL", list))).toBeGreaterThan(50_000);
});

test("what a process had when it was killed another takes over, and answers", async () => {
  await using world = startWorld();
  const env = { REDIS_URL: redis.url, PREFIX: world.apps.prefix };
  await using program = new Program("test/integration/programs/requests.ts", env);
  await program.line(/ready/);
  const request = {
    operation: "publish",
    params: { channel: "jobs", type: "fatal", payload: { n: 1 } },
    replyTo: "me",
  };
  await world.put({ id: "a", ...request });
  expect(await program.exit()).toBe("SIGKILL");
  expect(await redis.command("XLEN", world.stream)).toBe(1);
  await world.apps.start(apiApp({ endpoints: [fatalDesk(() => {})] }));
  expect(await world.answerTo("me")).toEqual({ id: "a", result: { epoch: expect.any(String), offset: 1 } });
  // Of the one that is gone nothing stays.
  await world.ask("stats");
  await world.untilDone();
});

test("a request that ends every process that tries it ends three of them, and is then given up", async () => {
  await using world = startWorld();
  const { stream } = world;
  await redis.command("XGROUP", "CREATE", stream, "tidings", "0", "MKSTREAM");
  const id = String(await world.put({ id: 1, operation: "stats", replyTo: "me" }));
  await redis.command("XREADGROUP", "GROUP", "tidings", "dead", "STREAMS", stream, ">");
  await redis.command("XCLAIM", stream, "tidings", "dead", "0", id, "IDLE", "5000", "RETRYCOUNT", "3");
  const server = await world.apps.start(apiApp());
  expect(await world.answerTo("me")).toMatchObject({ id: 1, error: { status: 500, code: "internal" } });
  expect(server.app.stats().isBrokerAway).toBe(false);
});

test("what was put there before anybody came is answered, and so is what comes after Redis was lost", async () => {
  await using own = await startRedis();
  await using world = startWorld(own);
  await world.put({ operation: "stats", replyTo: "early" });
  const server = await world.apps.start(apiApp());
  expect(await world.answerTo("early")).toHaveProperty("result");
  await own.kill();
  await server.log.next("broker_away");
  await own.start();
  await server.log.next("broker_back");
  expect(await world.ask("stats")).toHaveProperty("result");
  await own.flushAll();
  expect(await world.ask("stats")).toHaveProperty("result");
});

test("where answers can't be said no more is begun than may be at once, and all of it is when they can", async () => {
  const rule = `on >secret ${readAclRule()} ${ownRule()}`;
  await using own = await startRedis({ users: { app: rule } });
  await using world = startWorld(own, { url: own.urlFor("app", "secret"), prefix: "tidings" });
  const server = await world.apps.start(apiApp({ limits: { apiRequests: 2 } }));
  await own.command("ACL", "SETUSER", "app", "-rpush");
  for (let n = 0; n < 5; n += 1) await world.put({ id: n, operation: "publish", params: said(`${n}`), replyTo: "me" });
  const history = async () => (await server.app.history(chat({ room: "lobby" }))).length;
  // Of both that it has, and then again of what it tries to say.
  for (let errors = 0; errors < 4; errors += 1) await server.errors.next();
  expect(await history()).toBe(2);
  await own.command("ACL", "SETUSER", "app", "+rpush");
  const answers = [];
  while (answers.length < 5) answers.push((await world.answerTo("me")).id);
  expect(answers.toSorted()).toEqual([0, 1, 2, 3, 4]);
  // Each was done once, however often its answer was said.
  expect(await history()).toBe(5);
});

test("an app that closes answers what it has begun, and leaves nothing of itself", async () => {
  await using world = startWorld();
  const [a, b] = [await world.apps.start(apiApp()), await world.apps.start(apiApp())];
  await world.ask("stats");
  const consumers = async () =>
    ((await redis.command("XINFO", "CONSUMERS", world.stream, "tidings")) as unknown[]).length;
  await a.app.close();
  expect(await world.ask("stats")).toHaveProperty("result");
  expect(await consumers()).toBe(1);
  await b.app.close();
  expect(await consumers()).toBe(0);
});

test("without `requests` nobody reads what is put there", async () => {
  await using world = startWorld(redis, { requests: false });
  const server = await world.apps.start(apiApp());
  await world.put({ operation: "publish", params: said("x"), replyTo: "me" });
  const { client } = await enter(server, "ana");
  expect(await client.ask("history", { channel: "chat/lobby" })).toMatchObject({ payload: { code: "not_subscribed" } });
  expect(await redis.command("XINFO", "GROUPS", world.stream)).toEqual([]);
  expect(await redis.command("XLEN", world.stream)).toBe(1);
});

test("a Redis user who may do what the pages say may do it all", async () => {
  await using own = await startRedis({ users: { app: `on >secret ${readAclRule()} ${ownRule()}` } });
  await using world = startWorld(own, { url: own.urlFor("app", "secret"), prefix: "tidings" });
  const server = await world.apps.start(apiApp());
  expect(await world.ask("publish", said("x"))).toHaveProperty("result");
  await server.app.close();
  expect(server.log.lines.filter(({ level }) => level === "error")).toEqual([]);
});
