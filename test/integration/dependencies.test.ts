import { createApp, type Dependency, dependency, endpoint, forbidden, rawEndpoint, TidingsError } from "tidings";
import { jwt } from "tidings/auth";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { serve } from "../support/served-app.js";
import { secret, signToken } from "../support/tokens.js";
import { dial, dialRefused } from "../support/ws-client.js";

const token = (sub: string) => signToken({ sub });
const roles: Readonly<Record<string, string>> = { ana: "admin", bob: "guest" };

/** token → user → account → admin, and the order in which each is made and disposed of. */
function createGraph() {
  const story: string[] = [];
  const told = new Inbox<string>("disposed");
  const disposed = (name: string) => {
    story.push(`- ${name}`);
    told.put(name);
  };
  const user = jwt({ secret });
  const account = dependency({
    needs: { user },
    async create({ user }) {
      story.push(`account of ${user.id}`);
      const role = roles[user.id];
      if (role === undefined) throw new TidingsError("no_account", "Open an account first.");
      return { owner: user.id, role };
    },
    dispose: ({ owner }) => disposed(`account of ${owner}`),
  });
  const admin = dependency({
    needs: { account },
    create({ account }) {
      story.push(`admin ${account.owner}`);
      if (account.role !== "admin") throw forbidden("Admin only");
      return { name: account.owner, [Symbol.asyncDispose]: async () => disposed(`admin ${account.owner}`) };
    },
  });
  const watched = endpoint("/ws/admin", {
    auth: user,
    needs: { admin, account },
    open: ({ user }) => void story.push(`open ${user.id}`),
    receives: { who: z.object({}) },
    on: { who: (ctx) => [ctx.user.id, ctx.account.role, ctx.admin.name] },
    close: ({ user }) => void story.push(`close ${user.id}`),
  });
  return { story, told, user, account, admin, watched };
}

test("P12: token → user → account → admin, each made once per connection, before accept, and disposed of in reverse", async () => {
  const { story, told, watched } = createGraph();
  await using server = await serve({ endpoints: [watched] });
  const client = await dial(`${server.url}/ws/admin`, { token: token("ana") });
  expect(story.slice(0, 2)).toEqual(["account of ana", "admin ana"]);
  for (let n = 0; n < 3; n += 1) expect((await client.ask("who", {})).payload).toEqual(["ana", "admin", "ana"]);
  client.close();
  await server.log.next("disconnected");
  expect(story).toEqual(["account of ana", "admin ana", "open ana", "close ana", "- admin ana", "- account of ana"]);
  expect(await told.next()).toBe("admin ana");
});

test.each([
  ["the credential", "eve's", { status: 401, body: { code: "unauthorized" } }, []],
  [
    "what needs it",
    token("eve"),
    { status: 403, body: { code: "no_account", message: "Open an account first." } },
    ["account of eve"],
  ],
  [
    "what needs that",
    token("bob"),
    { status: 403, body: { code: "forbidden", message: "Admin only" } },
    ["account of bob", "admin bob", "- account of bob"],
  ],
])("P12: %s may refuse, with a status and a body, and nothing after it is made", async (_, bearer, refusal, made) => {
  const { story, watched } = createGraph();
  await using server = await serve({ endpoints: [watched] });
  expect(await dialRefused(`${server.url}/ws/admin`, { token: bearer })).toMatchObject(refusal);
  // Closing waits for what is being disposed of.
  await server.app.close();
  expect(story).toEqual(made);
  expect(server.app.stats()).toMatchObject({ connections: 0 });
  expect(server.errors.unread).toEqual([]);
});

