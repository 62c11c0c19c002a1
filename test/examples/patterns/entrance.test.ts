import "./environment.js";
import { once } from "node:events";
import { startTestApp } from "tidings/testing";
import { expect, test, vi } from "vitest";
import { app as inQuery } from "../../../examples/patterns/p07-token-in-query/app.js";
import { app as byCookie, server as cookieServer } from "../../../examples/patterns/p08-cookie-session/app.js";
import { app as inHeader } from "../../../examples/patterns/p09-header/app.js";
import { app as byMessage } from "../../../examples/patterns/p10-first-message/app.js";
import { app as named } from "../../../examples/patterns/p11-path-names-user/app.js";
import { account, accounts, app as injected } from "../../../examples/patterns/p12-dependencies/app.js";
import { dial, dialRefused } from "../../support/ws-client.js";
import { tokenOf, unreadLog } from "./environment.js";
import { serveExample } from "./served-example.js";

const unauthorized = { code: 1008, reason: "unauthorized" };

test("P7: a good token in the query enters, any other is 1008, and no log has it", async () => {
  await using server = await serveExample(inQuery);
  const token = tokenOf("ana");
  const ana = await dial(`${server.url}/ws/me?token=${token}`);
  expect(await ana.ask("who", {})).toMatchObject({ payload: "ana" });
  for (const query of ["", "?token=nonsense", `?token=${token}x`]) {
    expect(await (await dial(`${server.url}/ws/me${query}`)).closed).toEqual(unauthorized);
  }
  expect(await (await dial(`${server.url}/ws/me`, { token })).closed).toEqual(unauthorized);
  expect(unreadLog()).not.toContain(token);
});

test("P8: who signs in has an HTTP-only cookie, which is looked up before accept; pages of other origins may not use it", async () => {
  await once(cookieServer.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${Object(cookieServer.address()).port}`;
  try {
    const setCookie = (await fetch(`${url}/login`, { method: "POST" })).headers.get("set-cookie") ?? "";
    expect(setCookie).toMatch(/^session_id=[\w-]{22}; HttpOnly; SameSite=Strict; Path=\/$/);
    const cookie = setCookie.split(";", 1)[0] ?? "";
    for (const headers of [{ cookie }, { cookie, origin: url }, { cookie, origin: "https://app.example.com" }]) {
      expect(await (await dial(`${url}/ws/me`, { headers })).ask("who", {})).toMatchObject({ payload: "ana" });
    }
    for (const headers of [{}, { cookie: "session_id=made-up" }]) {
      expect((await dialRefused(`${url}/ws/me`, { headers })).status).toBe(401);
    }
    const foreign = await dialRefused(`${url}/ws/me`, { headers: { cookie, origin: "https://evil.example.com" } });
    expect(foreign).toMatchObject({ status: 403, body: { code: "origin_not_allowed" } });
  } finally {
    cookieServer.close();
    await byCookie.close();
  }
});

test("P9: a good token in the header enters; none, another or one elsewhere is 401", async () => {
  await using server = await serveExample(inHeader);
  const token = tokenOf("ana");
  const ana = await dial(`${server.url}/ws/me`, { token });
  expect(await ana.ask("who", {})).toMatchObject({ payload: "ana" });
  for (const refused of [
    await dialRefused(`${server.url}/ws/me`),
    await dialRefused(`${server.url}/ws/me`, { token: "nonsense" }),
    await dialRefused(`${server.url}/ws/me?token=${token}`),
  ]) {
    expect(refused).toMatchObject({ status: 401, body: { code: "unauthorized" } });
    expect(refused.headers["www-authenticate"]).toMatch(/^Bearer/);
  }
});

test("P10: the first message is the token, answered with the user; nothing is handled before it, and what follows waits", async () => {
  await using server = await serveExample(byMessage);
  const ana = await dial(`${server.url}/ws/me`);
  expect(await ana.ask("who", {})).toMatchObject({ type: "error", payload: { code: "unauthorized" } });
  ana.send({ type: "auth", payload: { token: tokenOf("ana") } });
  ana.send({ type: "who", id: 1 });
  expect(await ana.next()).toMatchObject({ type: "auth_success", payload: { user: { id: "ana" } } });
  expect(await ana.next()).toEqual({ type: "welcome", payload: { user: "ana" } });
  expect(await ana.next()).toEqual({ type: "reply", id: 1, payload: "ana" });
  const eve = await dial(`${server.url}/ws/me`);
  eve.send({ type: "auth", payload: { token: "nonsense" } });
  expect(await eve.closed).toEqual(unauthorized);
});

test("P10: who says nothing within the deadline is closed", async () => {
  await using server = await startTestApp(byMessage);
  const late = await server.connect("/ws/me", { as: "plain" });
  await server.clock.advance("4999ms");
  expect(server.app.stats().connections + server.app.stats().pending).toBe(1);
  await server.clock.advance("1ms");
  expect(await late.closed).toEqual({ code: 1008, reason: "auth_timeout" });
});

test("P11: the user of the path enters; a bad token is closed with 4001, another user with 4003", async () => {
  await using server = await serveExample(named);
  const ana = await dial(`${server.url}/ws/users/ana`, { token: tokenOf("ana") });
  expect(await ana.ask("who", {})).toMatchObject({ payload: "ana" });
  const closedFor = async (token: string) => (await dial(`${server.url}/ws/users/ana`, { token })).closed;
  expect(await closedFor("nonsense")).toEqual({ code: 4001, reason: "unauthorized" });
  expect(await closedFor(tokenOf("bob"))).toEqual({ code: 4003, reason: "forbidden" });
});

test("P12: token → user → account → admin, each made once per connection, before accept, and any may refuse", async () => {
  await using server = await serveExample(injected);
  const find = vi.spyOn(await server.app.get(accounts), "get");
  const ana = await dial(`${server.url}/ws/desk`, { token: tokenOf("ana") });
  expect(find.mock.calls).toEqual([["ana"]]);
  for (let n = 0; n < 3; n += 1) {
    expect(await ana.ask("whoami", {})).toMatchObject({ payload: { id: "ana", role: "admin" } });
  }
  expect(find).toHaveBeenCalledTimes(1);
  const refusedFor = async (token: string) => (await dialRefused(`${server.url}/ws/desk`, { token })).body;
  expect(await refusedFor("nonsense")).toMatchObject({ code: "unauthorized" });
  expect(await refusedFor(tokenOf("eve"))).toEqual({ code: "forbidden", message: "You have no account." });
  expect(await refusedFor(tokenOf("bob"))).toEqual({ code: "forbidden", message: "Admin only." });
});

test("P12: each may be replaced in a test", async () => {
  const override = [
    [account, ({ token }: { readonly token: string }) => ({ id: token, role: "admin" as const })],
  ] as const;
  await using server = await startTestApp(injected, { override });
  await expect(server.connect("/ws/desk", { token: "any", as: "plain" })).rejects.toMatchObject({ status: 401 });
});
