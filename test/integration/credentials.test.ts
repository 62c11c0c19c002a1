import { createApp, dependency, endpoint, forbidden, rawEndpoint, TidingsError } from "tidings";
import { bearer, firstOf, jwt, session, type TokenPlace } from "tidings/auth";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../support/gate.js";
import { serve } from "../support/served-app.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";
import { type DialOptions, dial, dialRefused, dialTidings } from "../support/ws-client.js";

const good = signToken({ sub: "ana", exp: inSeconds(3_600) });
const bad = signToken({ sub: "ana" }, { key: "somebody else's secret, just as long" });
const who = { receives: { who: z.object({}) }, on: { who: ({ user }: { user: { id: string } }) => user.id } };

/** The sessions of a store, and what was asked of it. */
function createStore(sessions: Readonly<Record<string, string>> = { s1: "ana", "a b": "bob" }) {
  const asked: string[] = [];
  const lookup = async (id: string) => {
    asked.push(id);
    const name = sessions[id];
    return name === undefined ? null : { id: name };
  };
  return { asked, me: endpoint("/ws/me", { auth: session({ cookie: "session_id", lookup }), ...who }) };
}

function withCookie(cookie: string, origin?: string): DialOptions {
  return { headers: { cookie, ...(origin !== undefined && { origin }) } };
}

// P8

test("P8: the session of a cookie is looked up before the handshake is accepted", async () => {
  const { me, asked } = createStore();
  await using server = await serve({ endpoints: [me] });
  const client = await dial(`${server.url}/ws/me`, withCookie("theme=dark; session_id=s1"));
  expect((await client.ask("who", {})).payload).toBe("ana");
  const encoded = await dial(`${server.url}/ws/me`, withCookie("session_id=a%20b"));
  expect((await encoded.ask("who", {})).payload).toBe("bob");
  expect(asked).toEqual(["s1", "a b"]);
  const ours = await dialTidings(`${server.url}/ws/me`, withCookie("session_id=s1"));
  const connected = await ours.next();
  expect(connected).toMatchObject({ type: "connected", payload: { user: { id: "ana" } } });
  // It lives as long as the connection.
  expect(connected.payload).not.toHaveProperty("expiresInMs");
});

test.each([
  ["no cookie", {}, []],
  ["a cookie of another name", withCookie("session=s1"), []],
  ["an empty one", withCookie("session_id="), []],
  ["a session that is not there", withCookie("session_id=s2"), ["s2"]],
  ["a session in the query", { query: "?session_id=s1" }, []],
])(
  "P8: %s is refused with 401, and a client of tidings.v1 with 1008",
  async (_, { query = "", ...options }: DialOptions & { query?: string }, looks) => {
    const { me, asked } = createStore();
    await using server = await serve({ endpoints: [me] });
    const url = `${server.url}/ws/me${query}`;
    expect(await dialRefused(url, options)).toMatchObject({ status: 401, body: { code: "unauthorized" } });
    expect(asked).toEqual(looks);
    const ours = await dial(url, { ...options, protocols: ["tidings.v1"] });
    expect(await ours.closed).toEqual({ code: 1008, reason: "unauthorized" });
    expect(server.app.stats().connectionsOpened).toBe(0);
  },
);

test("P8: a page of another origin is refused before its cookie is looked at, the server's own page enters", async () => {
  const { me, asked } = createStore();
  await using server = await serve({ endpoints: [me] });
  for (const origin of ["https://evil.example", "null", "http://127.0.0.1:1", "not an origin"]) {
    const refused = await dialRefused(`${server.url}/ws/me`, withCookie("session_id=s1", origin));
    expect(refused).toMatchObject({ status: 403, body: { code: "origin_not_allowed" } });
  }
  expect(asked).toEqual([]);
  const ours = await dial(`${server.url}/ws/me`, {
    ...withCookie("session_id=s1", "https://evil.example"),
    protocols: ["tidings.v1"],
  });
  expect(await ours.closed).toEqual({ code: 1008, reason: "origin_not_allowed" });
  const own = await dial(`${server.url}/ws/me`, withCookie("session_id=s1", server.url));
  expect((await own.ask("who", {})).payload).toBe("ana");
});

