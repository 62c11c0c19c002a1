import { endpoint, forbidden } from "tidings";
import { jwt } from "tidings/auth";
import { expect, test } from "vitest";
import { z } from "zod";
import { serve } from "../support/served-app.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";
import { dial, dialRefused, dialTidings } from "../support/ws-client.js";

const good = signToken({ sub: "ana", exp: inSeconds(60) });
const bad = signToken({ sub: "ana" }, { key: "somebody else's secret, just as long" });

const whoAmI = endpoint("/ws/me", {
  auth: jwt({ secret }),
  receives: { who: z.object({}) },
  on: { who: ({ user, query }) => ({ user: user.id, query }) },
});

test("P7: a token in the query is checked before the handshake is accepted", async () => {
  await using server = await serve({ endpoints: [whoAmI] });
  const client = await dial(`${server.url}/ws/me?color=red&token=${good}&size=3`);
  expect((await client.ask("who", {})).payload).toEqual({ user: "ana", query: { color: "red", size: "3" } });
});

test("whoever writes `exp` in milliseconds is told in the log, once", async () => {
  const endless = signToken({ sub: "ana", exp: inSeconds(60) * 1_000 });
  await using server = await serve({ endpoints: [whoAmI] });
  for (const _ of [1, 2]) {
    const client = await dial(`${server.url}/ws/me?token=${endless}`);
    expect((await client.ask("who", {})).payload).toMatchObject({ user: "ana" });
  }
  const told = server.log.lines.filter(({ fields }) => fields.code === "distant_expiry");
  expect(told).toMatchObject([{ level: "warn", fields: { event: "warning" } }]);
});

test.each([
  ["none", "", "unauthorized"],
  ["an empty one", "?token=", "unauthorized"],
  ["one that is no token", "?token=let-me-in", "unauthorized"],
  ["one that somebody else signed", `?token=${bad}`, "unauthorized"],
  ["one that has expired", `?token=${signToken({ sub: "ana", exp: inSeconds(-60) })}`, "token_expired"],
])("P7: %s is refused with 401, and a client of tidings.v1 with 1008", async (_, query, code) => {
  await using server = await serve({ endpoints: [whoAmI] });
  const refused = await dialRefused(`${server.url}/ws/me${query}`);
  expect(refused).toMatchObject({ status: 401, body: { code, message: expect.any(String) } });
  expect(refused.headers).toMatchObject({
    "www-authenticate": "Bearer",
    "content-type": "application/json; charset=utf-8",
    connection: "close",
  });
  const ours = await dial(`${server.url}/ws/me${query}`, { protocols: ["tidings.v1"] });
  expect(await ours.closed).toEqual({ code: 1008, reason: code });
  expect(ours.unread).toEqual([]);
  expect(server.app.stats()).toMatchObject({ connections: 0, connectionsOpened: 0, handshakesRefused: 2 });
});

test("P7: a query that is percent-encoded hides no token", async () => {
  const seen: unknown[] = [];
  const nosy = endpoint("/ws/nosy", {
    auth: jwt({ secret }),
    query: z.record(z.string(), z.string()),
    allow({ request, query }) {
      seen.push(request.url.href, request.query, query, [...request.headers]);
      return true;
    },
    receives: { query: z.object({}) },
    on: { query: ({ query }) => query },
  });
  await using server = await serve({ endpoints: [nosy] });
  const client = await dial(`${server.url}/ws/nosy?%74oken=${good}&a=b%20c`, { headers: { "x-color": "red" } });
  expect((await client.ask("query", {})).payload).toEqual({ a: "b c" });
  expect(seen[0]).toBe(`${server.url.replace("http", "ws")}/ws/nosy?a=b+c`);
  expect(seen[3]).toContainEqual(["x-color", "red"]);
  expect(JSON.stringify(seen)).not.toContain(good);
});

test("P9: a token in the header, whatever the case of its scheme", async () => {
  await using server = await serve({ endpoints: [whoAmI] });
  for (const scheme of ["Bearer", "bearer", "BEARER", "Bearer "]) {
    const client = await dial(`${server.url}/ws/me`, { headers: { authorization: `${scheme} ${good}` } });
    expect((await client.ask("who", {})).payload).toEqual({ user: "ana", query: {} });
  }
});

