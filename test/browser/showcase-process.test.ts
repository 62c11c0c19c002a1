import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { request } from "../support/raw-client.js";
import { signToken } from "../support/tokens.js";
import { dial } from "../support/ws-client.js";
import { runShowcase, startShowcase, tokenOf } from "./start-showcase.js";

const secret = "forty characters that only this test has";
const ana = signToken({ sub: "ana", name: "Ana" }, { key: secret });
const bob = signToken({ sub: "bob", name: "Bob" }, { key: secret });

test("without a secret it prints two links and that it listens, and no log line has a token", async () => {
  await using showcase = await startShowcase();
  expect(showcase.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(showcase.program.stdout).toEqual([
    expect.stringMatching(/^alice: http:\S+\/#token=\S+$/),
    expect.stringMatching(/^bob: http:\S+\/#token=\S+$/),
    `listening on ${showcase.url}`,
  ]);
  const token = tokenOf(showcase.links.alice);
  const alice = await dial(`${showcase.url}/ws/rooms/lobby?token=${token}`);
  expect(await alice.ask("whoami", {})).toMatchObject({ payload: { name: "Alice" } });
  expect(await showcase.program.stop()).toBe(0);
  expect(showcase.program.stderr.join("\n")).toContain('"connected"');
  expect(showcase.program.stderr.join("\n")).not.toContain(token);
});

test("with a secret it prints only that it listens, and no token is seen anywhere", async () => {
  await using showcase = await startShowcase({ JWT_SECRET: secret });
  const client = await dial(`${showcase.url}/ws/rooms/lobby?token=${ana}`);
  expect(await client.ask("whoami", {})).toMatchObject({ payload: { name: "Ana" } });
  const stranger = await dial(`${showcase.url}/ws/rooms/lobby?token=${ana}x`);
  await stranger.closed;
  expect(await showcase.program.stop()).toBe(0);
  expect(showcase.program.stdout).toEqual([`listening on ${showcase.url}`]);
  expect(showcase.program.stderr.join("\n")).not.toMatch(/token=|eyJ/);
});

test.each(["SIGTERM", "SIGINT"] as const)("%s closes every socket with 1001, and it ends with 0", async (signal) => {
  await using showcase = await startShowcase({ JWT_SECRET: secret });
  const paths = ["/ws/echo", `/ws/rooms/lobby?token=${ana}`, `/ws/users/ana?token=${ana}`];
  const clients = await Promise.all(paths.map((path) => dial(`${showcase.url}${path}`)));
  await fetch(showcase.url); // leaves a connection that is kept alive
  const exit = showcase.program.stop(signal);
  for (const client of clients) expect(await client.closed).toEqual({ code: 1001, reason: "going_away" });
  expect(await exit).toBe(0);
});

test.each(["http", "-1", "65536", "80.5", "8000 "])("PORT=%j ends it with one line and exit code 1", async (port) => {
  await using program = runShowcase({ PORT: port });
  expect(await program.exit()).toBe(1);
  expect(program.stderr).toEqual([`PORT is ${JSON.stringify(port)}: it must be a number from 0 to 65535.`]);
  expect(program.stdout).toEqual([]);
});

test("a port in use ends it with one line and exit code 1", async () => {
  await using other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const port = String(Object(other.address()).port);
  await using program = runShowcase({ PORT: port });
  expect(await program.exit()).toBe(1);
  expect(program.stderr).toEqual([`Port ${port} on 127.0.0.1 is in use: set PORT to another, or to 0 for a free one.`]);
  expect(program.stdout).toEqual([]);
});

test("an echo gives text and bytes back as they were", async () => {
  await using showcase = await startShowcase();
  const client = await dial(`${showcase.url}/ws/echo`);
  client.sendText("ping");
  expect(await client.nextFrame()).toBe("ping");
  client.sendBinary(new Uint8Array([0, 255, 7]));
  expect(await client.nextFrame()).toEqual(Buffer.from([0, 255, 7]));
});

test("a room tells the others who comes, what is said and who goes", async () => {
  await using showcase = await startShowcase({ JWT_SECRET: secret });
  const first = await dial(`${showcase.url}/ws/rooms/lobby?token=${ana}`);
  await first.ask("whoami", {});
  const second = await dial(`${showcase.url}/ws/rooms/lobby?token=${bob}`);
  expect(await first.next()).toEqual({ type: "joined", channel: "chat/lobby", payload: { name: "Bob" } });
  expect(await second.ask("say", { text: "hi" }, 7)).toEqual({ type: "reply", id: 7, payload: null });
  expect(await first.next()).toEqual({ type: "said", channel: "chat/lobby", payload: { from: "Bob", text: "hi" } });
  for (const text of ["", "x".repeat(501)]) {
    expect(await second.ask("say", { text })).toMatchObject({ type: "error", payload: { code: "invalid_payload" } });
  }
  second.close();
  expect(await first.next()).toEqual({ type: "left", channel: "chat/lobby", payload: { name: "Bob" } });
});

test("a user's note reaches all of that user's devices", async () => {
  await using showcase = await startShowcase({ JWT_SECRET: secret });
  const [phone, laptop] = await Promise.all([1, 2].map(() => dial(`${showcase.url}/ws/users/ana?token=${ana}`)));
  await laptop?.ask("note", { text: "" }); // an answer: it is open, and on its channel
  phone?.send({ type: "note", payload: { text: "milk" } });
  const notice = { type: "notice", channel: "inbox/ana", payload: { text: "milk" } };
  expect(await phone?.next()).toEqual(notice);
  expect(await laptop?.next()).toEqual(notice);
});

test.each([
  ["/ws/rooms/lobby", { code: 1008, reason: "unauthorized" }],
  ["/ws/rooms/lobby?token=nonsense", { code: 1008, reason: "unauthorized" }],
  ["/ws/users/ana", { code: 4001, reason: "unauthorized" }],
  ["/ws/users/ana?token=nonsense", { code: 4001, reason: "unauthorized" }],
  [`/ws/users/ana?token=${bob}`, { code: 4003, reason: "forbidden" }],
])("who may not enter %s hears the code", async (path, closed) => {
  await using showcase = await startShowcase({ JWT_SECRET: secret });
  const client = await dial(`${showcase.url}${path}`);
  expect(await client.closed).toEqual(closed);
  expect(client.unread).toEqual([]);
});

test("the page's files have their types and a strict policy", async () => {
  await using showcase = await startShowcase();
  const types = {
    "/": "text/html; charset=utf-8",
    "/?x=1": "text/html; charset=utf-8",
    "/chat.css": "text/css; charset=utf-8",
    "/chat.js": "text/javascript; charset=utf-8",
    "/icon.svg": "image/svg+xml",
  };
  for (const [path, type] of Object.entries(types)) {
    const response = await fetch(`${showcase.url}${path}`);
    expect(response.status, path).toBe(200);
    expect(response.headers.get("content-type"), path).toBe(type);
    expect((await response.text()).length, path).toBe(Number(response.headers.get("content-length")));
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
  await using showcase = await startShowcase();
  const targets = [
    "/main.ts",
    "/page/index.html",
    "/index.html",
    "//",
    "/../app.ts",
    "/page/../app.ts",
    "/..%2fapp.ts",
    "/%2e%2e/app.ts",
    "/..\\app.ts",
    "/chat.js/../../app.ts",
    "/chat.js%00.html",
    "/constructor",
    "/__proto__",
    "http://127.0.0.1/chat.js",
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
  await using showcase = await startShowcase();
  expect((await fetch(`${showcase.url}/ws/rooms/lobby`)).status).toBe(426);
  const health = await fetch(`${showcase.url}/health/websockets`);
  expect(await health.json()).toEqual({ total_users: 0, total_connections: 0 });
});