test("P8: the pages of `origins` may enter too, and then every endpoint checks", async () => {
  const { me } = createStore();
  const echo = rawEndpoint("/ws/echo", { text: ({ connection }, text) => void connection.send(text) });
  await using server = await serve({
    endpoints: [me, echo],
    origins: ["https://app.example", "https://*.team.example"],
  });
  for (const origin of ["https://app.example", "https://a.team.example", server.url]) {
    const client = await dial(`${server.url}/ws/me`, withCookie("session_id=s1", origin));
    expect((await client.ask("who", {})).payload).toBe("ana");
  }
  for (const path of ["/ws/me", "/ws/echo"]) {
    const refused = await dialRefused(`${server.url}${path}`, withCookie("session_id=s1", "https://team.example"));
    expect(refused).toMatchObject({ status: 403, body: { code: "origin_not_allowed" } });
  }
});

test("P8: without a cookie for a credential, and without `origins`, any page may connect, and read no cookie", async () => {
  const open = rawEndpoint("/ws/open", { open: ({ connection }) => void connection.send("welcome") });
  const visitor = dependency({ create: ({ request }) => ({ id: request.cookies.session_id ?? "nobody" }) });
  const nosy = rawEndpoint("/ws/nosy", { needs: { visitor }, open: (ctx) => void ctx.connection.send(ctx.visitor.id) });
  await using server = await serve({ endpoints: [open, nosy] });
  const foreign = withCookie("session_id=s1", "https://evil.example");
  expect(await (await dial(`${server.url}/ws/open`, foreign)).nextText()).toBe("welcome");
  const refused = await dialRefused(`${server.url}/ws/nosy`, foreign);
  expect(refused).toMatchObject({ status: 403, body: { code: "origin_not_allowed" } });
  const own = await dial(`${server.url}/ws/nosy`, withCookie("session_id=s1"));
  expect(await own.nextText()).toBe("s1");
});

test("P8: a store that fails or hangs is our affair: 503, told to `onError`, and nobody is let in", async () => {
  const asked = createGate();
  const lookup = (id: string) => {
    if (id === "broken") throw new Error("the store is away");
    if (id === "banned") throw forbidden("Banned.");
    asked.open();
    return new Promise<never>(() => {});
  };
  const me = endpoint("/ws/me", { auth: session({ lookup }), ...who });
  await using server = await serve({ endpoints: [me], limits: { needs: "50ms" } });
  const broken = await dialRefused(`${server.url}/ws/me`, withCookie("session_id=broken"));
  expect(broken).toMatchObject({ status: 503, body: { code: "unavailable" } });
  expect(broken.headers["retry-after"]).toMatch(/^\d+$/);
  expect(await server.errors.next()).toMatchObject({
    error: { message: "the store is away" },
    at: { during: "credential", endpoint: "/ws/me" },
  });
  const slow = await dialRefused(`${server.url}/ws/me`, withCookie("session_id=slow"));
  expect(slow).toMatchObject({ status: 503, body: { code: "unavailable" } });
  await asked.opened;
  const banned = await dialRefused(`${server.url}/ws/me`, withCookie("session_id=banned"));
  expect(banned).toMatchObject({ status: 403, body: { code: "forbidden", message: "Banned." } });
  expect(server.app.stats()).toMatchObject({ connections: 0, connectionsOpened: 0, pending: 0 });
});

test("what is away without a cause was told by who says so: it is 503, and `onError` hears only of causes", async () => {
  const cause = new Error("The key server is away.");
  const verify = (token: string) => {
    throw new TidingsError("unavailable", undefined, token === "with" ? { cause } : {});
  };
  await using served = await serve({ endpoints: [endpoint("/ws", { auth: bearer({ verify }) })] });
  for (const token of ["without", "with"]) {
    expect(await dialRefused(`${served.url}/ws`, { token })).toMatchObject({ status: 503 });
  }
  expect((await served.errors.next()).error).toBe(cause);
  expect(served.errors.unread).toEqual([]);
});

