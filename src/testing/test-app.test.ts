import { SignJWT } from "jose";
import { expect, test } from "vitest";
import { z } from "zod";
import { createApp } from "../app/app.js";
import { jwt } from "../auth/jwt.js";
import { channel } from "../declare/channel.js";
import { endpoint, rawEndpoint } from "../declare/endpoint.js";
import { RefusedError } from "./refused-error.js";
import { startTestApp } from "./test-app.js";

const SECRET = "a secret of at least thirty-two bytes";
const user = jwt({ secret: SECRET });
const userWithoutSecret = jwt({ secret: undefined });

const news = channel("news", { events: { item: z.object({ text: z.string() }) } });
const feed = endpoint("/feed", {
  channels: [news],
  sends: { hello: z.string() },
  receives: { echo: z.string(), fail: z.null() },
  async open({ connection }) {
    await connection.join(news());
    connection.send("hello", "you");
  },
  on: {
    echo: (_, text) => text,
    fail() {
      throw new Error("broken");
    },
  },
});
const me = endpoint("/me", { auth: user, receives: { who: z.null() }, on: { who: ({ user }) => user.id } });
const closed = endpoint("/closed", { auth: user, refuse: "close" });
const raw = rawEndpoint("/raw", { auth: user, text: ({ connection, user }) => connection.send(user.id) });
const app = createApp({ endpoints: [feed, me, closed, raw] });

const tokenOf = (sub: string) =>
  new SignJWT({ sub })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(SECRET));

test("an app runs in one test at a time", async () => {
  await using _ = await startTestApp(app);
  await expect(startTestApp(app)).rejects.toMatchObject({ code: "already_started" });
});

test("an app that was disposed of starts again, with nothing of before", async () => {
  for (const run of ["first", "second"]) {
    await using server = await startTestApp(app);
    expect(app.stats()).toMatchObject({ connections: 0, users: 0, channels: 0, connectionsOpened: 0, bytesWritten: 0 });
    const ana = await server.connect<typeof feed>("/feed");
    expect(await ana.request("echo", run)).toBe(run);
    expect([...app.connections()]).toHaveLength(1);
  }
  expect([...app.connections()]).toHaveLength(0);
  expect(app.stats()).toMatchObject({ connections: 0, connectionsOpened: 0 });
});

test("disposing closes every connection with 1001", async () => {
  const server = await startTestApp(app);
  const ana = await server.connect<typeof feed>("/feed");
  await server[Symbol.asyncDispose]();
  expect(await ana.closed).toEqual({ code: 1001, reason: "going_away" });
  await expect(ana.next("item")).rejects.toThrow('A message "item" did not come: the connection closed with 1001');
});

test("disposing does not wait for code that never ends, though the clock stands still", async () => {
  const stuck = endpoint("/stuck", { receives: { hang: z.null() }, on: { hang: () => new Promise<null>(() => {}) } });
  const server = await startTestApp(createApp({ endpoints: [stuck] }));
  const ana = await server.connect<typeof stuck>("/stuck");
  ana.send("hang", null);
  await ana.ping();
  await server[Symbol.asyncDispose]();
  expect(await ana.closed).toEqual({ code: 1001, reason: "going_away" });
});

test("our client is refused by a close, another program by HTTP, and a page is told nothing", async () => {
  await using server = await startTestApp(app);
  const refused = (path: string, as?: "tidings" | "plain" | "browser") =>
    server.connect<typeof me>(path, { as }).then(
      () => expect.fail("It was let in."),
      (error: unknown) => error,
    );
  const ours = { status: 101, code: "unauthorized", closeCode: 1008 };
  for (const as of ["tidings", undefined] as const) {
    const error = await refused("/me", as);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject(ours);
  }
  const told = "/me was refused: 401 unauthorized. A token is needed.";
  const plain = { status: 401, code: "unauthorized", closeCode: 1006 };
  const headers = { "www-authenticate": "Bearer" };
  expect(await refused("/me", "plain")).toMatchObject({ ...plain, message: told, headers });
  expect(await refused("/raw")).toMatchObject(plain);
  expect(await refused("/me", "browser")).toMatchObject({
    status: undefined,
    code: undefined,
    closeCode: 1006,
    headers: {},
  });
  expect(await refused("/nowhere")).toMatchObject({ status: 101, code: "not_found", closeCode: 1008 });
  expect(await refused("/nowhere", "plain")).toMatchObject({ status: 404, code: "not_found" });
});

test("an endpoint that refuses by a close lets a page see the code", async () => {
  await using server = await startTestApp(app);
  const page = await server.connect<typeof closed>("/closed", { as: "browser" });
  expect(await page.closed).toEqual({ code: 1008, reason: "unauthorized" });
});

