import { channel, createApp, dependency, endpoint, rawEndpoint } from "tidings";
import { bearer, firstOf, session } from "tidings/auth";
import { startTestApp } from "tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { serve } from "../support/served-app.js";
import { dial } from "../support/ws-client.js";

/** What types forbid and JavaScript, a cast or a bundler lets through. */
const untyped = (value: unknown) => value as never;

test.each<[string, unknown]>([
  ["an import that was not loaded yet", undefined],
  ["null", null],
  ["a function", () => ({ id: "ana" })],
  ["a credential's maker, not called", bearer],
  ["an empty object", {}],
  ["a text", "user"],
])("an `auth` that is %s lets nobody in: it is refused where it is declared", (_, auth) => {
  const refused = expect.objectContaining({ name: "ConfigError", code: "not_a_credential" });
  expect(() => endpoint("/ws", { auth: untyped(auth) })).toThrow(refused);
  expect(() => rawEndpoint("/ws", { auth: untyped(auth) })).toThrow(refused);
});

test.each<[string, () => unknown, string]>([
  [
    "endpoint",
    () => endpoint("/ws", untyped({ allows: () => false })),
    "/ws has no option `allows`. Did you mean `allow`?",
  ],
  ["rawEndpoint", () => rawEndpoint("/ws", untyped({ on: {} })), "/ws has no option `on`."],
  [
    "createApp",
    () => createApp(untyped({ endpoints: [], origin: [] })),
    "createApp() has no option `origin`. Did you mean `origins`?",
  ],
  [
    "heartbeat",
    () => createApp({ endpoints: [], heartbeat: untyped({ evry: "1s" }) }),
    "heartbeat has no option `evry`.",
  ],
  ["drain", () => createApp({ endpoints: [], drain: untyped({ within: "1s" }) }), "drain has no option `within`."],
  ["session", () => session(untyped({ lookup: () => undefined, form: [] })), "session() has no option `form`."],
  ["bearer", () => bearer(untyped({ verify: () => undefined, form: [] })), "Did you mean `from`?"],
  ["dependency", () => dependency(untyped({ create: () => 1, need: {} })), "Did you mean `needs`?"],
  ["channel", () => channel("a", untyped({ event: {} })), "Did you mean `events`?"],
])("an option that does not exist is refused, as it might have kept somebody out: %s", (_, make, message) => {
  expect(make).toThrow(message);
});

test.each<[string, () => unknown, string]>([
  ["allow: true", () => endpoint("/ws", { allow: untyped(true) }), "/ws: `allow` is true. Give it a function."],
  ["no lookup", () => session(untyped({})), "session(): `lookup` is undefined. Give it a function."],
  ["no create", () => dependency(untyped({})), "dependency(): `create` is undefined."],
  ["a function for options", () => dependency(untyped(() => 1)), "dependency() is given a function for its options."],
  [
    "no schema",
    () => endpoint("/ws", untyped({ receives: { say: { text: "string" } }, on: { say() {} } })),
    'the message "say"',
  ],
  ["no channel", () => endpoint("/ws", { channels: untyped(["chat"]) }), '/ws lists "chat" among its `channels`.'],
  ["no endpoint", () => createApp({ endpoints: untyped([{}]) }), "createApp() lists an object among its `endpoints`."],
  ["no endpoints", () => createApp(untyped({})), "createApp(): `endpoints` is undefined. Give it a list."],
  ["no options", () => createApp(untyped(undefined)), "createApp() is given undefined for its options."],
  ["a text for origins", () => createApp({ endpoints: [], origins: untyped("https://a.example") }), "Give it a list."],
  ["trustProxy: true", () => createApp({ endpoints: [], trustProxy: untyped(true) }), "`trustProxy` is true."],
  [
    "a function for a logger",
    () => createApp({ endpoints: [], logger: untyped(() => {}) }),
    "`logger` has no `debug`.",
  ],
  [
    "a limit of the app",
    () => createApp({ endpoints: [endpoint("/ws", { limits: untyped({ connections: 5 }) })] }),
    "/ws: limits.connections is a limit of the whole app.",
  ],
  [
    "no limit",
    () => createApp({ endpoints: [endpoint("/ws", { limits: untyped({ mesages: "1/1s" }) })] }),
    "/ws: there is no limit `mesages`.",
  ],
])("what can't work is refused before anybody comes: %s", (_, make, message) => {
  expect(make).toThrow(expect.objectContaining({ name: "ConfigError", message: expect.stringContaining(message) }));
});