test("P8: no log line and no error holds a session's id", async () => {
  const { me } = createStore({ "very-secret": "ana" });
  await using server = await serve({ endpoints: [me] });
  const client = await dial(`${server.url}/ws/me`, withCookie("session_id=very-secret"));
  expect((await client.ask("who", {})).payload).toBe("ana");
  await dialRefused(`${server.url}/ws/me`, withCookie("session_id=very-secret-too"));
  await dialRefused(`${server.url}/ws/me`, withCookie("session_id=very-secret", "https://evil.example"));
  client.close();
  await server.log.next("disconnected");
  expect(JSON.stringify(server.log.lines)).not.toContain("very-secret");
});

// P10

const me = endpoint("/ws/me", { auth: jwt({ secret, from: ["message"] }), ...who });

test("P10: the first message is the credential, answered by auth_success with the user, its time and the id", async () => {
  await using server = await serve({ endpoints: [me] });
  const client = await dial(`${server.url}/ws/me`);
  client.send({ type: "auth", payload: { token: good }, id: 7 });
  const answer = await client.next();
  expect(answer).toEqual({
    type: "auth_success",
    id: 7,
    payload: { user: { id: "ana" }, expiresInMs: expect.any(Number) },
  });
  const { expiresInMs } = answer.payload as { expiresInMs: number };
  expect(expiresInMs).toBeGreaterThan(3_500_000);
  expect(expiresInMs).toBeLessThanOrEqual(3_600_000);
  expect((await client.ask("who", {})).payload).toBe("ana");
  const endless = await dial(`${server.url}/ws/me`);
  endless.send({ type: "auth", payload: { token: signToken({ sub: "bob", role: "admin" }) } });
  // The rest of what the token says is the server's.
  expect(await endless.next()).toEqual({ type: "auth_success", payload: { user: { id: "bob" } } });
});

test("P10: before it only `auth`, `ping` and `pong` are taken; anything else is `unauthorized`, and forgotten", async () => {
  const heard: string[] = [];
  const chat = endpoint("/ws/chat", {
    auth: jwt({ secret, from: ["message"] }),
    receives: { say: z.object({ text: z.string() }) },
    open: () => void heard.push("open"),
    on: { say: (_, { text }) => void heard.push(text) },
  });
  await using server = await serve({ endpoints: [chat] });
  const client = await dial(`${server.url}/ws/chat`);
  client.send({ type: "say", payload: { text: "early" }, id: 1 });
  expect(await client.next()).toMatchObject({ type: "error", id: 1, payload: { code: "unauthorized", type: "say" } });
  for (const text of ["", "nonsense", "[]", '{"type":"no such"}', '{"type":"subscribe","payload":{"channel":"a"}}']) {
    client.sendText(text);
    expect(await client.next()).toMatchObject({ type: "error", payload: { code: "unauthorized" } });
  }
  client.send({ type: "ping", id: "p" });
  expect(await client.next()).toEqual({ type: "pong", id: "p" });
  client.sendText("ping");
  expect(await client.nextText()).toBe("pong");
  client.sendText("pong");
  client.send({ type: "pong" });
  client.send({ type: "auth", payload: {}, id: 2 });
  expect(await client.next()).toMatchObject({
    type: "error",
    id: 2,
    payload: { code: "invalid_payload", type: "auth" },
  });
  expect(server.app.stats()).toMatchObject({ connections: 0, users: 0, pending: 1 });
  expect([...server.app.connections()]).toEqual([]);
  client.send({ type: "auth", payload: { token: good } });
  expect(await client.next()).toMatchObject({ type: "auth_success" });
  expect(await client.ask("say", { text: "now" })).toMatchObject({ type: "reply" });
  expect(heard).toEqual(["open", "now"]);
  expect(server.app.stats()).toMatchObject({ connections: 1, users: 1, pending: 0 });
});

