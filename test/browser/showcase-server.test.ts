import { afterAll, beforeAll, expect, test } from "vitest";
import { request } from "../support/raw-client.js";
import { signToken } from "../support/tokens.js";
import { dial, dialRefused } from "../support/ws-client.js";
import { type Showcase, startShowcase } from "./start-showcase.js";

const secret = "forty characters that only this test has";
const ana = signToken({ sub: "ana", name: "Ana" }, { key: secret });
const bob = signToken({ sub: "bob", name: "Bob" }, { key: secret });
const root = signToken({ sub: "root", name: "Root", role: "admin" }, { key: secret });

let showcase: Showcase;
beforeAll(async () => {
  showcase = await startShowcase({ TIDINGS_JWT_SECRET: secret });
});
afterAll(() => showcase[Symbol.asyncDispose]());

test("an echo gives text and bytes back as they were", async () => {
  const client = await dial(`${showcase.url}/ws/echo`);
  client.sendText("ping");
  expect(await client.nextFrame()).toBe("ping");
  client.sendBinary(new Uint8Array([0, 255, 7]));
  expect(await client.nextFrame()).toEqual(Buffer.from([0, 255, 7]));
});

test("a room tells the others who comes, what is said and who goes", async () => {
  const first = await dial(`${showcase.url}/ws/rooms/talk?token=${ana}`);
  const here = await first.ask("presence", { channel: "chat/talk", watch: true });
  expect(here).toMatchObject({ payload: { members: [{ id: "ana", name: "Ana" }] } });
  const second = await dial(`${showcase.url}/ws/rooms/talk?token=${bob}`);
  const member = { id: "bob", name: "Bob" };
  expect(await first.next()).toEqual({ type: "presence", channel: "chat/talk", payload: { joined: [member] } });
  expect(await second.ask("say", { text: "hi" }, 7)).toEqual({ type: "reply", id: 7, payload: null });
  const said = { id: "bob", from: "Bob", text: "hi", at: expect.stringMatching(/^\d{4}-.*Z$/) };
  expect(await first.next()).toEqual({ type: "said", channel: "chat/talk", offset: 1, payload: said });
  for (const text of ["", "x".repeat(501)]) {
    expect(await second.ask("say", { text })).toMatchObject({ type: "error", payload: { code: "invalid_payload" } });
  }
  second.close();
  expect(await first.next()).toEqual({ type: "presence", channel: "chat/talk", payload: { left: [member] } });
});

test("in a room everybody speaks for themselves, and hears by whose clock it was", async () => {
  const client = await dial(`${showcase.url}/ws?token=${ana}`);
  const channel = "chat/own";
  await client.ask("subscribe", { channel });
  const publish = (payload: object) => client.ask("publish", { channel, type: "said", payload });
  for (const said of [
    { id: "bob", from: "Bob", text: "hi" },
    { id: "ana", from: "Bob", text: "hi" },
    { id: "bob", from: "Ana", text: "hi" },
  ]) {
    expect(await publish(said)).toMatchObject({ payload: { code: "forbidden", message: "Speak for yourself." } });
  }
  const said = { id: "ana", from: "Ana", text: "hi" };
  client.send({
    type: "publish",
    payload: { channel, type: "said", payload: { ...said, at: "2000-01-01T00:00:00Z" } },
  });
  expect(await client.next()).toMatchObject({ payload: { ...said, at: expect.not.stringMatching(/^2000/) } });
});

test("who is writing is told to the others in the room, and not kept", async () => {
  const [first, second] = await Promise.all([ana, bob].map((token) => dial(`${showcase.url}/ws?token=${token}`)));
  for (const client of [first, second]) await client?.ask("subscribe", { channel: "typing/own" });
  expect(await second?.ask("typing", { room: "own" })).toMatchObject({ type: "reply" });
  const member = { id: "bob", name: "Bob" };
  expect(await first?.next()).toEqual({ type: "typing", channel: "typing/own", payload: member });
  expect(await second?.ask("typing", { room: "a/b" })).toMatchObject({ payload: { code: "not_found" } });
});

test("a user's note reaches all of that user's devices", async () => {
  const [phone, laptop] = await Promise.all([1, 2].map(() => dial(`${showcase.url}/ws/users/ana?token=${ana}`)));
  await laptop?.ask("note", { text: "" }); // an answer: it is open, and on its channel
  phone?.send({ type: "note", payload: { text: "milk" } });
  const notice = { type: "notice", channel: "inbox/ana", payload: { text: "milk" } };
  expect(await phone?.next()).toEqual(notice);
  expect(await laptop?.next()).toEqual(notice);
});

test("who may not enter a room is refused with 401, or with 1008 where a close code can be read", async () => {
  const url = `${showcase.url}/ws/rooms/lobby?token=nonsense`;
  expect(await dialRefused(url)).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  const page = await dial(url, { protocols: ["tidings.v1"] });
  expect(await page.closed).toEqual({ code: 1008, reason: "unauthorized" });
});

