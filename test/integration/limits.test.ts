import { type AppLimits, type AppOptions, channel, createApp, dependency, endpoint, rawEndpoint } from "tidings";
import { bearer, jwt } from "tidings/auth";
import { startTask, tasks } from "tidings/tasks";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { defaultLimits, type Limits } from "../../src/protocol/limits.js";
import { readFirstColumn, readLimits } from "../package/protocol-tables.js";
import { anyRate } from "../support/any-rate.js";
import { apiApp } from "../support/api-app.js";
import { ApiClient, apiKey, sendRaw } from "../support/api-client.js";
import { FarBroker } from "../support/far-broker.js";
import { createGate } from "../support/gate.js";
import { frame, handshakeRequest, opcodes, openRaw, RawClient } from "../support/raw-client.js";
import { readRepositoryFile } from "../support/repository.js";
import { type ServedApp, serve } from "../support/served-app.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";
import { type DialOptions, dial, dialRefused } from "../support/ws-client.js";

const echo = rawEndpoint("/ws/echo", { text: ({ connection }, text) => void connection.send(text) });
const byName = bearer({ verify: (token) => ({ id: token }) });
const me = endpoint("/ws/me", { auth: byName, receives: { who: z.object({}) }, on: { who: ({ user }) => user.id } });
const room = channel("room/:a/:b", { events: { said: z.object({}) } });
const talk = endpoint("/ws/talk", {
  channels: [room],
  sends: { item: z.object({ text: z.string() }) },
  receives: {
    say: z.object({}),
    fit: z.object(Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`field${n}`, z.string()]))),
    join: z.object({ names: z.array(z.object({ a: z.string(), b: z.string() })) }),
    flood: z.object({}),
  },
  on: {
    say: () => "said",
    fit: () => "fits",
    join: ({ connection }, { names }) => connection.join(...names.map((name) => room(name))),
    flood({ connection }) {
      for (let n = 0; n < 10_000; n += 1) if (!connection.send("item", { text: "x".repeat(1_000) })) return;
    },
  },
});

const tooMany = { status: 429, body: { code: "too_many_connections" } };
const overloaded = { status: 503, body: { code: "overloaded" } };
const unavailable = { status: 503, body: { code: "unavailable" } };

function start(limits: AppLimits, options: Partial<AppOptions> = {}): Promise<ServedApp> {
  return serve({ endpoints: [echo, me, talk], limits, ...options });
}

