import { describe, expect, test } from "vitest";
import type { ServeConfig } from "../../src/cli/serve/config.js";
import { makeApp } from "../../src/cli/serve/served-app.js";
import { LogRecorder } from "../support/log-recorder.js";
import { secret, signToken } from "../support/tokens.js";
import { dial, dialRefused, dialTidings } from "../support/ws-client.js";

const jwt = { secret };
const tokenOf = (sub: string, claims: object = {}) => signToken({ sub, ...claims });

/** A server of this configuration, on a free port. */
async function serve(config: ServeConfig) {
  const log = new LogRecorder();
  const app = await makeApp(config, log);
  const { url } = await app.listen(0, { signals: [] });
  return {
    url,
    app,
    log,
    dial: (path: string, sub?: string, claims?: object) =>
      dial(`${url}${path}`, sub === undefined ? {} : { token: tokenOf(sub, claims) }),
    dialTidings: (path: string, sub: string, claims?: object) =>
      dialTidings(`${url}${path}`, { token: tokenOf(sub, claims) }),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

describe("who may enter", () => {
  test("with nothing but a secret and a channel, /ws is for who has a token", async () => {
    await using server = await serve({ jwt, channels: { "chat/:room": { subscribe: "users" } } });
    expect(await dialRefused(`${server.url}/ws`)).toMatchObject({ status: 401, body: { code: "unauthorized" } });
    const ana = await server.dial("/ws", "ana");
    expect(await ana.ask("subscribe", { channel: "chat/a" })).toMatchObject({ type: "subscribed" });
  });

  test("where it is said that nobody must be anybody, anybody enters", async () => {
    await using server = await serve({
      channels: { news: { subscribe: "everybody" } },
      endpoints: { "/public": { auth: "none" } },
    });
    const visitor = await server.dial("/public");
    expect(await visitor.ask("subscribe", { channel: "news" })).toMatchObject({ type: "subscribed" });
  });

  test("claims that do not fit the schema keep a token out", async () => {
    await using server = await serve({
      jwt: { ...jwt, claims: { type: "object", required: ["name"], properties: { name: { type: "string" } } } },
    });
    expect(await dialRefused(`${server.url}/ws`, { token: tokenOf("ana") })).toMatchObject({ status: 401 });
    await server.dial("/ws", "ana", { name: "Ana" });
  });

  test.each<[string, ServeConfig, string]>([
    ["users are wanted and nothing says who they are", { channels: { "chat/:room": {} } }, "missing_users"],
    [
      "a channel goes by who somebody is, and nothing says it",
      { channels: { a: { subscribe: "users" } }, endpoints: { "/ws": { auth: "none" } } },
      "missing_users",
    ],
    [
      "a channel of users is where anybody enters",
      { jwt, channels: { a: { subscribe: "users" } }, endpoints: { "/ws": { auth: "none" } } },
      "channel_of_users",
    ],
    ["a channel is listed that there is not", { jwt, endpoints: { "/ws": { channels: ["chat"] } } }, "unknown_channel"],
    [
      "a channel is joined that is not listed",
      { jwt, channels: { a: {}, b: {} }, endpoints: { "/ws": { channels: ["a"], join: ["b"] } } },
      "unknown_channel",
    ],
    [
      "nothing says what a param of a joined channel is",
      { jwt, channels: { "inbox/:user": {} }, endpoints: { "/ws": { join: ["inbox/:user"] } } },
      "unfilled_param",
    ],
    ["tasks are nobody's", { endpoints: { "/ws": { auth: "none", tasks: true } } }, "missing_users"],
    ["two channels can have one name", { jwt, channels: { "a/:b": {}, "a/:c": {} } }, "ambiguous_channel"],
    ["a channel has no name that can be", { jwt, channels: { "/a": {} } }, "invalid_pattern"],
    ["an event is the protocol's own", { jwt, channels: { a: { events: { reply: true } } } }, "reserved_name"],
    [
      "an event has a schema that is none",
      { jwt, channels: { a: { events: { said: { type: "text" } } } } },
      "invalid_schema",
    ],
    ["a rule asks a backend that there is not", { jwt, channels: { a: { subscribe: "webhook" } } }, "missing_backend"],
    [
      "the backend is to say who somebody is, and there is none",
      { webhooks: { hooks: ["connect"] } },
      "missing_backend",
    ],
    [
      "messages are for a backend that there is not",
      { jwt, endpoints: { "/ws": { receives: "webhook" } } },
      "missing_backend",
    ],
    ["the backend could not know who asks", { jwt, webhooks: { url: "http://localhost" } }, "invalid_webhooks"],
    [
      "the backend's address has a password",
      { jwt, webhooks: { url: "https://me:pass@backend", secret: "x".repeat(32) } },
      "invalid_webhooks",
    ],
    [
      "the secret of webhooks is short",
      { jwt, webhooks: { url: "http://localhost", secret: "x".repeat(31) } },
      "invalid_webhooks",
    ],
  ])("where %s it is not served", async (_why, config, code) => {
    await expect(makeApp(config, new LogRecorder())).rejects.toMatchObject({ name: "ConfigError", code });
  });
});

describe("who may hear and say what", () => {
  test("a channel without a rule lets nobody do anything", async () => {
    await using server = await serve({ jwt, channels: { a: { history: { size: 1, ttl: "1m" } } } });
    const ana = await server.dial("/ws", "ana");
    expect(await ana.ask("subscribe", { channel: "a" })).toMatchObject({ payload: { code: "forbidden" } });
    expect(await ana.ask("publish", { channel: "a", type: "x" })).toMatchObject({ payload: { code: "forbidden" } });
  });

  test("a user may be on their own inbox, and on nobody else's", async () => {
    await using server = await serve({
      jwt,
      channels: { "inbox/:user": { subscribe: "users", publish: "users", match: { user: "sub" } } },
    });
    const ana = await server.dial("/ws", "ana");
    expect(await ana.ask("subscribe", { channel: "inbox/bob" })).toMatchObject({ payload: { code: "forbidden" } });
    expect(await ana.ask("publish", { channel: "inbox/bob", type: "x" })).toMatchObject({
      payload: { code: "forbidden" },
    });
    expect(await ana.ask("subscribe", { channel: "inbox/ana" })).toMatchObject({ type: "subscribed" });
  });

  test("an event must fit its schema, and one that is not named is unknown", async () => {
    const said = { type: "object", properties: { text: { type: "string" } }, required: ["text"] };
    await using server = await serve({
      jwt,
      channels: { chat: { subscribe: "users", publish: "users", events: { said } } },
    });
    const ana = await server.dial("/ws", "ana");
    expect(await ana.ask("publish", { channel: "chat", type: "said", payload: {} })).toMatchObject({
      payload: { code: "invalid_payload", issues: [{ path: ["text"], message: "is missing" }] },
    });
    expect(await ana.ask("publish", { channel: "chat", type: "left", payload: {} })).toMatchObject({
      payload: { code: "unknown_type" },
    });
  });

  test("without named events anything is said, and heard by the others", async () => {
    await using server = await serve({ jwt, channels: { chat: { subscribe: "users", publish: "users" } } });
    const [ana, bob] = [await server.dial("/ws", "ana"), await server.dial("/ws", "bob")];
    await bob.ask("subscribe", { channel: "chat" });
    expect(await ana.ask("publish", { channel: "chat", type: "waved", payload: [1] })).toMatchObject({ type: "reply" });
    expect(await bob.next()).toEqual({ type: "waved", channel: "chat", payload: [1] });
  });

  test("history is kept, and members show the claims that are listed", async () => {
    await using server = await serve({
      jwt,
      channels: {
        chat: { subscribe: "users", publish: "users", history: { size: 5, ttl: "1m" }, presence: ["name"] },
      },
    });
    const ana = await server.dial("/ws", "ana", { name: "Ana", secret: "s" });
    await ana.ask("publish", { channel: "chat", type: "said", payload: 1 });
    expect(await ana.ask("subscribe", { channel: "chat", rewind: 1, presence: true })).toMatchObject({
      payload: { members: [{ id: "ana", name: "Ana" }] },
    });
    expect(await ana.next()).toMatchObject({ type: "said", offset: 1, payload: 1 });
  });
});

describe("whom an endpoint puts on channels", () => {
  test("by the claims of the user, and by the path", async () => {
    await using server = await serve({
      jwt,
      channels: { "inbox/:user": { match: { user: "sub" } }, "chat/:room": {} },
      endpoints: { "/rooms/:room": { join: ["inbox/:user", "chat/:room"] } },
    });
    const ana = await server.dialTidings("/rooms/lobby", "ana");
    const heard = await ana.take(3);
    expect(heard.map(({ channel }) => channel)).toEqual([undefined, "inbox/ana", "chat/lobby"]);
  });

  test("a path of another user's is refused at the door", async () => {
    await using server = await serve({
      jwt,
      channels: { "inbox/:user": { match: { user: "sub" } } },
      endpoints: { "/users/:user": { join: ["inbox/:user"] } },
    });
    await server.dial("/users/ana", "ana");
    expect(await dialRefused(`${server.url}/users/bob`, { token: tokenOf("ana") })).toMatchObject({ status: 403 });
  });

  test("who has not the claim, or one that makes no name, is refused at the door", async () => {
    await using server = await serve({
      jwt,
      channels: { "team/:team": { match: { team: "team" } } },
      endpoints: { "/ws": { join: ["team/:team"] } },
    });
    expect(await dialRefused(`${server.url}/ws`, { token: tokenOf("ana") })).toMatchObject({ status: 403 });
    expect(await dialRefused(`${server.url}/ws`, { token: tokenOf("ana", { team: "a/b" }) })).toMatchObject({
      status: 404,
    });
    await server.dial("/ws", "ana", { team: "red" });
  });

  test("with tasks each user is on the channel of their own", async () => {
    await using server = await serve({ jwt, endpoints: { "/ws": { tasks: true } } });
    const ana = await server.dialTidings("/ws", "ana");
    expect(await ana.take(2)).toMatchObject([{ type: "connected" }, { type: "subscribed", channel: "$tasks/ana" }]);
  });
});

test("limits hold, for all and for one endpoint", async () => {
  await using server = await serve({
    jwt,
    channels: { chat: { subscribe: "users", publish: "users" } },
    limits: { messageSize: "1kb" },
    endpoints: { "/ws": {}, "/small": { limits: { messageSize: "100b" } } },
  });
  const [large, small] = [await server.dial("/ws", "ana"), await server.dial("/small", "ana")];
  for (const client of [large, small])
    client.send({ type: "publish", payload: { channel: "chat", type: "said", payload: "x".repeat(100) }, id: 1 });
  expect(await large.next()).toMatchObject({ type: "reply" });
  expect(await small.closed).toMatchObject({ code: 1009 });
});

test("who has a key publishes by the HTTP API, reports tasks, and sends people away", async () => {
  const key = "0123456789abcdef";
  await using server = await serve({
    jwt,
    channels: { "chat/:room": { subscribe: "users" }, "inbox/:user": { match: { user: "sub" } } },
    endpoints: { "/ws": { join: ["inbox/:user"], tasks: true } },
    http: { api: { keys: [{ name: "backend", key }] } },
  });
  const call = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const response = await fetch(`${server.url}/api/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    return response.status;
  };
  const ana = await server.dial("/ws", "ana");
  await ana.ask("subscribe", { channel: "chat/a" });
  expect(await call("publish", { channel: "chat/a", type: "said", payload: 1 })).toBe(200);
  expect(await call("publish", { channel: "inbox/ana", type: "mail", payload: 2 })).toBe(200);
  expect(await call("tasks/report", { user: "ana", task: "t1", progress: 40, name: "export" })).toBe(200);
  expect(await ana.take(3)).toMatchObject([
    { type: "said", channel: "chat/a", payload: 1 },
    { type: "mail", channel: "inbox/ana", payload: 2 },
    { channel: "$tasks/ana", payload: { task: "t1" } },
  ]);
  expect(await call("publish", { channel: "other", type: "said", payload: 1 })).toBe(404);
  expect(await call("disconnect", { user: "ana" })).toBe(200);
  expect(await ana.closed).toMatchObject({ code: 1008, reason: "forbidden" });
});