test("P8: a room takes its token from the query, a header, the subprotocol or the first message", async () => {
  const url = `${showcase.url}/ws/rooms/places`;
  const bySubprotocol = await dial(url, {
    protocols: ["tidings.v1", `bearer.${Buffer.from(ana).toString("base64url")}`],
  });
  expect(bySubprotocol.protocol).toBe("tidings.v1"); // the token is never echoed
  bySubprotocol.send({ type: "connect" });
  const byMessage = await dial(url);
  byMessage.send({ type: "auth", payload: { token: ana } });
  const byConnect = await dial(url, { protocols: ["tidings.v1"] });
  byConnect.send({ type: "connect", payload: { token: ana } });
  const clients = {
    query: await dial(`${url}?token=${ana}`),
    header: await dial(url, { token: ana }),
    subprotocol: bySubprotocol,
    message: byMessage,
    "message of tidings.v1": byConnect,
  };
  for (const [place, client] of Object.entries(clients)) {
    client.send({ type: "whoami", payload: {}, id: "who" });
    let answer = await client.next();
    while (answer.id !== "who") answer = await client.next();
    expect(answer, place).toMatchObject({ type: "reply", payload: { name: "Ana" } });
  }
});

test("P8: a bad token in the first message closes a room with 1008", async () => {
  for (const protocols of [[], ["tidings.v1"]]) {
    const client = await dial(`${showcase.url}/ws/rooms/lobby`, { protocols });
    client.send({ type: protocols.length === 0 ? "auth" : "connect", payload: { token: "nonsense" } });
    expect(await client.closed).toEqual({ code: 1008, reason: "unauthorized" });
  }
});

test("P12: the admin's desk refuses everybody else with 403, and without a token with 401", async () => {
  const url = `${showcase.url}/ws/admin`;
  const refused = await dialRefused(url, { token: bob });
  expect(refused).toMatchObject({ status: 403, body: { code: "forbidden", message: "Admin only" } });
  expect(await dialRefused(url)).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  const page = await dial(`${url}?token=${bob}`, { protocols: ["tidings.v1"] });
  expect(await page.closed).toEqual({ code: 1008, reason: "forbidden" });
});

test("P12: an admin sees figures, and ends all connections of a user", async () => {
  const admin = await dial(`${showcase.url}/ws/admin`, { token: root });
  const eve = signToken({ sub: "eve", name: "Eve" }, { key: secret });
  const devices = await Promise.all([1, 2].map(() => dial(`${showcase.url}/ws/users/eve?token=${eve}`)));
  for (const device of devices) await device.ask("note", { text: "" }); // an answer: it is open
  expect(await admin.ask("stats", {})).toMatchObject({
    type: "reply",
    payload: { connections: expect.any(Number), users: expect.any(Number), refused: expect.any(Number) },
  });
  expect(await admin.ask("kick", { user: "eve" })).toMatchObject({ type: "reply", payload: { wasConnected: true } });
  for (const device of devices) expect(await device.closed).toMatchObject({ reason: "forbidden" });
  expect(await admin.ask("kick", { user: "nobody" })).toMatchObject({ payload: { wasConnected: false } });
  expect(await admin.ask("kick", { user: "" })).toMatchObject({ payload: { code: "invalid_payload" } });
});

test("who may not be somebody hears why by the endpoint's own close codes", async () => {
  const expired = signToken({ sub: "ana", name: "Ana", exp: 1 }, { key: secret });
  const expected = [
    ["/ws/users/ana", 4001, "unauthorized"],
    ["/ws/users/ana?token=nonsense", 4001, "unauthorized"],
    [`/ws/users/ana?token=${expired}`, 4001, "token_expired"],
    [`/ws/users/ana?token=${bob}`, 4003, "forbidden"],
  ] as const;
  for (const [path, code, reason] of expected) {
    const client = await dial(`${showcase.url}${path}`);
    expect(await client.closed, path).toEqual({ code, reason });
    expect(client.unread, path).toEqual([]);
  }
});

test("the page's files have their types and a strict policy", async () => {
  const types = {
    "/": "text/html; charset=utf-8",
    "/?x=1": "text/html; charset=utf-8",
    "/index.css": "text/css; charset=utf-8",
    "/index.js": "text/javascript; charset=utf-8",
    "/icon.svg": "image/svg+xml",
  };
  for (const [path, type] of Object.entries(types)) {
    const response = await fetch(`${showcase.url}${path}`);
    expect(response.status, path).toBe(200);
    expect(response.headers.get("content-type"), path).toBe(type);
    expect(await response.text(), path).not.toBe("");
  }
  const { headers } = await fetch(showcase.url);
  expect(headers.get("content-security-policy")).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(await (await fetch(showcase.url, { method: "HEAD" })).text()).toBe("");
  expect((await fetch(showcase.url, { method: "POST" })).status).toBe(405);
});

test("nothing but the page's files is served", async () => {
  const targets = [
    "/main.ts",
    "/page/index.html",
    "/page/main.tsx",
    "/dist/index.js",
    "/index.html",
    "//",
    "/../app.ts",
    "/page/../app.ts",
    "/..%2fapp.ts",
    "/%2e%2e/app.ts",
    "/..\\app.ts",
    "/index.js/../../app.ts",
    "/index.js%00.html",
    "/constructor",
    "/__proto__",
    "http://127.0.0.1/index.js",
  ];
  for (const target of targets) {
    const { status, headers, body } = await request(
      showcase.url,
      `GET ${target} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`,
    );
    expect({ status, body }, target).toEqual({ status: 404, body: "There is nothing at this path.\n" });
    expect(headers["content-security-policy"], target).toContain("default-src 'none'");
  }
});

test("beside the page it answers what the app does", async () => {
  expect((await fetch(`${showcase.url}/ws/rooms/lobby`)).status).toBe(426);
  const health = await fetch(`${showcase.url}/health/websockets`);
  expect(await health.json()).toEqual({ total_users: expect.any(Number), total_connections: expect.any(Number) });
});