test("P10: what follows the credential waits for it, and is handled in order", async () => {
  const [asked, gate] = [createGate(), createGate()];
  const account = dependency({
    async create() {
      asked.open();
      await gate.opened;
      return { name: "the account" };
    },
  });
  const slow = endpoint("/ws/slow", {
    auth: jwt({ secret, from: ["message"] }),
    needs: { account },
    receives: { count: z.object({ n: z.number() }) },
    on: { count: (ctx, { n }) => `${ctx.user.id} ${ctx.account.name} ${n}` },
  });
  await using server = await serve({ endpoints: [slow] });
  const client = await dial(`${server.url}/ws/slow`);
  client.send({ type: "auth", payload: { token: good }, id: "a" });
  for (const n of [1, 2, 3]) client.send({ type: "count", payload: { n }, id: n });
  client.send({ type: "ping", id: "p" });
  await asked.opened;
  expect(await client.next()).toEqual({ type: "pong", id: "p" });
  gate.open();
  expect(await client.next()).toMatchObject({ type: "auth_success", id: "a" });
  expect(await client.take(3)).toEqual(
    [1, 2, 3].map((n) => ({ type: "reply", id: n, payload: `ana the account ${n}` })),
  );
});

test.each([
  ["that somebody else signed", bad, "unauthorized", 4001],
  ["that is none", "let me in", "unauthorized", 4001],
  ["that has expired", signToken({ sub: "ana", exp: inSeconds(-60) }), "token_expired", 4002],
  ["of somebody who may not", signToken({ sub: "eve" }), "forbidden", 4003],
  ["that is too long", "x".repeat(8_193), "bad_request", 1008],
])("P10: a credential %s closes, with the codes of the endpoint", async (_, token, reason, code) => {
  const opened: string[] = [];
  const chosen = endpoint("/ws/chosen", {
    auth: jwt({ secret, from: ["message"] }),
    allow: ({ user }) => user.id !== "eve",
    closeCodes: { unauthorized: 4001, token_expired: 4002, forbidden: 4003 },
    open: () => void opened.push("open"),
    ...who,
  });
  await using server = await serve({ endpoints: [chosen] });
  const plain = await dial(`${server.url}/ws/chosen`);
  plain.send({ type: "auth", payload: { token } });
  plain.send({ type: "who", id: 1 });
  expect(await plain.closed).toEqual({ code, reason });
  const ours = await dial(`${server.url}/ws/chosen`, { protocols: ["tidings.v1"] });
  ours.send({ type: "connect", payload: { token } });
  expect(await ours.closed).toEqual({ code, reason });
  expect([plain.unread, ours.unread, opened]).toEqual([[], [], []]);
});

test("P10: without a credential in time it is closed with `auth_timeout`, whatever else it says", async () => {
  const brief = endpoint("/ws/brief", { auth: jwt({ secret, from: ["message"], deadline: "50ms" }), ...who });
  await using server = await serve({ endpoints: [brief, me], limits: { auth: "50ms" } });
  const silent = await dial(`${server.url}/ws/brief`);
  expect(await silent.closed).toEqual({ code: 1008, reason: "auth_timeout" });
  const byLimit = await dial(`${server.url}/ws/me`);
  byLimit.send({ type: "ping" });
  expect(await byLimit.next()).toEqual({ type: "pong" });
  expect(await byLimit.closed).toEqual({ code: 1008, reason: "auth_timeout" });
  const ours = await dial(`${server.url}/ws/brief`, { protocols: ["tidings.v1"] });
  expect(await ours.closed).toEqual({ code: 1008, reason: "auth_timeout" });
  for (const _ of [silent, byLimit, ours]) await server.log.next("disconnected");
  expect(server.app.stats()).toMatchObject({ connections: 0, pending: 0 });
});