test.each([
  ["a bad token", `Bearer ${bad}`],
  ["no token", "Bearer"],
  ["another scheme", `Basic ${Buffer.from("ana:secret").toString("base64")}`],
  ["a token without its scheme", good],
])("P9: a header with %s is refused with 401", async (_, authorization) => {
  await using server = await serve({ endpoints: [whoAmI] });
  const refused = await dialRefused(`${server.url}/ws/me`, { headers: { authorization } });
  expect(refused).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  expect(refused.headers["www-authenticate"]).toBe("Bearer");
});

test("P9: the first place that holds a token decides, and a bad one there is refused", async () => {
  const queryFirst = endpoint("/ws/query-first", { auth: jwt({ secret, from: ["query", "header"] }) });
  const headerOnly = endpoint("/ws/header-only", { auth: jwt({ secret, from: ["header"] }) });
  await using server = await serve({ endpoints: [whoAmI, queryFirst, headerOnly] });
  expect((await dialRefused(`${server.url}/ws/me?token=${good}`, { token: bad })).status).toBe(401);
  expect((await dialRefused(`${server.url}/ws/query-first?token=${bad}`, { token: good })).status).toBe(401);
  expect((await dialRefused(`${server.url}/ws/header-only?token=${good}`)).status).toBe(401);
  const client = await dial(`${server.url}/ws/me?token=${bad}`, { token: good });
  expect((await client.ask("who", {})).payload).toEqual({ user: "ana", query: {} });
});

const own = endpoint("/ws/users/:user", {
  auth: jwt({ secret }),
  allow: ({ user, params }) => user.id === params.user,
  closeCodes: { unauthorized: 4001, forbidden: 4003 },
  refuse: "close",
  receives: { who: z.object({}) },
  on: { who: ({ user }) => user.id },
});

test.each([
  ["a plain client", []],
  ["a client of tidings.v1", ["tidings.v1"]],
])("P11: %s hears from the codes of the endpoint why it may not enter", async (_, protocols) => {
  await using server = await serve({ endpoints: [own] });
  const closedFor = async (user: string, token?: string) => {
    const client = await dial(`${server.url}/ws/users/${user}`, { protocols, ...(token !== undefined && { token }) });
    return client.closed;
  };
  const expired = signToken({ sub: "ana", exp: inSeconds(-1) });
  expect(await closedFor("ana")).toEqual({ code: 4001, reason: "unauthorized" });
  expect(await closedFor("ana", bad)).toEqual({ code: 4001, reason: "unauthorized" });
  expect(await closedFor("bob", good)).toEqual({ code: 4003, reason: "forbidden" });
  expect(await closedFor("ANA", good)).toEqual({ code: 4003, reason: "forbidden" });
  expect(await closedFor("ana", expired)).toEqual({ code: 1008, reason: "token_expired" });
  expect(server.app.stats().connectionsOpened).toBe(0);
});

test("P11: who the path names enters", async () => {
  await using server = await serve({ endpoints: [own] });
  const client = await dial(`${server.url}/ws/users/ana?token=${good}`);
  expect((await client.ask("who", {})).payload).toBe("ana");
  const ours = await dialTidings(`${server.url}/ws/users/ana?token=${good}`);
  expect(await ours.next()).toMatchObject({ type: "connected", payload: { user: { id: "ana" } } });
});

test('P11: without `refuse: "close"` a plain client is refused by HTTP, one of tidings.v1 by the codes', async () => {
  const byHttp = endpoint("/ws/users/:user", {
    auth: jwt({ secret }),
    allow: async ({ user, params }) => user.id === params.user,
    closeCodes: { unauthorized: 4001, token_expired: 4002, forbidden: 4003 },
  });
  await using server = await serve({ endpoints: [byHttp] });
  const url = `${server.url}/ws/users/bob`;
  expect(await dialRefused(url, { token: good })).toMatchObject({ status: 403, body: { code: "forbidden" } });
  expect(await dialRefused(url)).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  const token = signToken({ sub: "bob", exp: inSeconds(-1) });
  const ours = await dial(url, { protocols: ["tidings.v1"], token });
  expect(await ours.closed).toEqual({ code: 4002, reason: "token_expired" });
});

test("P11: what `open` throws closes with the codes of the endpoint too", async () => {
  const late = endpoint("/ws/late", {
    closeCodes: { forbidden: 4003 },
    open() {
      throw forbidden("Not today.");
    },
  });
  await using server = await serve({ endpoints: [late] });
  const client = await dial(`${server.url}/ws/late`);
  expect(await client.closed).toEqual({ code: 4003, reason: "forbidden" });
});
