import { createApp, dependency, endpoint } from "tidings";
import { bearer, jwt, session } from "tidings/auth";
import { startTestApp, type TestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { systemClock } from "../../src/app/system.js";
import { MemoryBroker } from "../../src/broker/memory.js";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { serve } from "../support/served-app.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";
import { dial, dialRefused, dialTidings, type WsClient } from "../support/ws-client.js";

const user = jwt({ secret });
const who = { receives: { who: z.object({}) }, on: { who: ({ user }: { user: { id: string } }) => user.id } };
const me = endpoint("/ws/me", { auth: user, ...who });
const expired = { code: 1008, reason: "token_expired" };
const unauthorized = { code: 1008, reason: "unauthorized" };

/** A token of the app's time, which expires at a whole second. */
function tokenFor(server: TestApp, claims: { sub: string; jti?: string }, seconds: number) {
  const exp = Math.floor(server.clock.now() / 1_000) + seconds;
  return { token: signToken({ ...claims, exp }), expiresAtMs: exp * 1_000 };
}

/** Lets time pass until it is so late. */
async function advanceTo(server: TestApp, atMs: number): Promise<void> {
  await server.clock.advance(`${atMs - server.clock.now()}ms`);
}

/** The payload of the next message of the protocol's own. */
function nextOf(client: { next(type: never): Promise<unknown> }, type: string): Promise<unknown> {
  return client.next(type as never); // no contract names it
}

// Expiry

test("a credential that expires closes with 1008 `token_expired` 25 s after, and not a millisecond before", async () => {
  await using server = await startTestApp(createApp({ endpoints: [me] }));
  const { token, expiresAtMs } = tokenFor(server, { sub: "ana" }, 60);
  const client = await server.connect<typeof me>("/ws/me", { token });
  await advanceTo(server, expiresAtMs + 24_999);
  expect(await client.request("who", {})).toBe("ana");
  await server.clock.advance("1ms");
  expect(await client.closed).toEqual(expired);
  expect(server.app.stats()).toMatchObject({ connections: 0, users: 0 });
});

test("the grace is a limit, and the code the endpoint's own", async () => {
  const strict = endpoint("/ws/strict", { auth: user, closeCodes: { token_expired: 4002 }, ...who });
  await using server = await startTestApp(createApp({ endpoints: [strict], limits: { expiryGrace: "0s" } }));
  const { token, expiresAtMs } = tokenFor(server, { sub: "ana" }, 60);
  const client = await server.connect<typeof strict>("/ws/strict", { token });
  await advanceTo(server, expiresAtMs - 1);
  expect(await client.request("who", {})).toBe("ana");
  await server.clock.advance("1ms");
  expect(await client.closed).toEqual({ code: 4002, reason: "token_expired" });
});

test("a token without an expiry, and a session, never expire", async () => {
  const bySession = endpoint("/ws/session", { auth: session({ lookup: (id) => ({ id }) }), ...who });
  await using server = await startTestApp(createApp({ endpoints: [me, bySession] }));
  const endless = await server.connect<typeof me>("/ws/me", { token: signToken({ sub: "ana" }) });
  const cookie = await server.connect<typeof bySession>("/ws/session", { cookies: { session_id: "bob" } });
  await server.clock.advance("30d");
  expect(await endless.request("who", {})).toBe("ana");
  expect(await cookie.request("who", {})).toBe("bob");
});

test("expiry is held against a client whose socket is read no further", async () => {
  const gate = createGate();
  const slow = endpoint("/ws/slow", {
    auth: user,
    limits: { waitingMessages: 1, messages: "1000/1s" },
    receives: { work: z.object({}) },
    on: { work: () => gate.opened },
  });
  await using server = await startTestApp(createApp({ endpoints: [slow] }));
  const { token, expiresAtMs } = tokenFor(server, { sub: "ana" }, 60);
  const client = await server.connect<typeof slow>("/ws/slow", { token });
  for (let n = 0; n < 5; n += 1) client.send("work", {});
  await advanceTo(server, expiresAtMs + 25_000);
  expect(await client.closed).toEqual(expired);
  gate.open();
});

test("expiry through a real socket", async () => {
  await using server = await serve({ endpoints: [me], limits: { expiryGrace: "0s" } });
  // What is left of this second, and one more.
  const client = await dial(`${server.url}/ws/me`, { token: signToken({ sub: "ana", exp: inSeconds(2) }) });
  expect((await client.ask("who", {})).payload).toBe("ana");
  expect(await client.closed).toEqual(expired);
});

// Refresh

test.each([
  ["before it expires", -1_000],
  ["within the grace", 24_000],
])("a refresh %s keeps it open, until the fresh one expires", async (_, offsetMs) => {
  await using server = await startTestApp(createApp({ endpoints: [me] }));
  const first = tokenFor(server, { sub: "ana" }, 60);
  const client = await server.connect<typeof me>("/ws/me", { token: first.token });
  await advanceTo(server, first.expiresAtMs + offsetMs);
  const fresh = tokenFor(server, { sub: "ana" }, 600);
  client.sendFrame(JSON.stringify({ type: "auth", payload: { token: fresh.token }, id: 1 }));
  expect(await nextOf(client, "auth_success")).toEqual({
    user: { id: "ana" },
    expiresInMs: fresh.expiresAtMs - server.clock.now(),
  });
  await advanceTo(server, fresh.expiresAtMs + 24_999);
  expect(await client.request("who", {})).toBe("ana");
  await server.clock.advance("1ms");
  expect(await client.closed).toEqual(expired);
});

test("a refresh by one that never expires ends the expiry", async () => {
  await using server = await startTestApp(createApp({ endpoints: [me] }));
  const client = await server.connect<typeof me>("/ws/me", { token: tokenFor(server, { sub: "ana" }, 60).token });
  client.sendFrame(JSON.stringify({ type: "auth", payload: { token: signToken({ sub: "ana" }) } }));
  expect(await nextOf(client, "auth_success")).toEqual({ user: { id: "ana" } });
  await server.clock.advance("1h");
  expect(await client.request("who", {})).toBe("ana");
});

test("a refresh that fails is an error, the connection is kept, and the old credential goes on until its own time", async () => {
  await using server = await startTestApp(createApp({ endpoints: [me] }));
  const { token, expiresAtMs } = tokenFor(server, { sub: "ana" }, 60);
  const client = await server.connect<typeof me>("/ws/me", { token });
  const inAnHour = inSeconds(3_600);
  const bad: readonly (readonly [unknown, string])[] = [
    [signToken({ sub: "bob", exp: inAnHour }), "forbidden"],
    [signToken({ sub: "ana", exp: inAnHour }, { key: "somebody else's secret, just as long" }), "unauthorized"],
    [signToken({ sub: "ana", exp: inSeconds(-1) }), "token_expired"],
    ["x".repeat(8_193), "invalid_payload"],
    ["", "invalid_payload"],
    [7, "invalid_payload"],
    [undefined, "invalid_payload"],
  ];
  for (const [bearerToken, code] of bad) {
    client.sendFrame(JSON.stringify({ type: "auth", payload: { token: bearerToken }, id: "a" }));
    expect(await client.next("error")).toMatchObject({ code });
  }
  expect(await client.request("who", {})).toBe("ana");
  expect(client.unread).toEqual([]);
  await advanceTo(server, expiresAtMs + 25_000);
  expect(await client.closed).toEqual(expired);
});

test("a refresh through a real socket: of plain clients and of tidings.v1, and each by the way it came in", async () => {
  await using server = await serve({ endpoints: [me] });
  const soon = signToken({ sub: "ana", exp: inSeconds(60) });
  const later = signToken({ sub: "ana", exp: inSeconds(3_600) });
  const plain = await dial(`${server.url}/ws/me?token=${soon}`);
  const ours = await dialTidings(`${server.url}/ws/me`, { token: soon });
  expect((await ours.next()).type).toBe("connected");
  for (const client of [plain, ours]) {
    const { payload, ...answer } = await client.ask("auth", { token: later }, "r");
    expect(answer).toEqual({ type: "auth_success", id: "r" });
    expect((payload as { expiresInMs: number }).expiresInMs).toBeGreaterThan(3_500_000);
    const refused = await client.ask("auth", { token: signToken({ sub: "bob" }) }, "b");
    expect(refused).toMatchObject({ type: "error", payload: { code: "forbidden", type: "auth" } });
    expect((await client.ask("who", {})).payload).toBe("ana");
  }
});

test("`auth` is taken while a handler runs and messages wait", async () => {
  const [begun, gate] = [createGate(), createGate()];
  const slow = endpoint("/ws/slow", {
    auth: user,
    receives: { work: z.object({}) },
    on: {
      async work() {
        begun.open();
        await gate.opened;
        return "done";
      },
    },
  });
  await using server = await serve({ endpoints: [slow] });
  const client = await dial(`${server.url}/ws/slow`, { token: signToken({ sub: "ana" }) });
  client.send({ type: "work", payload: {}, id: 1 });
  client.send({ type: "work", payload: {}, id: 2 });
  await begun.opened;
  expect(await client.ask("auth", { token: signToken({ sub: "ana" }) })).toMatchObject({ type: "auth_success" });
  gate.open();
  expect(await client.take(2)).toMatchObject([{ id: 1 }, { id: 2 }]);
});

test("after a refresh what depends on the user is made again for what begins later; who runs keeps the old", async () => {
  const [begun, gate, disposed] = [createGate(), createGate(), new Inbox<string>("disposed")];
  const claims = z.object({ sub: z.string(), plan: z.string() });
  const planned = jwt({ secret, claims });
  const made: string[] = [];
  const log = dependency({
    create: () => {
      made.push("log");
      return "log";
    },
    dispose: () => disposed.put("log"),
  });
  const account = dependency({
    needs: { planned },
    create: ({ planned: { plan } }) => {
      made.push(`account ${plan}`);
      return { plan };
    },
    dispose: ({ plan }) => disposed.put(`account ${plan}`),
  });
  const view = dependency({
    needs: { account, log },
    create: ({ account: { plan } }) => `view of ${plan}`,
    dispose: (name) => disposed.put(name),
  });
  const plans = endpoint("/ws/plans", {
    auth: planned,
    needs: { account, view },
    receives: { show: z.object({}), hold: z.object({}) },
    on: {
      show: (ctx) => [ctx.user.plan, ctx.account.plan, ctx.view, ctx.connection.user.plan],
      async hold(ctx) {
        begun.open();
        await gate.opened;
        return [ctx.user.plan, ctx.account.plan, ctx.view];
      },
    },
  });
  await using server = await serve({ endpoints: [plans] });
  const client = await dial(`${server.url}/ws/plans`, { token: signToken({ sub: "ana", plan: "free" }) });
  expect((await client.ask("show", {})).payload).toEqual(["free", "free", "view of free", "free"]);
  client.send({ type: "hold", payload: {}, id: "hold" });
  client.send({ type: "show", payload: {}, id: "show" });
  await begun.opened;
  expect(await client.ask("auth", { token: signToken({ sub: "ana", plan: "paid" }) })).toMatchObject({
    type: "auth_success",
  });
  expect(disposed.unread).toEqual([]);
  gate.open();
  expect(await client.next()).toEqual({ type: "reply", id: "hold", payload: ["free", "free", "view of free"] });
  expect(await client.next()).toEqual({
    type: "reply",
    id: "show",
    payload: ["paid", "paid", "view of paid", "paid"],
  });
  expect(await disposed.next()).toBe("view of free");
  expect(await disposed.next()).toBe("account free");
  expect(made).toEqual(["account free", "log", "account paid"]);
  client.close();
  await server.log.next("disconnected");
  expect(disposed.unread).toEqual(["view of paid", "account paid", "log"]);
});

test("a refresh whose dependency, or `allow`, refuses leaves all as it was, and disposes of what it made", async () => {
  const disposed: string[] = [];
  const planned = jwt({ secret, claims: z.object({ sub: z.string(), plan: z.string() }) });
  const account = dependency({
    needs: { planned },
    create: ({ planned: { plan } }) => plan,
    dispose: (plan) => void disposed.push(plan),
  });
  const plans = endpoint("/ws/plans", {
    auth: planned,
    needs: { account },
    allow: (ctx) => ctx.account !== "none",
    receives: { show: z.object({}) },
    on: { show: (ctx) => [ctx.user.plan, ctx.account] },
  });
  await using server = await serve({ endpoints: [plans] });
  const client = await dial(`${server.url}/ws/plans`, { token: signToken({ sub: "ana", plan: "free" }) });
  const refused = await client.ask("auth", { token: signToken({ sub: "ana", plan: "none" }) });
  expect(refused).toMatchObject({ type: "error", payload: { code: "forbidden" } });
  expect((await client.ask("show", {})).payload).toEqual(["free", "free"]);
  expect(disposed).toEqual(["none"]);
});

test("what a refresh made is disposed of, where the connection has closed meanwhile", async () => {
  const { asked, gate, disposed, plans } = createSlowPlans();
  await using server = await serve({ endpoints: [plans] });
  const client = await dial(`${server.url}/ws/plans`, { token: signToken({ sub: "ana", plan: "free" }) });
  client.send({ type: "auth", payload: { token: signToken({ sub: "ana", plan: "paid" }) } });
  await asked.opened;
  client.terminate();
  expect(await disposed.next()).toBe("free");
  await server.log.next("disconnected");
  gate.open();
  expect(await disposed.next()).toBe("paid");
});

test("a refresh that takes longer than `limits.needs` is `unavailable`, and leaves all as it was, also when it comes to an end", async () => {
  const { gate, disposed, plans } = createSlowPlans();
  await using server = await serve({ endpoints: [plans], limits: { needs: "50ms" } });
  const client = await dial(`${server.url}/ws/plans`, { token: signToken({ sub: "ana", plan: "free" }) });
  const refused = await client.ask("auth", { token: signToken({ sub: "ana", plan: "paid" }) });
  expect(refused).toMatchObject({ type: "error", payload: { code: "unavailable" } });
  gate.open();
  expect(await disposed.next()).toBe("paid");
  expect((await client.ask("show", {})).payload).toEqual(["free", "free", "free"]);
});

/** An account that is made at once, or for the plan "paid" when the gate opens. */
function createSlowPlans() {
  const [asked, gate, disposed] = [createGate(), createGate(), new Inbox<string>("disposed")];
  const planned = jwt({ secret, claims: z.object({ sub: z.string(), plan: z.string() }) });
  const account = dependency({
    needs: { planned },
    async create({ planned: { plan } }) {
      if (plan !== "paid") return plan;
      asked.open();
      await gate.opened;
      return plan;
    },
    dispose: (plan) => disposed.put(plan),
  });
  const plans = endpoint("/ws/plans", {
    auth: planned,
    needs: { account },
    receives: { show: z.object({}) },
    on: { show: (ctx) => [ctx.user.plan, ctx.account, ctx.connection.user.plan] },
  });
  return { asked, gate, disposed, plans };
}

test("two credentials at once by message: the second is a refresh", async () => {
  const me = endpoint("/ws/me", { auth: jwt({ secret, from: ["message"] }) });
  await using server = await serve({ endpoints: [me] });
  const client = await dial(`${server.url}/ws/me`);
  for (const sub of ["ana", "ana", "bob"])
    client.send({ type: "auth", payload: { token: signToken({ sub }) }, id: sub });
  expect(await client.take(3)).toMatchObject([
    { type: "auth_success" },
    { type: "auth_success" },
    { type: "error", id: "bob", payload: { code: "forbidden" } },
  ]);
});

test("of two refreshes at once the later decides", async () => {
  const planned = jwt({ secret, claims: z.object({ sub: z.string(), plan: z.string() }) });
  const plans = endpoint("/ws/plans", {
    auth: planned,
    receives: { show: z.object({}) },
    on: { show: (ctx) => ctx.user.plan },
  });
  await using server = await serve({ endpoints: [plans] });
  const client = await dial(`${server.url}/ws/plans`, { token: signToken({ sub: "ana", plan: "free" }) });
  for (const plan of ["one", "two", "three"]) {
    client.send({ type: "auth", payload: { token: signToken({ sub: "ana", plan }) }, id: plan });
  }
  expect((await client.take(3)).map(({ id }) => id)).toEqual(["one", "two", "three"]);
  expect((await client.ask("show", {})).payload).toBe("three");
});

test("a cookie's session can't be refreshed by a message, and an endpoint without `auth` knows none", async () => {
  const bySession = endpoint("/ws/session", { auth: session({ lookup: (id) => ({ id }) }), ...who });
  const open = endpoint("/ws/open", {});
  await using server = await serve({ endpoints: [bySession, open] });
  const cookie = await dial(`${server.url}/ws/session`, { headers: { cookie: "session_id=ana" } });
  expect(await cookie.ask("auth", { token: "ana" })).toMatchObject({ type: "error", payload: { code: "forbidden" } });
  expect((await cookie.ask("who", {})).payload).toBe("ana");
  const nobody = await dial(`${server.url}/ws/open`);
  expect(await nobody.ask("auth", { token: "ana" })).toMatchObject({
    type: "error",
    payload: { code: "unknown_type", type: "auth" },
  });
});

// Revocation

const jtiOf = (jti: string, sub = "ana") => signToken({ sub, jti, iat: inSeconds(-5), exp: inSeconds(3_600) });

test("`revoke({ user })` closes every device with 1008 `unauthorized` and refuses what was issued until then", async () => {
  await using server = await serve({ endpoints: [me] });
  const old = signToken({ sub: "ana", iat: inSeconds(-5), exp: inSeconds(3_600) });
  const without = signToken({ sub: "ana" });
  const phone = await dial(`${server.url}/ws/me`, { token: old });
  const laptop = await dialTidings(`${server.url}/ws/me`, { token: without });
  const bob = await dial(`${server.url}/ws/me`, { token: signToken({ sub: "bob", iat: inSeconds(-5) }) });
  await Promise.all([phone.ask("who", {}), laptop.next(), bob.ask("who", {})]);
  await server.app.revoke({ user: "ana" });
  expect(await phone.closed).toEqual(unauthorized);
  expect(await laptop.closed).toEqual(unauthorized);
  for (const token of [old, without, signToken({ sub: "ana", iat: inSeconds(0) - 1 })]) {
    expect(await dialRefused(`${server.url}/ws/me`, { token })).toMatchObject({
      status: 401,
      body: { code: "unauthorized" },
    });
  }
  // A later second: its issuer knew of the revocation.
  const fresh = await dial(`${server.url}/ws/me`, { token: signToken({ sub: "ana", iat: inSeconds(2) }) });
  expect((await fresh.ask("who", {})).payload).toBe("ana");
  expect((await bob.ask("who", {})).payload).toBe("bob");
});

test.each([
  ["with a name", (jti: string) => ({ jti })],
  ["without one", () => ({})],
])(
  "a token %s whose issuer's clock is 20 s fast was issued before it was seen: `revoke({ user })` ends it for good",
  async (_, nameOf) => {
    await using server = await startTestApp(createApp({ endpoints: [me] }));
    const inClock = (seconds: number) => Math.floor(server.clock.now() / 1_000) + seconds;
    const tokenOf = (jti: string, seconds = 3_600) =>
      signToken({ sub: "ana", iat: inClock(20), exp: inClock(seconds), ...nameOf(jti) });
    const [token, left] = [tokenOf("t1"), tokenOf("t2", 3_601)];
    const enter = async (shown: string) => {
      const client = await server.connect<typeof me>("/ws/me", { token: shown });
      return { client, who: await client.request("who", {}) };
    };
    const { client } = await enter(token);
    // One that nobody is connected with any more.
    await (await enter(left)).client.close();
    await server.clock.advance("5s");
    await server.app.revoke({ user: "ana" });
    expect(await client.closed).toEqual(unauthorized);
    expect(server.app.stats()).toMatchObject({ connections: 0 });
    const refused = { code: "unauthorized" };
    for (const again of [token, left]) await expect(enter(again)).rejects.toMatchObject(refused);
    await server.clock.advance("1s");
    const { client: fresh } = await enter(tokenOf("t3"));
    // By now it is as late as it says.
    await server.clock.advance("30s");
    for (const again of [token, left]) await expect(enter(again)).rejects.toMatchObject(refused);
    expect(await fresh.request("who", {})).toBe("ana");
  },
);

test("`revoke({ tokenId })` closes who came in with it, refuses it from then on, and nobody else's", async () => {
  const chosen = endpoint("/ws/chosen", { auth: user, closeCodes: { unauthorized: 4001 }, ...who });
  await using server = await serve({ endpoints: [me, chosen] });
  const stolen = [
    await dial(`${server.url}/ws/me`, { token: jtiOf("stolen") }),
    await dial(`${server.url}/ws/me`, { token: jtiOf("stolen") }),
  ];
  const other = await dial(`${server.url}/ws/me`, { token: jtiOf("other") });
  const own = await dial(`${server.url}/ws/chosen`, { token: jtiOf("stolen") });
  await Promise.all([...stolen, other, own].map((each) => each.ask("who", {})));
  await server.app.revoke({ tokenId: "stolen" });
  for (const client of stolen) expect(await client.closed).toEqual(unauthorized);
  expect(await own.closed).toEqual({ code: 4001, reason: "unauthorized" });
  expect(await dialRefused(`${server.url}/ws/me`, { token: jtiOf("stolen") })).toMatchObject({ status: 401 });
  expect((await other.ask("who", {})).payload).toBe("ana");
});

test("a revoked credential is no refresh either", async () => {
  await using server = await serve({ endpoints: [me] });
  const client = await dial(`${server.url}/ws/me`, { token: jtiOf("first") });
  await client.ask("who", {});
  await server.app.revoke({ tokenId: "second" });
  const refused = await client.ask("auth", { token: jtiOf("second") });
  expect(refused).toMatchObject({ type: "error", payload: { code: "unauthorized" } });
  // What it has refreshed to is what counts.
  expect(await client.ask("auth", { token: jtiOf("third") })).toMatchObject({ type: "auth_success" });
  await server.app.revoke({ tokenId: "first" });
  expect((await client.ask("who", {})).payload).toBe("ana");
  await server.app.revoke({ tokenId: "third" });
  expect(await client.closed).toEqual(unauthorized);
});

test("sessions and bearer tokens are revoked by their own name, also where it was their user who was revoked", async () => {
  const bySession = endpoint("/ws/session", { auth: session({ lookup: (id) => ({ id: `user of ${id}` }) }), ...who });
  const byToken = endpoint("/ws/token", { auth: bearer({ verify: (token) => ({ id: `user of ${token}` }) }), ...who });
  await using server = await serve({ endpoints: [bySession, byToken] });
  const cookie = { headers: { cookie: "session_id=s1" } };
  const clients = [await dial(`${server.url}/ws/session`, cookie), await dial(`${server.url}/ws/token?token=t1`)];
  await Promise.all(clients.map((each) => each.ask("who", {})));
  await server.app.revoke({ tokenId: "s1" });
  await server.app.revoke({ user: "user of t1" });
  for (const client of clients) expect(await client.closed).toEqual(unauthorized);
  expect(await dialRefused(`${server.url}/ws/session`, cookie)).toMatchObject({ status: 401 });
  expect(await dialRefused(`${server.url}/ws/token?token=t1`)).toMatchObject({ status: 401 });
  const other = await dial(`${server.url}/ws/token?token=t2`);
  expect((await other.ask("who", {})).payload).toBe("user of t2");
});

const enterings = {
  "in the handshake": (url: string) => dial(`${url}?token=${jtiOf("race")}`),
  "by message": async (url: string) => {
    const client = await dial(url);
    client.send({ type: "auth", payload: { token: jtiOf("race") } });
    return client;
  },
};

test.each([
  ["in the handshake", "a dependency is made"],
  ["in the handshake", "`allow` is asked"],
  ["by message", "a dependency is made"],
  ["by message", "`allow` is asked"],
] as const)("a revocation of a credential %s that comes while %s is not missed", async (place, during) => {
  const [asked, gate] = [createGate(), createGate()];
  const opened: string[] = [];
  const holdAt = async (what: typeof during) => {
    if (what !== during) return true;
    asked.open();
    await gate.opened;
    return true;
  };
  const slow = dependency({ create: () => holdAt("a dependency is made") });
  const work = endpoint("/ws/work", {
    auth: jwt({ secret, from: ["query", "message"] }),
    needs: { slow },
    allow: () => holdAt("`allow` is asked"),
    open: ({ user: { id } }) => void opened.push(id),
    ...who,
  });
  await using server = await serve({ endpoints: [work] });
  const entering = enterings[place](`${server.url}/ws/work`).then(
    (client: WsClient) => client.closed,
    (refusal: { status: number; body: { code: string } }) => ({ code: refusal.status, reason: refusal.body.code }),
  );
  await asked.opened;
  await server.app.revoke({ tokenId: "race" });
  gate.open();
  expect(await entering).toMatchObject({ reason: "unauthorized" });
  expect(opened).toEqual([]);
  expect(server.app.stats()).toMatchObject({ connections: 0, users: 0 });
});

test("a revocation holds until the credential expires, and past `limits.revocations` the oldest is forgotten, and logged", async () => {
  await using server = await serve({ endpoints: [me], limits: { revocations: 1 } });
  await server.app.revoke({ tokenId: "one" });
  expect(await dialRefused(`${server.url}/ws/me`, { token: jtiOf("one") })).toMatchObject({ status: 401 });
  await server.app.revoke({ tokenId: "two" });
  const { level, fields } = await server.log.next("warning");
  expect([level, fields.code]).toEqual(["warn", "revocation_forgotten"]);
  expect(await dialRefused(`${server.url}/ws/me`, { token: jtiOf("two") })).toMatchObject({ status: 401 });
  const admitted = await dial(`${server.url}/ws/me`, { token: jtiOf("one") });
  expect((await admitted.ask("who", {})).payload).toBe("ana");
});

test("`disconnectUser` closes every device, 1008 `forbidden` by default, and they may come back", async () => {
  await using server = await serve({ endpoints: [me] });
  const token = jtiOf("t");
  const devices = [await dial(`${server.url}/ws/me`, { token }), await dial(`${server.url}/ws/me`, { token })];
  await Promise.all(devices.map((each) => each.ask("who", {})));
  await server.app.disconnectUser("ana");
  for (const device of devices) expect(await device.closed).toEqual({ code: 1008, reason: "forbidden" });
  const again = await dial(`${server.url}/ws/me`, { token });
  expect((await again.ask("who", {})).payload).toBe("ana");
  await server.app.disconnectUser("ana", { code: 4000, reason: "so long" });
  expect(await again.closed).toEqual({ code: 4000, reason: "so long" });
  await expect(server.app.disconnectUser("ana", { code: 1006 })).rejects.toThrow(RangeError);
});

// Two processes

test("over all processes: `disconnectUser`, `revoke`, `isConnected`, and what a later process is told of", async () => {
  let ids = 0;
  const broker = new MemoryBroker({ createId: () => `broker-${(ids += 1)}`, clock: systemClock });
  await using first = await serve({ endpoints: [me], broker });
  await using second = await serve({ endpoints: [me], broker });
  const enter = async ({ url }: { url: string }, jti: string) => {
    const client = await dial(`${url}/ws/me`, { token: jtiOf(jti) });
    await client.ask("who", {});
    return client;
  };
  let devices = [await enter(first, "a"), await enter(second, "b")];
  expect(await second.app.isConnected("ana")).toBe(true);
  await first.app.disconnectUser("ana", { code: 4000, reason: "all of you" });
  for (const device of devices) expect(await device.closed).toEqual({ code: 4000, reason: "all of you" });
  devices = [await enter(first, "c"), await enter(second, "c")];
  const kept = await enter(second, "d");
  await first.app.revoke({ tokenId: "c" });
  for (const device of devices) expect(await device.closed).toEqual(unauthorized);
  expect(await dialRefused(`${second.url}/ws/me`, { token: jtiOf("c") })).toMatchObject({ status: 401 });
  await second.app.revoke({ user: "ana" });
  expect(await kept.closed).toEqual(unauthorized);
  expect(await first.app.isConnected("ana")).toBe(false);
  await using third = await serve({ endpoints: [me], broker });
  for (const jti of ["c", "e"]) {
    expect(await dialRefused(`${third.url}/ws/me`, { token: jtiOf(jti) })).toMatchObject({ status: 401 });
  }
});

test("over all processes: the places and the messages of one user", async () => {
  let ids = 0;
  const broker = new MemoryBroker({ createId: () => `broker-${(ids += 1)}`, clock: systemClock });
  const limits = { connectionsPerUser: 2, messagesPerUser: "3/60s" } as const;
  await using first = await serve({ endpoints: [me], broker, limits });
  await using second = await serve({ endpoints: [me], broker, limits });
  const token = jtiOf("t");
  const [here, there] = [await dial(`${first.url}/ws/me`, { token }), await dial(`${second.url}/ws/me`, { token })];
  for (const { url } of [first, second]) {
    expect(await dialRefused(`${url}/ws/me`, { token })).toMatchObject({
      status: 429,
      body: { code: "too_many_connections" },
    });
  }
  expect(await here.ask("who", {})).toMatchObject({ payload: "ana" });
  expect(await there.ask("who", {})).toMatchObject({ payload: "ana" });
  expect(await here.ask("who", {})).toMatchObject({ payload: "ana" });
  expect(await there.ask("who", {})).toMatchObject({
    type: "error",
    payload: { code: "rate_limited", retryAfterMs: expect.any(Number) },
  });
  const bob = await dial(`${second.url}/ws/me`, { token: signToken({ sub: "bob" }) });
  expect(await bob.ask("who", {})).toMatchObject({ payload: "bob" });
  here.close();
  await first.log.next("disconnected");
  const again = await dial(`${second.url}/ws/me`, { token });
  await again.takeAll();
});