test("P10: with tidings.v1 it goes in `connect`, and `connected` tells the user and the time", async () => {
  await using server = await serve({ endpoints: [me] });
  const client = await dial(`${server.url}/ws/me`, { protocols: ["tidings.v1"] });
  client.send({ type: "connect", payload: { token: good } });
  client.send({ type: "who", id: 1 });
  expect(await client.next()).toMatchObject({
    type: "connected",
    payload: { user: { id: "ana" }, heartbeatMs: 30_000, expiresInMs: expect.any(Number) },
  });
  expect(await client.next()).toEqual({ type: "reply", id: 1, payload: "ana" });
  const silent = await dialTidings(`${server.url}/ws/me`);
  expect(await silent.closed).toEqual({ code: 1008, reason: "unauthorized" });
  const early = await dial(`${server.url}/ws/me`, { protocols: ["tidings.v1"] });
  early.send({ type: "auth", payload: { token: good } });
  expect(await early.closed).toEqual({ code: 1002, reason: "protocol_error" });
});

test("P10: dependencies are made after the credential, and a binary frame before it is 1003", async () => {
  const made: string[] = [];
  const user = jwt({ secret, from: ["message"] });
  const account = dependency({ needs: { user }, create: ({ user }) => void made.push(user.id) });
  const work = endpoint("/ws/work", { auth: user, needs: { account }, ...who });
  await using server = await serve({ endpoints: [work] });
  const client = await dial(`${server.url}/ws/work`);
  await client.takeAll();
  expect(made).toEqual([]);
  client.send({ type: "auth", payload: { token: good } });
  await client.next();
  expect(made).toEqual(["ana"]);
  const other = await dial(`${server.url}/ws/work`);
  other.sendBinary(Buffer.from("auth"));
  expect(await other.closed).toEqual({ code: 1003, reason: "unsupported_data" });
});

test("a credential in the handshake makes the first message needless, and a bad one there is refused", async () => {
  const either = endpoint("/ws/either", { auth: jwt({ secret, from: ["header", "message"] }), ...who });
  await using server = await serve({ endpoints: [either] });
  const byHeader = await dial(`${server.url}/ws/either`, { token: good });
  expect((await byHeader.ask("who", {})).payload).toBe("ana");
  const byMessage = await dial(`${server.url}/ws/either`);
  expect(await byMessage.ask("auth", { token: good })).toMatchObject({ type: "auth_success" });
  expect(await dialRefused(`${server.url}/ws/either`, { token: bad })).toMatchObject({ status: 401 });
});

test("the deadline of the first message is 10 s, or the credential's own, and ends with it", async () => {
  const byName = bearer({ from: ["message"], verify: (token) => ({ id: token }) });
  const patient = bearer({ from: ["message"], deadline: "1m", verify: (token) => ({ id: token }) });
  const usual = endpoint("/ws/usual", { auth: byName, ...who });
  const longer = endpoint("/ws/longer", { auth: patient, ...who });
  await using server = await startTestApp(createApp({ endpoints: [usual, longer] }));
  const [first, second] = [
    await server.connect<typeof usual>("/ws/usual", { as: "plain" }),
    await server.connect<typeof longer>("/ws/longer", { as: "plain" }),
  ];
  const admitted = await server.connect<typeof usual>("/ws/usual", { as: "plain", token: "bob" });
  await server.clock.advance("9999ms");
  await first.ping();
  await server.clock.advance("1ms");
  expect(await first.closed).toEqual({ code: 1008, reason: "auth_timeout" });
  await server.clock.advance("49999ms");
  await second.ping();
  await server.clock.advance("1ms");
  expect(await second.closed).toEqual({ code: 1008, reason: "auth_timeout" });
  expect(await admitted.request("who", {})).toBe("bob");
});

// All places

const everywhere: readonly TokenPlace[] = ["header", "subprotocol", "query", "cookie", "message"];