test("P12: one that throws something else is `internal`, and told to `onError` alone", async () => {
  const broken = dependency({
    create() {
      throw new Error("the secret of the house");
    },
  });
  const work = rawEndpoint("/ws/work", { needs: { broken } });
  await using server = await serve({ endpoints: [work] });
  const refused = await dialRefused(`${server.url}/ws/work`);
  expect(refused).toMatchObject({ status: 500, body: { code: "internal" } });
  expect(JSON.stringify(refused.body)).not.toContain("secret");
  expect(await server.errors.next()).toMatchObject({ error: { message: "the secret of the house" } });
  const ours = await dial(`${server.url}/ws/work`, { protocols: ["tidings.v1"] });
  expect(await ours.closed).toEqual({ code: 1011, reason: "internal" });
});

test("P12: each may be replaced in a test; what it needs is then not made", async () => {
  const { story, user, account, admin, watched } = createGraph();
  const app = createApp({ endpoints: [watched] });
  {
    await using server = await startTestApp(app, {
      override: [[account, ({ token: name }) => ({ owner: `test ${name}`, role: "admin" })]],
    });
    const client = await server.connect<typeof watched>("/ws/admin", { token: token("eve") });
    expect(await client.request("who", {})).toEqual(["eve", "admin", `test ${token("eve")}`]);
    expect(story.includes("account of eve")).toBe(false);
  }
  {
    await using server = await startTestApp(app, {
      override: [
        [user, ({ token: name }) => ({ id: name, sub: name })],
        [admin, ({ request }) => ({ name: request.url.pathname, [Symbol.asyncDispose]: async () => {} })],
      ],
    });
    const client = await server.connect<typeof watched>("/ws/admin", { token: "bob" });
    expect(await client.request("who", {})).toEqual(["bob", "guest", "/ws/admin"]);
    await expect(server.connect("/ws/admin", { as: "plain" })).rejects.toMatchObject({ status: 401 });
  }
  // Without them all is as it was.
  await using server = await startTestApp(app);
  await expect(server.connect("/ws/admin", { as: "plain", token: "bob" })).rejects.toMatchObject({ status: 401 });
  await expect(server.connect("/ws/admin", { as: "plain", token: token("bob") })).rejects.toMatchObject({
    status: 403,
    code: "forbidden",
    message: expect.stringContaining("Admin only"),
  });
});

test("P12: one needed by several is made once, and each connection has its own", async () => {
  let count = 0;
  const base = dependency({ create: () => ({ n: (count += 1) }) });
  const left = dependency({ needs: { base }, create: ({ base }) => base });
  const right = dependency({ needs: { base, left }, create: ({ base, left }) => base === left && base.n });
  const work = rawEndpoint("/ws/work", {
    needs: { left, right, base },
    open: (ctx) => void ctx.connection.send(JSON.stringify([ctx.left.n, ctx.right, ctx.base === ctx.left])),
  });
  await using server = await serve({ endpoints: [work] });
  for (const n of [1, 2]) expect(await (await dial(`${server.url}/ws/work`)).nextText()).toBe(`[${n},${n},true]`);
});

test("P12: of scope `app` it is made once, at start, and disposed of last of all when the app closes", async () => {
  const story: string[] = [];
  const config = dependency({
    scope: "app",
    create: () => story.push("config"),
    dispose: () => story.push("- config"),
  });
  const db = dependency({
    scope: "app",
    needs: { config },
    async create() {
      story.push("db");
      return { find: (id: string) => `row of ${id}` };
    },
    dispose: async () => void story.push("- db"),
  });
  const unused = dependency({
    scope: "app",
    create: () => story.push("unused"),
    dispose: () => story.push("- unused"),
  });
  const row = dependency({
    needs: { db },
    create: ({ db, request }) => db.find(request.params.id ?? ""),
    dispose: (found) => story.push(`- ${found}`),
  });
  const work = rawEndpoint("/ws/work/:id", {
    needs: { row, db },
    open: (ctx) => void ctx.connection.send(ctx.row),
    close: () => void story.push("close"),
  });
  await using server = await serve({ endpoints: [work] });
  expect(story).toEqual(["config", "db"]);
  for (const id of ["1", "2"])
    expect(await (await dial(`${server.url}/ws/work/${id}`)).nextText()).toBe(`row of ${id}`);
  expect((await server.app.get(db)).find("x")).toBe("row of x");
  expect(await Promise.all([server.app.get(unused), server.app.get(unused)])).toEqual([3, 3]);
  expect(story).toEqual(["config", "db", "unused"]);
  await server.app.close();
  expect(story.slice(3, -3).toSorted()).toEqual(["- row of 1", "- row of 2", "close", "close"]);
  expect(story.slice(-3)).toEqual(["- unused", "- db", "- config"]);
  await expect(server.app.get(db)).rejects.toMatchObject({ code: "unavailable" });
});

