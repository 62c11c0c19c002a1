import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createApp, dependency, endpoint, rawEndpoint } from "tidings";
import { bearer, jwt, session } from "tidings/auth";
import { startTestApp } from "tidings/testing";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { tlsCertificate } from "../conformance/tls-certificate.js";
import { FarBroker } from "../support/far-broker.js";
import { createGate } from "../support/gate.js";
import { Inbox } from "../support/inbox.js";
import { RawClient } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";
import { inSeconds, secret, signToken } from "../support/tokens.js";
import { dial, dialRefused, dialTidings } from "../support/ws-client.js";

const unauthorized = { code: 1008, reason: "unauthorized" };
const talk = endpoint("/ws/talk", { receives: { hi: z.object({}) }, on: { hi: () => "hi" } });
const whoAmI = { receives: { who: z.object({}) }, on: { who: ({ user }: { user: { id: string } }) => user.id } };
const trusting = { ca: tlsCertificate.cert, servername: "localhost" };

test("over TLS, who says nothing is ended after `limits.handshake`, and its place is free again", async () => {
  const limits = { handshake: "250ms", pending: 1 } as const;
  await using server = await serve({ endpoints: [talk], limits }, { tls: tlsCertificate });
  using silent = await RawClient.open(server.url);
  await expect(silent.nextFrame()).rejects.toThrow("the connection ended");
  const client = await dial(`${server.url}/ws/talk`, { tls: trusting });
  expect(await client.ask("hi", {})).toMatchObject({ payload: "hi" });
});

test("the app's close does not wait for who never finishes a TLS handshake", async () => {
  const server = await serve({ endpoints: [talk], limits: { handshake: "1h" } }, { tls: tlsCertificate });
  using silent = await RawClient.open(server.url);
  silent.write(Buffer.from([0x16, 0x03, 0x01]));
  const client = await dial(`${server.url}/ws/talk`, { tls: trusting });
  await client.takeAll();
  await server.app.close();
  await expect(silent.nextFrame()).rejects.toThrow("the connection ended");
});

test("a session that was looked up before its user was revoked does not get in after it", async () => {
  const sessions = new Map([["s1", { id: "ana" }]]);
  const own = endpoint("/ws/own", { auth: session({ lookup: (id) => sessions.get(id) }) });
  await using server = await serve({ endpoints: [own] });
  const cookie = { headers: { cookie: "session_id=s1" } };
  const client = await dial(`${server.url}/ws/own`, { protocols: ["tidings.v1"], ...cookie });
  sessions.delete("s1");
  await server.app.revoke({ user: "ana" });
  client.send({ type: "connect" });
  expect(await client.closed).toEqual(unauthorized);
});

test("nor does one whose dependencies were still being made", async () => {
  const [begun, gate] = [createGate(), createGate()];
  const slow = dependency({
    create() {
      begun.open();
      return gate.opened;
    },
  });
  const own = endpoint("/ws/own", { auth: session({ lookup: (id) => ({ id }) }), needs: { slow } });
  await using server = await serve({ endpoints: [own] });
  const refused = dialRefused(`${server.url}/ws/own`, { headers: { cookie: "session_id=ana" } });
  await begun.opened;
  await server.app.revoke({ user: "ana" });
  gate.open();
  expect(await refused).toMatchObject({ status: 401, body: { code: "unauthorized" } });
});

test("a token that was revoked before `connect` was said does not get in either", async () => {
  const own = endpoint("/ws/own", { auth: jwt({ secret }) });
  await using server = await serve({ endpoints: [own] });
  const token = signToken({ sub: "ana", jti: "t1", exp: inSeconds(60) });
  const client = await dial(`${server.url}/ws/own`, { protocols: ["tidings.v1"], token });
  await server.app.revoke({ tokenId: "t1" });
  client.send({ type: "connect" });
  expect(await client.closed).toEqual(unauthorized);
});

test("a session that was revoked stays so, though its store extends it", async () => {
  let [endsAtMs, addMs] = [Date.now(), 60_000];
  const extending = session({ lookup: (id) => ({ id }), expiresAt: () => endsAtMs + addMs });
  const own = endpoint("/ws/own", { auth: extending });
  await using server = await startTestApp(createApp({ endpoints: [own] }));
  endsAtMs = server.clock.now();
  const cookies = { session_id: "ana" };
  const ana = await server.connect<typeof own>("/ws/own", { cookies });
  await server.app.revoke({ tokenId: "ana" });
  expect(await ana.closed).toEqual(unauthorized);
  addMs = 3_600_000;
  await server.clock.advance("2m");
  await expect(server.connect("/ws/own", { cookies, as: "plain" })).rejects.toMatchObject({ code: "unauthorized" });
});

test("to revoke a user closes who was told apart by something else than a credential, too", async () => {
  const who = dependency({ create: ({ request }) => ({ id: request.headers.get("x-user") ?? "nobody" }) });
  await using server = await serve({ endpoints: [endpoint("/ws/own", { auth: who })] });
  const [ana, bob] = await Promise.all(
    ["ana", "bob"].map((name) => dial(`${server.url}/ws/own`, { headers: { "x-user": name } })),
  );
  await Promise.all([ana?.takeAll(), bob?.takeAll()]);
  await server.app.revoke({ user: "ana" });
  expect(await ana?.closed).toEqual(unauthorized);
  expect(await bob?.takeAll()).toEqual([]);
});