test.each(everywhere)(
  "a token is found in the %s, and in no other place where that one alone is named",
  async (place) => {
    const cookie = place === "cookie" ? "token" : undefined;
    const only = endpoint("/ws/only", {
      auth: jwt({ secret, from: [place], cookie }),
      subprotocols: ["chat.v1"],
      ...who,
    });
    const any = endpoint("/ws/any", {
      auth: jwt({ secret, from: everywhere, cookie: "token" }),
      subprotocols: ["chat.v1"],
      ...who,
    });
    await using server = await serve({ endpoints: [only, any] });
    for (const path of ["/ws/only", "/ws/any"]) {
      const client = await dialWith(`${server.url}${path}`, place, good);
      if (place === "message") await client.ask("auth", { token: good });
      expect((await client.ask("who", {})).payload).toBe("ana");
    }
    for (const other of everywhere) {
      if (other === place || other === "message" || place === "message") continue;
      const refused = await dialWith(`${server.url}/ws/only`, other, good).catch((error: unknown) => error);
      expect(refused).toMatchObject({ status: 401 });
    }
  },
);

function dialWith(url: string, place: TokenPlace, token: string) {
  switch (place) {
    case "header":
      return dial(url, { token });
    case "subprotocol":
      return dial(url, { protocols: ["chat.v1", bearerProtocol(token)] });
    case "query":
      return dial(`${url}?token=${token}`);
    case "cookie":
      return dial(url, withCookie(`token=${token}`));
    case "message":
      return dial(url);
  }
}

function bearerProtocol(token: string): string {
  return `bearer.${Buffer.from(token).toString("base64url")}`;
}

test("a token as a subprotocol is never echoed, and goes beside tidings.v1", async () => {
  const any = endpoint("/ws/any", { auth: jwt({ secret }), subprotocols: ["chat.v1"], ...who });
  await using server = await serve({ endpoints: [any] });
  const plain = await dial(`${server.url}/ws/any`, { protocols: ["chat.v1", bearerProtocol(good)] });
  expect(plain.protocol).toBe("chat.v1");
  const ours = await dialTidings(`${server.url}/ws/any`);
  expect(await ours.closed).toEqual({ code: 1008, reason: "unauthorized" });
  const both = await dial(`${server.url}/ws/any`, { protocols: [bearerProtocol(good), "tidings.v1"] });
  expect(both.protocol).toBe("tidings.v1");
  both.send({ type: "connect" });
  expect(await both.next()).toMatchObject({ type: "connected", payload: { user: { id: "ana" } } });
});

test.each([
  ["twice", ["chat.v1", bearerProtocol(good), bearerProtocol(bad)]],
  ["that is not base64url", ["chat.v1", "bearer.a~b"]],
  ["that is longer than 8 KiB", ["chat.v1", bearerProtocol("x".repeat(8_193))]],
])("a token as a subprotocol %s is `bad_request`", async (_, protocols) => {
  const any = endpoint("/ws/any", { auth: jwt({ secret }), subprotocols: ["chat.v1"], ...who });
  await using server = await serve({ endpoints: [any] });
  expect(await dialRefused(`${server.url}/ws/any`, { protocols })).toMatchObject({
    status: 400,
    body: { code: "bad_request" },
  });
});

test("`from` is an order: the first place that holds a token decides", async () => {
  const ana = signToken({ sub: "ana" });
  const bob = signToken({ sub: "bob" });
  const cookieFirst = endpoint("/ws/cookie-first", {
    auth: jwt({ secret, from: ["cookie", "query", "header"], cookie: "token" }),
    ...who,
  });
  const headerFirst = endpoint("/ws/header-first", {
    auth: jwt({ secret, from: ["header", "query", "cookie"], cookie: "token" }),
    ...who,
  });
  await using server = await serve({ endpoints: [cookieFirst, headerFirst] });
  const options = { token: bob, headers: { cookie: `token=${ana}` } };
  const first = await dial(`${server.url}/ws/cookie-first`, options);
  expect((await first.ask("who", {})).payload).toBe("ana");
  const second = await dial(`${server.url}/ws/header-first`, options);
  expect((await second.ask("who", {})).payload).toBe("bob");
  // A bad one decides as well.
  const refused = await dialRefused(`${server.url}/ws/cookie-first`, {
    token: bob,
    headers: { cookie: `token=${bad}` },
  });
  expect(refused).toMatchObject({ status: 401, body: { code: "unauthorized" } });
});