test("P12: of scope `app` one that can't be made keeps the app from starting, and what was made is disposed of", async () => {
  const story: string[] = [];
  let isAway = true;
  const first = dependency({ scope: "app", create: () => 1, dispose: () => story.push("- first") });
  const pool = dependency({
    scope: "app",
    needs: { first },
    create() {
      if (isAway) throw new Error("no database");
      return "pool";
    },
  });
  const work = rawEndpoint("/ws/work", { needs: { pool }, open: (ctx) => void ctx.connection.send(ctx.pool) });
  const app = createApp({ endpoints: [work] });
  await expect(startTestApp(app)).rejects.toThrow("no database");
  expect(story).toEqual(["- first"]);
  isAway = false;
  await using server = await startTestApp(app);
  expect(await (await server.connect("/ws/work")).next()).toBe("pool");
});

test("P12: one of the app can be replaced in a test too, and has no request to look at", async () => {
  const db = dependency({ scope: "app", create: () => "the real one" });
  const work = rawEndpoint("/ws/work", { needs: { db }, open: (ctx) => void ctx.connection.send(ctx.db) });
  const app = createApp({ endpoints: [work] });
  {
    await using server = await startTestApp(app, { override: [[db, () => "a fake"]] });
    expect(await (await server.connect("/ws/work")).next()).toBe("a fake");
    expect(await app.get(db)).toBe("a fake");
  }
  await expect(startTestApp(app, { override: [[db, ({ request }) => request.url.href]] })).rejects.toThrow(
    "no request",
  );
});

test("P12: a cycle, a missing need and a wrong scope are named when the app is put together", () => {
  const needsOfA: { b: Dependency<unknown> } = { b: dependency({ create: () => 1 }) };
  const a = dependency({ needs: needsOfA, create: () => 1 });
  const b = dependency({ needs: { a }, create: () => 1 });
  needsOfA.b = b;
  const cycle = rawEndpoint("/ws/cycle", { needs: { a } });
  expect(() => createApp({ endpoints: [cycle] })).toThrow(
    expect.objectContaining({ code: "dependency_cycle", message: expect.stringContaining("/ws/cycle → a → b → a") }),
  );
  const lacks = dependency({ needs: { gone: undefined as unknown as Dependency<string> }, create: () => 1 });
  const missing = rawEndpoint("/ws/missing", { needs: { lacks } });
  expect(() => createApp({ endpoints: [missing] })).toThrow(
    expect.objectContaining({
      code: "missing_dependency",
      message: expect.stringContaining("/ws/missing → lacks → gone"),
    }),
  );
  const own = dependency({ create: () => 1 });
  const pool = dependency({ scope: "app", needs: { own } as Record<never, never>, create: () => 1 });
  const wrong = rawEndpoint("/ws/wrong", { needs: { pool } });
  expect(() => createApp({ endpoints: [wrong] })).toThrow(
    expect.objectContaining({ code: "wrong_scope", message: expect.stringContaining("/ws/wrong → pool → own") }),
  );
  const taken = dependency({ needs: { request: own } as Record<never, never>, create: () => 1 });
  expect(() => createApp({ endpoints: [rawEndpoint("/ws/taken", { needs: { taken } })] })).toThrow(
    expect.objectContaining({ code: "reserved_name", message: expect.stringContaining("/ws/taken → taken → request") }),
  );
});