test("a token goes where the endpoint looks first, and from a page into the query", async () => {
  const first = endpoint("/first", {
    auth: jwt({ secret: SECRET, from: ["query"] }),
    receives: { who: z.null() },
    on: { who: ({ user }) => user.id },
  });
  const byHeader = endpoint("/header", { auth: jwt({ secret: SECRET, from: ["header"] }) });
  await using server = await startTestApp(createApp({ endpoints: [first, byHeader, me] }));
  const token = await tokenOf("ana");
  for (const as of ["tidings", "plain", "browser"] as const) {
    for (const path of ["/first", "/first?x=1", "/me"]) {
      const ana = await server.connect<typeof me>(path, { token, as });
      expect(await ana.request("who", null)).toBe("ana");
    }
  }
  await server.connect("/header", { token, as: "plain" });
  await expect(server.connect("/header", { token, as: "browser" })).rejects.toThrow(RefusedError);
});

test("a connection that stops reading is closed when its outbox is full", async () => {
  await using server = await startTestApp(app, { limits: { outbox: "1kb" } });
  const ana = await server.connect<typeof feed>("/feed", { reading: false });
  const bob = await server.connect<typeof feed>("/feed");
  for (const size of [2_000, 10]) await app.publish(news(), "item", { text: "x".repeat(size) });
  await server.clock.advance("1ms");
  await app.publish(news(), "item", { text: "too much" });
  expect(await ana.closed).toEqual({ code: 1013, reason: "slow_consumer" });
  for (const _ of [1, 2, 3]) await bob.next("item");
  expect(app.stats()).toMatchObject({ slowConsumers: 1, connections: 1 });
});

test("a connection that reads again gets what it missed", async () => {
  await using server = await startTestApp(app);
  const ana = await server.connect<typeof feed>("/feed", { reading: false });
  for (const text of ["one", "two"]) await app.publish(news(), "item", { text });
  await server.clock.advance("1ms");
  expect(ana.unread.filter(({ type }) => type === "item")).toEqual([]);
  ana.startReading();
  expect(await ana.next("item")).toEqual({ text: "one" });
  ana.stopReading();
  ana.startReading();
  expect(await ana.next("item")).toEqual({ text: "two" });
});

test("an override says who somebody is, for one test", async () => {
  {
    await using server = await startTestApp(app, {
      override: [[user, ({ token }) => ({ id: `fake ${token}`, sub: token })]],
    });
    const ana = await server.connect<typeof me>("/me", { token: "ana" });
    expect(await ana.request("who", null)).toBe("fake ana");
    const rawAna = await server.connect<typeof raw>("/raw", { token: "ana" });
    rawAna.send("who");
    expect(await rawAna.next()).toBe("fake ana");
    await expect(server.connect("/me")).rejects.toMatchObject({ code: "unauthorized" });
  }
  await using server = await startTestApp(app);
  await expect(server.connect("/me", { token: "ana" })).rejects.toMatchObject({ code: "unauthorized" });
  const ana = await server.connect<typeof me>("/me", { token: await tokenOf("ana") });
  expect(await ana.request("who", null)).toBe("ana");
});

test("a secret that is missing is not asked for where it is overridden, and else keeps the app from starting", async () => {
  const secretive = endpoint("/me", {
    auth: userWithoutSecret,
    receives: { who: z.null() },
    on: { who: ({ user }) => user.id },
  });
  const own = createApp({ endpoints: [secretive] });
  await expect(startTestApp(own)).rejects.toMatchObject({ name: "ConfigError", code: "missing_secret" });
  await using server = await startTestApp(own, { override: [[userWithoutSecret, () => ({ id: "ana", sub: "ana" })]] });
  const ana = await server.connect<typeof secretive>("/me", { token: "x" });
  expect(await ana.request("who", null)).toBe("ana");
});

test("what an endpoint says is asked for by its name, errors too, and a request by its answer", async () => {
  await using server = await startTestApp(app);
  const ana = await server.connect<typeof feed>("/feed");
  expect(await ana.next("hello")).toBe("you");
  ana.sendFrame("{");
  expect(await ana.next("error")).toMatchObject({ name: "TidingsError", code: "invalid_json" });
  expect(await Promise.all(["a", "b"].map((text) => ana.request("echo", text)))).toEqual(["a", "b"]);
  await expect(ana.request("echo", 7 as never)).rejects.toMatchObject({
    code: "invalid_payload",
    issues: [{ path: [] }],
  });
  await expect(ana.request("fail", null)).rejects.toMatchObject({ code: "internal" });
  expect(ana.unread).toEqual([]);
  const lost = ana.request("echo", "late");
  ana.vanish();
  await expect(lost).rejects.toMatchObject({ code: "connection_lost" });
});

test("a ping that is under way when the connection ends fails, and so does a later one", async () => {
  await using server = await startTestApp(app);
  const ana = await server.connect<typeof feed>("/feed");
  await ana.ping();
  const underWay = ana.ping();
  ana.vanish();
  await expect(underWay).rejects.toMatchObject({ name: "TidingsError", code: "connection_lost" });
  await expect(ana.ping()).rejects.toMatchObject({ name: "TidingsError", code: "connection_lost" });
  const bob = await server.connect<typeof feed>("/feed");
  bob.close();
  await expect(bob.ping()).rejects.toMatchObject({ code: "connection_lost" });
  await bob.closed;
  await expect(bob.ping()).rejects.toMatchObject({ code: "connection_lost" });
});

test("what createApp did not make is refused", async () => {
  await expect(startTestApp({} as never)).rejects.toThrow(TypeError);
});