test("firstOf: the first credential that is there decides, and a bad one is refused though another is good", async () => {
  const { me: sessionOnly } = createStore();
  const lookup = (id: string) => (id === "s1" ? { id: "ana", by: "session" } : null);
  const claims = z.object({ sub: z.string(), by: z.string() });
  const either = endpoint("/ws/either", {
    auth: firstOf(session({ lookup }), jwt({ secret, claims, from: ["header", "message"] })),
    receives: { who: z.object({}) },
    on: { who: ({ user }) => [user.id, user.by] },
  });
  await using server = await serve({ endpoints: [sessionOnly, either] });
  const url = `${server.url}/ws/either`;
  const bob = signToken({ sub: "bob", by: "token" });
  const byCookie = await dial(url, withCookie("session_id=s1"));
  expect((await byCookie.ask("who", {})).payload).toEqual(["ana", "session"]);
  const byHeader = await dial(url, { token: bob });
  expect((await byHeader.ask("who", {})).payload).toEqual(["bob", "token"]);
  const byBoth = await dial(url, { token: bob, headers: { cookie: "session_id=s1" } });
  expect((await byBoth.ask("who", {})).payload).toEqual(["ana", "session"]);
  const byMessage = await dial(url);
  expect(await byMessage.ask("auth", { token: bob })).toMatchObject({ type: "auth_success" });
  expect((await byMessage.ask("who", {})).payload).toEqual(["bob", "token"]);
  expect(await dialRefused(url, { token: bob, headers: { cookie: "session_id=none" } })).toMatchObject({ status: 401 });
  // Where a cookie may be the credential, Origin is checked, whatever the credential then is.
  const foreign = await dialRefused(url, { token: bob, headers: { origin: "https://evil.example" } });
  expect(foreign).toMatchObject({ status: 403, body: { code: "origin_not_allowed" } });
});

test("in memory each kind of client puts its token where it can, and sees what it would see of a refusal", async () => {
  const { me: bySession } = createStore();
  const byToken = endpoint("/ws/token", { auth: bearer({ verify: (token) => ({ id: token }) }), ...who });
  const byMessage = endpoint("/ws/message", { auth: bearer({ from: ["message"], verify: nobodyBut("ana") }), ...who });
  await using server = await startTestApp(createApp({ endpoints: [bySession, byToken, byMessage] }));
  for (const as of ["tidings", "plain", "browser"] as const) {
    const token = await server.connect<typeof byToken>("/ws/token", { as, token: "bob" });
    expect(await token.request("who", {})).toBe("bob");
    const cookie = await server.connect<typeof bySession>("/ws/me", { as, cookies: { session_id: "s1" } });
    expect(await cookie.request("who", {})).toBe("ana");
    const message = await server.connect<typeof byMessage>("/ws/message", { as, token: "ana" });
    expect(await message.request("who", {})).toBe("ana");
    await expect(server.connect("/ws/message", { as, token: "eve" })).rejects.toMatchObject({
      status: 101,
      code: "unauthorized",
      closeCode: 1008,
    });
  }
  await expect(server.connect("/ws/me", { as: "browser", origin: "https://evil.example" })).rejects.toMatchObject({
    status: undefined,
    closeCode: 1006,
  });
  await expect(server.connect("/ws/me", { as: "plain", origin: "https://evil.example" })).rejects.toMatchObject({
    status: 403,
    code: "origin_not_allowed",
  });
});

function nobodyBut(name: string) {
  return (token: string) => (token === name ? { id: token } : undefined);
}