test("the `signal` that `create` is given is aborted when the connection closes, and when it is refused", async () => {
  const aborted = new Inbox<string>("aborted");
  const work = dependency({
    create: ({ signal, request }) => {
      signal.addEventListener("abort", () => aborted.put(request.params.name ?? ""));
      return signal;
    },
  });
  const jobs = rawEndpoint("/ws/jobs/:name", {
    needs: { work },
    allow: ({ params }) => params.name !== "refused",
    open: (ctx) => void ctx.connection.send(`${ctx.work.aborted} ${ctx.work === ctx.connection.signal}`),
  });
  await using server = await serve({ endpoints: [jobs] });
  await dialRefused(`${server.url}/ws/jobs/refused`);
  expect(await aborted.next()).toBe("refused");
  const client = await dial(`${server.url}/ws/jobs/kept`);
  expect(await client.nextText()).toBe("false true");
  expect(aborted.unread).toEqual([]);
  client.terminate();
  expect(await aborted.next()).toBe("kept");
});

test("one that takes too long is `unavailable`, its `signal` is aborted, and what it gives after all is disposed of", async () => {
  const [gate, disposed] = [createGate(), new Inbox<string>("disposed")];
  const aborted = new Inbox<string>("aborted");
  const first = dependency({ create: () => "first", dispose: (name) => disposed.put(name) });
  const slow = dependency({
    needs: { first },
    async create({ signal }) {
      signal.addEventListener("abort", () => aborted.put("aborted"));
      await gate.opened;
      return "slow";
    },
    dispose: (name) => disposed.put(name),
  });
  const work = rawEndpoint("/ws/work", { needs: { slow } });
  await using server = await serve({ endpoints: [work], limits: { needs: "50ms" } });
  const refused = await dialRefused(`${server.url}/ws/work`);
  expect(refused).toMatchObject({ status: 503, body: { code: "unavailable" } });
  const { error } = await server.errors.next();
  expect((error as Error).message).toContain("`slow` took longer than limits.needs");
  expect([await aborted.next(), await disposed.next()]).toEqual(["aborted", "first"]);
  gate.open();
  expect(await disposed.next()).toBe("slow");
});

test("one that fails to be disposed of is told to `onError`, and the others are disposed of", async () => {
  const disposed = new Inbox<string>("disposed");
  const first = dependency({ create: () => "first", dispose: (name) => disposed.put(name) });
  const second = dependency({
    needs: { first },
    create: () => "second",
    dispose() {
      throw new Error("can't let go");
    },
  });
  const work = rawEndpoint("/ws/work", { needs: { second }, open: ({ connection }) => connection.close() });
  await using server = await serve({ endpoints: [work] });
  await dial(`${server.url}/ws/work`);
  expect(await disposed.next()).toBe("first");
  expect(await server.errors.next()).toMatchObject({ error: { message: "can't let go" }, at: { during: "dispose" } });
  await server.log.next("disconnected");
});

test("`auth` may be any dependency whose value has an `id`", async () => {
  const { account } = createGraph();
  const owner = dependency({
    needs: { account },
    create: ({ account: { owner, role } }) => ({ id: `${role} ${owner}` }),
  });
  const me = endpoint("/ws/me", { auth: owner, receives: { who: z.object({}) }, on: { who: ({ user }) => user.id } });
  await using server = await serve({ endpoints: [me] });
  const client = await dial(`${server.url}/ws/me`, { token: token("ana") });
  expect((await client.ask("who", {})).payload).toBe("admin ana");
  expect(await server.app.isConnected("admin ana")).toBe(true);
  await server.app.revoke({ user: "ana" });
  expect(await client.closed).toEqual({ code: 1008, reason: "unauthorized" });
});