test.each([null, "8000", 1.5, -1, 65_536, Number.NaN, { port: 8000 }])("%o is no port to listen on", async (port) => {
  await using app = createApp({ endpoints: [] });
  await expect(app.listen(untyped(port))).rejects.toMatchObject({ name: "ConfigError", code: "invalid_port" });
});

test.each([{}, { user: undefined }, { users: "ana" }, { user: "" }, { user: "ana", tokenId: "t" }, "ana", undefined])(
  "to revoke %o is a mistake, and not a revocation of nothing",
  async (what) => {
    await using app = createApp({ endpoints: [] });
    await expect(app.revoke(untyped(what))).rejects.toThrow("app.revoke() takes { user } or { tokenId }");
  },
);

const byKey = bearer({ verify: (token) => ({ id: token }), from: ["header"] });
const byCookie = session({ lookup: () => undefined });
const shape = endpoint("/ws", {
  auth: firstOf(byCookie, byKey),
  receives: { who: z.object({}) },
  on: { who: ({ user }) => user.id },
});

test("a credential within firstOf() can be overridden by itself, the others stay", async () => {
  const app = createApp({ endpoints: [shape] });
  await using server = await startTestApp(app, { override: [[byKey, ({ token }) => ({ id: `fake ${token}` })]] });
  const headers = { authorization: "Bearer ana" };
  const ana = await server.connect<typeof shape>("/ws", { headers });
  expect(await ana.request("who")).toBe("fake ana");
  const cookies = { session_id: "s1" };
  await expect(server.connect("/ws", { cookies, as: "plain" })).rejects.toMatchObject({ code: "unauthorized" });
});

test("an override that nothing needs is a mistake of the test", async () => {
  const other = bearer({ verify: () => undefined });
  const app = createApp({ endpoints: [shape] });
  await expect(startTestApp(app, { override: [[other, () => ({ id: "ana" })]] })).rejects.toMatchObject({
    code: "unused_override",
  });
  await using _ = await startTestApp(app);
});

test("who is refused after the handshake is one line of the log too, with the reason and the address", async () => {
  const late = bearer({ verify: () => undefined, from: ["message"] });
  await using server = await serve({ endpoints: [endpoint("/ws/late", { auth: late })] });
  const client = await dial(`${server.url}/ws/late`);
  client.send({ type: "auth", payload: { token: "secret-token" } });
  expect(await client.closed).toEqual({ code: 1008, reason: "unauthorized" });
  const { level, fields } = await server.log.next("refused");
  expect(level).toBe("warn");
  expect(fields).toMatchObject({ code: "unauthorized", closeCode: 1008, endpoint: "/ws/late", address: "127.0.0.1" });
  expect(JSON.stringify(server.log.lines)).not.toContain("secret-token");
});

test("a request after the end of the connection is told so at once, and one in flight too", async () => {
  const open = endpoint("/ws/open", { receives: { ask: z.object({}) }, on: { ask: () => new Promise(() => {}) } });
  await using server = await startTestApp(createApp({ endpoints: [open] }), { limits: { close: "10ms" } });
  const client = await server.connect<typeof open>("/ws/open");
  const inFlight = client.request("ask");
  inFlight.catch(() => {});
  client.close();
  await client.closed;
  await expect(inFlight).rejects.toMatchObject({ code: "connection_lost" });
  await expect(client.request("ask")).rejects.toMatchObject({ code: "connection_lost" });
});

test("the test client refreshes its token, and hears why not", async () => {
  const byToken = bearer({
    verify: (token) => (token === "bad" ? undefined : { id: token }),
    expiresAt: () => Date.now() + 60_000,
  });
  const open = endpoint("/ws/open", { auth: byToken });
  await using server = await startTestApp(createApp({ endpoints: [open] }));
  const ana = await server.connect<typeof open>("/ws/open", { token: "ana" });
  expect(await ana.authenticate("ana")).toEqual({ expiresInMs: expect.any(Number) });
  await expect(ana.authenticate("bad")).rejects.toMatchObject({ code: "unauthorized" });
  await expect(ana.authenticate("bob")).rejects.toMatchObject({ code: "forbidden" });
});