test("to revoke a user whom a dependency named ends the token that it was named by, which can't say when it was issued", async () => {
  const token = bearer({ verify: (text) => ({ id: `holder of ${text}` }) });
  const account = dependency({ needs: { token }, create: ({ token: { id } }) => ({ id: `account of ${id}` }) });
  await using server = await serve({ endpoints: [endpoint("/ws/own", { auth: account, ...whoAmI })] });
  const url = (name: string) => `${server.url}/ws/own?token=${name}`;
  const [first, other] = [await dial(url("t1")), await dial(url("t2"))];
  for (const client of [first, other]) await client.ask("who", {});
  await server.app.revoke({ user: "account of holder of t1" });
  expect(await first.closed).toEqual(unauthorized);
  expect(await dialRefused(url("t1"))).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  expect((await other.ask("who", {})).payload).toBe("account of holder of t2");
});

test("at the drain's deadline `close` runs and what was made is disposed of, though a handler hangs", async () => {
  const [begun, seen] = [createGate(), new Inbox<string>("seen")];
  const made = dependency({ create: () => "made", dispose: () => seen.put("disposed") });
  const hanging = endpoint("/ws/hanging", {
    needs: { made },
    receives: { hang: z.object({}) },
    on: {
      hang() {
        begun.open();
        return new Promise(() => {});
      },
    },
    close: () => seen.put("close"),
  });
  await using server = await serve({ endpoints: [hanging], drain: { deadline: "50ms" } });
  const client = await dial(`${server.url}/ws/hanging`);
  client.send({ type: "hang" });
  await begun.opened;
  await server.app.close();
  expect(seen.unread).toEqual(["close", "disposed"]);
});

test("a raw handler past `limits.handler` is over before `close` runs and what it was given is disposed of", async () => {
  const [gate, order] = [createGate(), new Inbox<string>("order")];
  const made = dependency({ create: () => "made", dispose: () => order.put("disposed") });
  const slow = rawEndpoint("/ws/slow", {
    needs: { made },
    limits: { handler: "1s" },
    async text() {
      await gate.opened;
      order.put("handled");
    },
    close: () => order.put("close"),
  });
  await using server = await startTestApp(createApp({ endpoints: [slow] }));
  const client = await server.connect<typeof slow>("/ws/slow");
  client.send("x");
  await server.clock.advance("1s");
  expect(await client.closed).toMatchObject({ code: 1013, reason: "timeout" });
  expect(order.unread).toEqual([]);
  gate.open();
  for (const each of ["handled", "close", "disposed"]) expect(await order.next()).toBe(each);
});

test.each([1002, 1007, 1008, 1009])("what a peer said before it closed with %i itself is handled", async (code) => {
  const [begun, gate, seen] = [createGate(), createGate(), new Inbox<unknown>("seen")];
  const work = endpoint("/ws/work", {
    receives: { job: z.object({ n: z.number() }) },
    on: {
      async job(_, { n }) {
        begun.open();
        if (n === 1) await gate.opened;
        seen.put(n);
      },
    },
    close: (_, closed) => seen.put(closed.code),
  });
  await using server = await serve({ endpoints: [work] });
  const client = await dial(`${server.url}/ws/work`);
  for (const n of [1, 2]) client.send({ type: "job", payload: { n } });
  await begun.opened;
  client.close(code);
  await client.closed;
  gate.open();
  for (const each of [1, 2, code]) expect(await seen.next()).toBe(each);
});

test("a clock that is set back holds up no deadline", async () => {
  await using server = await serve({ endpoints: [talk], limits: { auth: "200ms" } });
  const client = await dial(`${server.url}/ws/talk`, { protocols: ["tidings.v1"] });
  const nowMs = Date.now();
  using _ = vi.spyOn(Date, "now").mockImplementation(() => nowMs - 3_600_000);
  expect(await client.closed).toEqual({ code: 1008, reason: "auth_timeout" });
});

test("with a slow broker nothing is answered before the welcome", async () => {
  const [asked, gate] = [createGate(), createGate()];
  const broker = new FarBroker();
  broker.reach = async (what) => {
    if (what !== "arrive") return;
    asked.open();
    await gate.opened;
  };
  const byToken = bearer({ verify: (token) => ({ id: token }) });
  await using server = await serve({ endpoints: [endpoint("/ws/own", { auth: byToken })], broker });
  const client = await dialTidings(`${server.url}/ws/own`, { token: "ana" });
  await asked.opened;
  client.send({ type: "auth", payload: { token: "ana" }, id: 1 });
  // A pong is no answer that tells anything: two of them, and the other would have been there.
  for (const _ of [1, 2]) expect(await client.takeAll()).toEqual([]);
  gate.open();
  expect((await client.next()).type).toBe("connected");
  expect(await client.next()).toMatchObject({ type: "auth_success", id: 1 });
});

test("handshakes that come while an attached app starts are bounded, and wait for `limits.handshake` at most", async () => {
  const hanging = dependency({ scope: "app", create: () => new Promise<never>(() => {}) });
  const app = createApp({
    endpoints: [endpoint("/ws/x", { needs: { hanging } })],
    limits: { pending: 1, handshake: "300ms" },
  });
  const server = createServer();
  app.attach(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ws/x`; // it listens on a port
  const refusals = await Promise.all([dialRefused(url), dialRefused(url)]);
  for (const refusal of refusals) expect(refusal).toMatchObject({ status: 503 });
  server.close();
});

test("who listens while the app closes is served by the app that starts after it", async () => {
  const gate = createGate();
  const slow = endpoint("/ws/slow", { close: () => gate.opened });
  await using server = await serve({ endpoints: [slow] });
  const client = await dial(`${server.url}/ws/slow`);
  await client.takeAll();
  const closing = server.app.close();
  const listening = server.app.listen(0);
  gate.open();
  await closing;
  const { url } = await listening;
  const later = await dial(`${url}/ws/slow`);
  expect(await later.takeAll()).toEqual([]);
});