async function startApi(limits: AppLimits, options: Partial<AppOptions> = {}) {
  const server = await serve(apiApp({ limits, ...options }));
  return { server, api: new ApiClient(server), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function said(text: string): object {
  return { channel: "chat/lobby", type: "said", payload: { text } };
}

function errorOf(code: string): object {
  return { type: "error", payload: { code } };
}

/** What happens past a limit, and its test; or why there is none yet. */
type Row = { readonly past: string; readonly show: () => Promise<void> } | { readonly shownIn: string };

const rows: { readonly [Name in keyof Limits]: Row } = {
  messageSize: {
    past: "a message of one byte more than 64 KiB closes with 1009",
    async show() {
      await using server = await start({});
      const client = await dial(`${server.url}/ws/echo`);
      client.sendText("x".repeat(65_536));
      expect(await client.nextText()).toHaveLength(65_536);
      client.sendText("x".repeat(65_537));
      expect(await client.closed).toMatchObject({ code: 1009 });
    },
  },
  fragments: {
    past: "a message of 1,025 frames closes with 1008",
    async show() {
      await using server = await start({});
      using raw = await openRaw(`${server.url}/ws/echo`);
      raw.write(fragments(1_024));
      expect((await raw.nextFrame()).payload).toHaveLength(1_024);
      raw.write(fragments(1_025));
      expect(await raw.nextClose()).toMatchObject({ code: 1008 });
    },
  },
  handshake: {
    past: "headers that do not end are answered 408 `handshake_timeout`",
    async show() {
      await using server = await start({ handshake: "50ms" });
      using raw = await RawClient.open(server.url);
      raw.write("GET /ws/echo HTTP/1.1\r\nhost: x\r\n");
      expect(await raw.nextResponse()).toMatchObject({ status: 408, body: { code: "handshake_timeout" } });
      await expect(raw.nextFrame()).rejects.toThrow("the connection ended");
    },
  },
  auth: {
    past: "a credential by message that does not come closes with `auth_timeout`",
    async show() {
      const byMessage = endpoint("/ws/message", { auth: jwt({ secret, from: ["message"] }) });
      await using server = await start({ auth: "50ms" }, { endpoints: [byMessage] });
      const client = await dial(`${server.url}/ws/message`);
      expect(await client.closed).toEqual({ code: 1008, reason: "auth_timeout" });
    },
  },
  needs: {
    past: "a check that hangs is 503 `unavailable`",
    async show() {
      const stuck = dependency({ create: () => new Promise<never>(() => {}) });
      const work = rawEndpoint("/ws/work", { needs: { stuck } });
      await using server = await start({ needs: "50ms" }, { endpoints: [work] });
      expect(await dialRefused(`${server.url}/ws/work`)).toMatchObject(unavailable);
      expect(await server.errors.next()).toMatchObject({ at: { during: "admission" } });
    },
  },
  handler: {
    past: "a message whose handler goes on is answered `timeout`, and the next one is handled",
    async show() {
      const gate = createGate();
      const work = endpoint("/ws/work", {
        receives: { hang: z.object({}), say: z.object({}) },
        on: { hang: () => gate.opened, say: () => "said" },
      });
      await using server = await start({ handler: "50ms" }, { endpoints: [work] });
      const client = await dial(`${server.url}/ws/work`);
      expect(await client.ask("hang", {})).toMatchObject(errorOf("timeout"));
      expect(await client.ask("say", {})).toMatchObject({ payload: "said" });
      gate.open();
      expect(await client.takeAll()).toEqual([]);
    },
  },
  close: {
    past: "a peer that does not answer the close has its TCP connection ended",
    async show() {
      const brief = rawEndpoint("/ws/brief", { open: ({ connection }) => connection.close(4000, "that is all") });
      await using server = await start({ close: "50ms" }, { endpoints: [brief] });
      using raw = await openRaw(`${server.url}/ws/brief`);
      expect(await raw.nextClose()).toEqual({ code: 4000, reason: "that is all" });
      await expect(raw.nextFrame()).rejects.toThrow("the connection ended");
      expect((await server.log.next("disconnected")).fields).toMatchObject({ code: 4000 });
    },
  },
  refusalClose: {
    past: "one that was refused by a close, and does not answer it, is ended after 2 s",
    async show() {
      await using server = await start({});
      using raw = await openRaw(`${server.url}/ws/me`, { "sec-websocket-protocol": "tidings.v1" });
      expect(await raw.nextClose()).toEqual({ code: 1008, reason: "unauthorized" });
      expect(server.app.stats()).toMatchObject({ pending: 1, connections: 0 });
      await expect(raw.nextFrame()).rejects.toThrow("the connection ended");
    },
  },
  waitingMessages: { past: "the socket is read no further", show: () => showPaused({ waitingMessages: 2 }, 60_000) },
  waitingBytes: {
    past: "the socket is read no further",
    show: () => showPaused({ waitingBytes: "100kb", waitingMessages: 1_000_000 }, 60_000),
  },
  messages: {
    past: "the eleventh in a second is answered `rate_limited`",
    async show() {
      await using server = await start({});
      const client = await dial(`${server.url}/ws/talk`);
      for (let n = 0; n < 11; n += 1) client.send({ type: "say", payload: {}, id: n });
      expect((await client.take(11)).map(({ type }) => type)).toEqual([...new Array(10).fill("reply"), "error"]);
    },
  },
  messagesPerUser: {
    past: "one too many of a user, at any connection, is answered `rate_limited`",
    async show() {
      await using server = await start({ messagesPerUser: "2/60s" });
      const devices = [
        await dial(`${server.url}/ws/me`, { token: "a" }),
        await dial(`${server.url}/ws/me`, { token: "a" }),
      ];
      for (const device of devices) expect(await device.ask("who", {})).toMatchObject({ payload: "a" });
      for (const device of devices) expect(await device.ask("who", {})).toMatchObject(errorOf("rate_limited"));
    },
  },
  strikes: {
    past: "the one after so many warnings closes with `rate_limited`",
    async show() {
      await using server = await start({ messages: "1/60s", strikes: "2/60s" });
      const client = await dial(`${server.url}/ws/talk`);
      for (let n = 0; n < 4; n += 1) client.send({ type: "say", payload: {}, id: n });
      expect(await client.take(3)).toMatchObject([{ type: "reply" }, errorOf("rate_limited"), errorOf("rate_limited")]);
      expect(await client.closed).toEqual({ code: 1008, reason: "rate_limited" });
    },
  },
  control: {
    past: "the 201st ping in 10 s is answered `rate_limited`",
    async show() {
      await using server = await start({});
      const client = await dial(`${server.url}/ws/talk`);
      for (let n = 0; n < 201; n += 1) client.send({ type: "ping", id: n });
      const answers = await client.take(201);
      expect(answers.filter(({ type }) => type === "pong")).toHaveLength(200);
      expect(answers[200]).toMatchObject({ ...errorOf("rate_limited"), id: 200 });
    },
  },
  refreshes: {
    past: "one more than eight that run or wait is answered `rate_limited`, and the others are taken",
    async show() {
      const gate = createGate();
      const slow = bearer({
        async verify(token) {
          if (token !== "first") await gate.opened;
          return { id: "ana" };
        },
      });
      await using server = await start({}, { endpoints: [endpoint("/ws/slow", { auth: slow })] });
      const client = await dial(`${server.url}/ws/slow`, { token: "first" });
      for (let id = 1; id <= 9; id += 1) client.send({ type: "auth", payload: { token: `fresh ${id}` }, id });
      expect(await client.takeAll()).toMatchObject([{ ...errorOf("rate_limited"), id: 9 }]);
      gate.open();
      const answers = await client.take(8);
      expect(answers.map(({ type, id }) => `${type} ${id}`)).toEqual(
        Array.from({ length: 8 }, (_, index) => `auth_success ${index + 1}`),
      );
    },
  },
  channels: {
    past: "a connection that is on 100 may join no more: `too_many_channels`",
    async show() {
      await using server = await start({});
      const client = await dial(`${server.url}/ws/talk`);
      const names = Array.from({ length: 100 }, (_, n) => ({ a: "a", b: `${n}` }));
      expect(await client.ask("join", { names })).toMatchObject({ type: "reply" });
      expect(await client.ask("join", { names: [{ a: "one", b: "more" }] })).toMatchObject(
        errorOf("too_many_channels"),
      );
      expect(await client.ask("join", { names })).toMatchObject({ type: "reply" });
      expect(server.app.stats().channels).toBe(100);
    },
  },
  connections: {
    past: "one too many is refused with `overloaded`, until another has gone",
    async show() {
      await using server = await start({ connections: 2 });
      const [first] = [await dial(`${server.url}/ws/echo`), await dial(`${server.url}/ws/echo`)];
      const refused = await dialRefused(`${server.url}/ws/echo`);
      expect(refused).toMatchObject(overloaded);
      expect(refused.headers["retry-after"]).toMatch(/^\d+$/);
      const ours = await dial(`${server.url}/ws/talk`, { protocols: ["tidings.v1"] });
      expect(await ours.closed).toEqual({ code: 1013, reason: "overloaded" });
      first?.close();
      await server.log.next("disconnected");
      await showEcho(server, {});
      expect(server.app.stats().connections).toBeLessThanOrEqual(2);
    },
  },
  connectionsPerUser: {
    past: "one too many of a user, at any endpoint, is refused with `too_many_connections`",
    async show() {
      const other = endpoint("/ws/other", { auth: byName });
      await using server = await start({ connectionsPerUser: 2 }, { endpoints: [me, other] });
      const [first] = [await dial(`${server.url}/ws/me?token=a`), await dial(`${server.url}/ws/other?token=a`)];
      expect(await dialRefused(`${server.url}/ws/me?token=a`)).toMatchObject(tooMany);
      const ours = await dial(`${server.url}/ws/other?token=a`, { protocols: ["tidings.v1"] });
      expect(await ours.closed).toEqual({ code: 1013, reason: "too_many_connections" });
      const bob = await dial(`${server.url}/ws/me?token=b`);
      expect(await bob.ask("who", {})).toMatchObject({ payload: "b" });
      first?.terminate();
      await server.log.next("disconnected");
      const again = await dial(`${server.url}/ws/me?token=a`);
      expect(await again.ask("who", {})).toMatchObject({ payload: "a" });
    },
  },
  connectionsPerAddress: {
    past: "one too many of an address is refused with `too_many_connections`; of IPv6 a /64 is one",
    async show() {
      await using server = await start({ connectionsPerAddress: 1 }, { trustProxy: ["loopback"] });
      const first = await dial(`${server.url}/ws/echo`, from("198.51.100.1"));
      expect(await dialRefused(`${server.url}/ws/echo`, from("198.51.100.1"))).toMatchObject(tooMany);
      await showEcho(server, from("198.51.100.2"));
      await showEcho(server, from("2001:db8:1:2:3::4"));
      expect(await dialRefused(`${server.url}/ws/echo`, from("2001:db8:1:2:ffff::1"))).toMatchObject(tooMany);
      await showEcho(server, from("2001:db8:1:3::1"));
      // Loopback is not counted.
      await showEcho(server, {});
      await showEcho(server, {});
      first.close();
      while ((await server.log.next("disconnected")).fields.code !== 1005);
      await showEcho(server, from("198.51.100.1"));
    },
  },
  pending: {
    past: "one too many at the door is refused with `overloaded`, and by HTTP alone; before it asks, without a word",
    async show() {
      const [asked, gate] = [createGate(), createGate()];
      const slow = dependency({
        create() {
          asked.open();
          return gate.opened;
        },
      });
      const work = rawEndpoint("/ws/work", { needs: { slow }, open: ({ connection }) => void connection.send("open") });
      await using server = await start({ pending: 1 }, { endpoints: [work] });
      const waiting = dial(`${server.url}/ws/work`);
      await asked.opened;
      expect(server.app.stats().pending).toBe(1);
      expect(await dialRefused(`${server.url}/ws/work`, { protocols: ["tidings.v1"] })).toMatchObject(overloaded);
      gate.open();
      expect(await (await waiting).nextText()).toBe("open");
      expect(server.app.stats().pending).toBe(0);
      using silent = await RawClient.open(server.url);
      using second = await RawClient.open(server.url);
      await expect(second.nextFrame()).rejects.toThrow("the connection ended");
      silent.write(handshakeRequest("/ws/work"));
      expect((await silent.nextResponse()).status).toBe(101);
    },
  },
  outbox: {
    past: "what a socket does not take closes with 1013 `slow_consumer`",
    async show() {
      await using server = await start({ outbox: "64kb", ...anyRate });
      const client = await dial(`${server.url}/ws/talk`);
      client.send({ type: "flood", payload: {} });
      expect(await client.closed).toEqual({ code: 1013, reason: "slow_consumer" });
      expect(server.app.stats().outboxBytes).toBeLessThanOrEqual(65_536);
    },
  },
  type: {
    past: "65 characters are `invalid_message`",
    async show() {
      await using server = await start({});
      const client = await dial(`${server.url}/ws/talk`);
      expect(await client.ask("x".repeat(64), {}, 1)).toMatchObject(errorOf("unknown_type"));
      expect(await client.ask("x".repeat(65), {}, 2)).toMatchObject(errorOf("invalid_message"));
    },
  },
  id: {
    past: "65 characters are `invalid_message`",
    async show() {
      await using server = await start({});
      const client = await dial(`${server.url}/ws/talk`);
      expect(await client.ask("say", {}, "x".repeat(64))).toMatchObject({ type: "reply" });
      client.send({ type: "say", payload: {}, id: "x".repeat(65) });
      expect(await client.next()).toMatchObject(errorOf("invalid_message"));
    },
  },
  key: { shownIn: "test/integration/api.test.ts" },
  param: {
    past: "a segment of 129 bytes is `not_found`",
    async show() {
      const named = rawEndpoint("/ws/named/:name", {
        open: ({ connection, params }) => void connection.send(params.name),
      });
      await using server = await start({}, { endpoints: [named] });
      expect(await (await dial(`${server.url}/ws/named/${"x".repeat(128)}`)).nextText()).toHaveLength(128);
      for (const name of ["x".repeat(129), encodeURIComponent("ż".repeat(65))]) {
        expect(await dialRefused(`${server.url}/ws/named/${name}`)).toMatchObject({
          status: 404,
          body: { code: "not_found" },
        });
      }
    },
  },
  channelName: {
    past: "a name of 256 bytes is `not_found`",
    async show() {
      await using server = await start({});
      const client = await dial(`${server.url}/ws/talk`);
      const a = "a".repeat(128);
      expect(await client.ask("join", { names: [{ a, b: "b".repeat(121) }] })).toMatchObject({ type: "reply" });
      expect(await client.ask("join", { names: [{ a, b: "b".repeat(122) }] })).toMatchObject(errorOf("not_found"));
    },
  },
  token: {
    past: "8,193 bytes are `bad_request`, wherever they are",
    async show() {
      await using server = await start({});
      const long = "x".repeat(8_193);
      const longest = await dial(`${server.url}/ws/me`, { token: "x".repeat(8_192) });
      await longest.takeAll();
      for (const [query, options] of [
        ["", { token: long }],
        [`?token=${long}`, {}],
        ["", { protocols: ["tidings.other", `bearer.${Buffer.from(long).toString("base64url")}`] }],
      ] as const) {
        expect(await dialRefused(`${server.url}/ws/me${query}`, options)).toMatchObject({
          status: 400,
          body: { code: "bad_request" },
        });
      }
    },
  },
  heartbeat: {
    past: "a ping is sent",
    async show() {
      await using server = await start({}, { heartbeat: { every: "50ms" } });
      using raw = await openRaw(`${server.url}/ws/echo`);
      expect((await raw.nextFrame()).opcode).toBe(opcodes.ping);
    },
  },
  pong: {
    past: "a ping that is not answered closes with `ping_timeout`",
    async show() {
      await using server = await start({}, { heartbeat: { every: "50ms", timeout: "50ms" } });
      using raw = await openRaw(`${server.url}/ws/echo`);
      expect(await raw.nextClose()).toEqual({ code: 1011, reason: "ping_timeout" });
    },
  },
  expiryGrace: {
    past: "a credential that has expired closes with `token_expired`",
    async show() {
      const brief = endpoint("/ws/brief", { auth: jwt({ secret }) });
      await using server = await start({ expiryGrace: "0s" }, { endpoints: [brief] });
      // What is left of this second, and one more.
      const client = await dial(`${server.url}/ws/brief`, { token: signToken({ sub: "ana", exp: inSeconds(2) }) });
      expect(await client.closed).toEqual({ code: 1008, reason: "token_expired" });
    },
  },
  revocations: {
    past: "the oldest is forgotten, and logged",
    async show() {
      await using server = await start({ revocations: 2 });
      for (const tokenId of ["one", "two", "three"]) await server.app.revoke({ tokenId });
      expect((await server.log.next("warning")).fields).toMatchObject({ code: "revocation_forgotten" });
      for (const token of ["two", "three"]) {
        expect(await dialRefused(`${server.url}/ws/me`, { token })).toMatchObject({ status: 401 });
      }
      const first = await dial(`${server.url}/ws/me`, { token: "one" });
      expect(await first.ask("who", {})).toMatchObject({ payload: "one" });
    },
  },
  issues: {
    past: "an error tells ten of them",
    async show() {
      await using server = await start({});
      const client = await dial(`${server.url}/ws/talk`);
      const { payload } = await client.ask("fit", {});
      expect((payload as { issues: readonly unknown[] }).issues).toHaveLength(10);
    },
  },
  tasks: {
    past: "a task waits for its turn",
    async show() {
      await using server = await start({ tasks: 1 }, { endpoints: [] });
      const [gate, begun, over] = [createGate(), createGate(), createGate()];
      await startTask(server.app, "ana", () => {
        begun.open();
        return gate.opened;
      });
      await startTask(server.app, "ana", over.open);
      const statuses = async () => (await server.app.history(tasks({ user: "ana" }))).map(({ type }) => type);
      await begun.opened;
      expect(await statuses()).toEqual(["task_queued", "task_started"]);
      gate.open();
      await over.opened;
      expect((await statuses())[0]).toBe("task_completed");
    },
  },
  tasksPerUser: {
    past: "one more task of the user rejects with `too_many_tasks`",
    async show() {
      await using server = await start({ tasksPerUser: 1 }, { endpoints: [] });
      const gate = createGate();
      await startTask(server.app, "ana", () => gate.opened);
      await expect(startTask(server.app, "ana", () => {})).rejects.toMatchObject({ code: "too_many_tasks" });
      await startTask(server.app, "bob", () => {});
      gate.open();
    },
  },
  taskResult: {
    past: "the task has failed",
    async show() {
      await using server = await start({ taskResult: "1kb" }, { endpoints: [] });
      await startTask(server.app, "ana", () => "x".repeat(1_024));
      expect(await server.errors.next()).toMatchObject({
        error: { message: expect.stringContaining("limits.taskResult") },
      });
    },
  },
  apiBody: {
    past: "413 `body_too_big`",
    async show() {
      await using world = await startApi({ apiBody: "1kb" });
      const answer = await world.api.post("/api/publish", said("x".repeat(1_024)));
      expect([answer.status, answer.body.code]).toEqual([413, "body_too_big"]);
      expect((await world.api.post("/api/publish", said("x"))).status).toBe(200);
    },
  },
  apiBodyTime: {
    past: "408 `body_timeout`",
    async show() {
      await using world = await startApi({ apiBodyTime: "50ms" });
      const head = `POST /api/publish HTTP/1.1\r\nHost: x\r\nX-API-Key: ${apiKey}\r\nContent-Type: application/json\r\n`;
      const answer = await sendRaw(world.server.url, `${head}Content-Length: 100\r\n\r\n{"channel":`);
      expect(answer).toMatch(/^HTTP\/1.1 408 .*"code":"body_timeout"/s);
    },
  },
  apiBatch: {
    past: "400 `bad_request`",
    async show() {
      await using world = await startApi({ apiBatch: 2 });
      const batch = (count: number) => world.api.post("/api/publish/batch", { items: Array(count).fill(said("x")) });
      expect((await batch(2)).body).toEqual({
        results: [{}, {}].map(() => expect.objectContaining({ epoch: expect.any(String) })),
      });
      expect((await batch(3)).body).toMatchObject({ status: 400, code: "bad_request", issues: [{ path: ["items"] }] });
    },
  },
  apiRequests: {
    past: "429 `rate_limited`",
    async show() {
      const [broker, reached, gate] = [new FarBroker(), createGate(), createGate()];
      broker.reach = async (what) => {
        if (what !== "isConnected") return;
        reached.open();
        await gate.opened;
      };
      await using world = await startApi({ apiRequests: 1 }, { broker });
      const first = world.api.get("/api/connected?user=ana");
      await reached.opened;
      const refused = await world.api.get("/api/connected?user=ana");
      expect([refused.status, refused.headers["retry-after"], refused.body.code]).toEqual([429, "1", "rate_limited"]);
      gate.open();
      expect((await first).status).toBe(200);
    },
  },
  presenceGrace: { shownIn: "test/integration/presence.test.ts" },
  members: { shownIn: "test/integration/presence.test.ts" },
  lease: { shownIn: "test/integration/redis/chaos.test.ts" },
  historyPage: { shownIn: "test/integration/history.test.ts" },
  historyBytes: { shownIn: "test/integration/resume.test.ts" },
  positionTtl: { shownIn: "test/integration/resume.test.ts" },
};

test("every limit of the code and of PROTOCOL.md has its row here, or is in the test that its row names", () => {
  const documented = readLimits(readFirstColumn(readRepositoryFile("PROTOCOL.md"), "Limits"));
  expect(Object.keys(rows).toSorted()).toEqual(Object.keys(defaultLimits).toSorted());
  expect(documented.filter((name) => !Object.hasOwn(rows, name))).toEqual([]);
  for (const [name, row] of Object.entries(rows)) {
    if ("shownIn" in row) expect(readRepositoryFile(row.shownIn), row.shownIn).toContain(`${name}:`);
  }
});

const built = Object.entries(rows).flatMap(([name, row]) =>
  "show" in row ? [[name, row.past, row.show] as const] : [],
);

test.each(built)("P20: %s: %s", (_name, _past, show) => show());

test("the default places of a user are 50, and of an address 1,000", async () => {
  await using server = await startTestApp(
    createApp({ endpoints: [echo, me], limits: { connectionsPerAddress: 1_000 } }),
  );
  for (let n = 0; n < 50; n += 1) await server.connect<typeof me>("/ws/me", { token: "ana" });
  await expect(server.connect("/ws/me", { as: "plain", token: "ana" })).rejects.toMatchObject({
    status: 429,
    code: "too_many_connections",
  });
  await server.connect<typeof me>("/ws/me", { token: "bob" });
  const address = "198.51.100.7";
  for (let n = 0; n < 1_000; n += 1) await server.connect("/ws/echo", { address });
  await expect(server.connect("/ws/echo", { address })).rejects.toMatchObject({ code: "too_many_connections" });
  await server.connect("/ws/echo", { address: "198.51.100.8" });
});

test("P20: who is refused for a limit leaves no place taken", async () => {
  await using server = await start(
    { connections: 3, connectionsPerUser: 1, connectionsPerAddress: 2 },
    { trustProxy: ["loopback"] },
  );
  const url = `${server.url}/ws/me`;
  const first = await dial(url, { ...from("198.51.100.1"), token: "ana" });
  for (let n = 0; n < 5; n += 1) {
    expect(await dialRefused(url, { ...from("198.51.100.1"), token: "ana" })).toMatchObject(tooMany);
    expect(await dialRefused(url, from("198.51.100.1"))).toMatchObject({ status: 401 });
  }
  const second = await dial(url, { ...from("198.51.100.1"), token: "bob" });
  for (let n = 0; n < 5; n += 1) {
    expect(await dialRefused(url, { ...from("198.51.100.1"), token: "cleo" })).toMatchObject(tooMany);
    expect(await dialRefused(`${server.url}/nowhere`, from("198.51.100.2"))).toMatchObject({ status: 404 });
  }
  const third = await dial(url, { ...from("198.51.100.2"), token: "cleo" });
  for (const [client, name] of [
    [first, "ana"],
    [second, "bob"],
    [third, "cleo"],
  ] as const) {
    expect(await client.ask("who", {})).toMatchObject({ payload: name });
  }
  expect(await dialRefused(url, { ...from("198.51.100.3"), token: "dora" })).toMatchObject(overloaded);
  expect(server.app.stats()).toMatchObject({ connections: 3, users: 3, pending: 0 });
});

/** As a proxy on this machine would forward it. */
function from(address: string): DialOptions {
  return { headers: { "x-forwarded-for": address } };
}

async function showEcho(server: ServedApp, options: DialOptions): Promise<void> {
  const client = await dial(`${server.url}/ws/echo`, options);
  client.sendText("hi");
  expect(await client.nextText()).toBe("hi");
}

function fragments(count: number): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, n) =>
      frame({
        opcode: n === 0 ? opcodes.text : opcodes.continuation,
        payload: "x",
        isFinal: n === count - 1,
      }),
    ),
  );
}

/** A handler that goes on, and a client that says more meanwhile than may wait: it is not read, and lost is nothing. */
async function showPaused(limits: AppLimits, messageBytes: number): Promise<void> {
  const [begun, gate] = [createGate(), createGate()];
  const slow = endpoint("/ws/slow", {
    receives: { work: z.object({ text: z.string() }) },
    on: {
      async work(_, { text }) {
        begun.open();
        await gate.opened;
        return text.length;
      },
    },
  });
  await using server = await start({ ...limits, ...anyRate }, { endpoints: [slow, echo] });
  const [client, other] = [await dial(`${server.url}/ws/slow`), await dial(`${server.url}/ws/echo`)];
  const count = 200;
  for (let id = 0; id < count; id += 1) client.send({ type: "work", payload: { text: "x".repeat(messageBytes) }, id });
  await begun.opened;
  for (let n = 0; n < 50; n += 1) {
    other.sendText(`${n}`);
    expect(await other.nextText()).toBe(`${n}`);
  }
  // What was allowed to wait, and what one read of the socket held already.
  expect(server.app.stats().waitingBytes).toBeLessThanOrEqual(6 * messageBytes);
  gate.open();
  expect((await client.take(count)).map(({ payload }) => payload)).toEqual(new Array(count).fill(messageBytes));
  expect(server.app.stats().waitingBytes).toBe(0);
}
