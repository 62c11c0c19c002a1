import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { type App, createApp } from "tidings";
import { expect, test } from "vitest";
import { apiApp } from "../support/api-app.js";
import { ApiClient, apiKey, sendRaw } from "../support/api-client.js";
import { Inbox } from "../support/inbox.js";
import { LogRecorder } from "../support/log-recorder.js";
import { serve } from "../support/served-app.js";

async function start(options: Parameters<typeof apiApp>[0] = {}) {
  const server = await serve(apiApp(options));
  return { server, api: new ApiClient(server), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const said = { channel: "chat/lobby", type: "said", payload: { text: "x" } };
const head = `POST /api/publish HTTP/1.1\r\nHost: x\r\nX-API-Key: ${apiKey}\r\n`;
const json = `${head}Content-Type: application/json\r\n`;
const codeOf = (answer: string) => `${answer.slice(9, 12)} ${/"code":"(\w+)"/.exec(answer)?.[1]}`;

test.each([
  ["nothing", ""],
  ["half of it", '{"channel":"chat/'],
  ["a comma too many", '{"channel":"chat/a",}'],
  ["a BOM", '\ufeff{"channel":"chat/a"}'],
  ["words", "channel=chat/a"],
])("what is no JSON is told: %s", async (_what, body) => {
  await using world = await start();
  const answer = await world.api.post("/api/publish", body);
  expect(answer.body).toMatchObject({ status: 400, code: "invalid_json" });
  expect(JSON.stringify(answer.body)).not.toContain("chat/a");
});

test("a body that is no UTF-8 is no JSON", async () => {
  await using world = await start();
  const bytes = Buffer.from('{"channel":"chat/\xff"}', "latin1");
  const answer = await sendRaw(
    world.server.url,
    `${json}Connection: close\r\nContent-Length: ${bytes.length}\r\n\r\n`,
    bytes,
  );
  expect(codeOf(answer)).toBe("400 invalid_json");
});

test.each([
  ["none", { "content-type": "" }],
  ["a form", { "content-type": "application/x-www-form-urlencoded" }],
  ["text", { "content-type": "text/plain" }],
  ["another charset", { "content-type": "application/json; charset=utf-16" }],
  ["one that begins alike", { "content-type": "application/jsonp" }],
  ["compressed", { "content-encoding": "gzip" }],
])("a body of another kind is not taken: %s", async (_what, headers) => {
  await using world = await start();
  const answer = await world.api.post("/api/publish", said, { headers });
  expect(answer.body).toMatchObject({ status: 415, title: "Unsupported Media Type", code: "unsupported_media_type" });
});

test.each(["application/json;charset=UTF-8", 'Application/JSON; charset="utf-8"', "application/vnd.api+json"])(
  "JSON is JSON, however it is called: %s",
  async (type) => {
    await using world = await start();
    expect((await world.api.post("/api/publish", said, { headers: { "content-type": type } })).status).toBe(200);
  },
);

test("10 MB are refused by their length alone, before any of them has come", async () => {
  await using world = await start();
  expect(codeOf(await sendRaw(world.server.url, `${json}Content-Length: 10000000\r\n\r\n`))).toBe("413 body_too_big");
});

test("without a length no more is read than may be, and the connection is over", async () => {
  await using world = await start({ limits: { apiBody: "64kb" } });
  const { hostname, port } = new URL(world.server.url);
  const socket = connect(Number(port), hostname);
  const answered = new Inbox<Buffer>("The answer");
  socket.on("data", (bytes) => answered.put(bytes));
  socket.on("error", () => {});
  const closed = once(socket, "close");
  socket.write(`${json}Transfer-Encoding: chunked\r\n\r\n`);
  const chunk = `10000\r\n${" ".repeat(65_536)}\r\n`;
  socket.write(chunk + chunk);
  expect(codeOf(String(await answered.next()))).toBe("413 body_too_big");
  // It says no more, and the server waits for no more.
  await closed;
  expect(await world.api.done("/api/publish", said)).toMatchObject({ offset: 1 });
});

test.each([
  ["with its length", (body: string) => `Content-Length: ${body.length}\r\n\r\n${body}`],
  [
    "in pieces",
    (body: string) => `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  ],
])("a body of as many bytes as may be is read, and one with one more is not: %s", async (_how, sent) => {
  await using world = await start({ limits: { apiBody: "1kb" } });
  const send = (bytes: number) =>
    sendRaw(world.server.url, `${json}Connection: close\r\n${sent(JSON.stringify(said).padEnd(bytes))}`);
  expect(await send(1_024)).toMatch(/^HTTP\/1.1 200 /);
  expect(codeOf(await send(1_025))).toBe("413 body_too_big");
});

test("what is refused for another reason is not waited for either, where much is still to come", async () => {
  await using world = await start();
  const refused = async (line: string, more: string) => {
    const answer = await sendRaw(world.server.url, `${line} HTTP/1.1\r\nHost: x\r\n${more}\r\n\r\n`);
    // That it hangs up is said, and no time-out's doing.
    expect(answer).toContain("\r\nconnection: close\r\n");
    return codeOf(answer);
  };
  expect(await refused("POST /api/publish", "Content-Length: 9000000")).toBe("401 unauthorized");
  expect(await refused("POST /api/nothing", "Transfer-Encoding: chunked")).toBe("404 not_found");
  expect(await refused("PUT /api/publish", "Content-Length: 70000")).toBe("405 method_not_allowed");
});

test("a client that says 10 MB, as `fetch` does, is told so and not cut off", async () => {
  await using world = await start();
  const headers = { "x-api-key": apiKey, "content-type": "application/json" };
  const asking = fetch(`${world.server.url}/api/publish`, { method: "POST", headers, body: " ".repeat(10_000_000) });
  expect((await asking).status).toBe(413);
});

test("a body in many pieces is one", async () => {
  await using world = await start();
  const { hostname, port } = new URL(world.server.url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  const body = JSON.stringify({ ...said, payload: { text: "€uro" } });
  const heard: Buffer[] = [];
  socket.on("data", (bytes) => heard.push(bytes));
  const closed = once(socket, "close");
  const parts = [
    `${json}Connection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`,
    ...Buffer.from(body).map((byte) => byte),
  ];
  for (const part of parts)
    await new Promise((sent) => socket.write(typeof part === "number" ? Buffer.of(part) : part, sent));
  await closed;
  expect(String(Buffer.concat(heard))).toMatch(/^HTTP\/1.1 200 /);
  expect(await world.api.done("/api/history?channel=chat/lobby")).toMatchObject({
    events: [{ payload: { text: "€uro" } }],
  });
});

test("a body that breaks off is nobody's fault here, and nothing is published", async () => {
  await using world = await start();
  const { hostname, port } = new URL(world.server.url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  await new Promise((sent) => socket.write(`${json}Content-Length: 100\r\n\r\n{"channel":`, sent));
  socket.resetAndDestroy();
  expect(await world.api.done("/api/history?channel=chat/lobby")).toMatchObject({ events: [] });
  expect(world.server.errors.unread).toEqual([]);
});

test.each([
  [
    "nested a thousand times a thousand",
    `{"channel":"news","type":"deep","payload":${"[".repeat(400_000)}${"]".repeat(400_000)}}`,
  ],
  ["__proto__", '{"channel":"chat/lobby","type":"said","payload":{"text":"x"},"__proto__":{"key":"k"}}'],
  ["constructor", '{"channel":"chat/lobby","type":"said","payload":{"text":"x"},"constructor":1}'],
])("what is meant to break us is refused: %s", async (_what, body) => {
  await using world = await start();
  expect((await world.api.post("/api/publish", body)).status).toBe(400);
  expect(world.server.errors.unread).toEqual([]);
});

test("Idempotency-Key is a key: of one event, and the same as the body's", async () => {
  await using world = await start();
  const by = (key: string) => ({ headers: { "idempotency-key": key } });
  expect((await world.api.post("/api/publish", said, by("a"))).body).toMatchObject({ offset: 1 });
  expect((await world.api.post("/api/publish", { ...said, key: "a" }, by("a"))).body).toMatchObject({ offset: 1 });
  expect((await world.api.post("/api/publish", { ...said, key: "b" }, by("a"))).body).toMatchObject({
    code: "bad_request",
  });
  expect((await world.api.post("/api/publish", said, by("k".repeat(65)))).body).toMatchObject({
    issues: [{ path: ["key"] }],
  });
  expect((await world.api.post("/api/publish/batch", { items: [said] }, by("a"))).body).toMatchObject({
    code: "bad_request",
  });
});

test("two headers Idempotency-Key that differ name no key, and two that are alike one", async () => {
  await using world = await start();
  const body = JSON.stringify(said);
  const asked = (...keys: readonly string[]) => {
    const lines = [
      `content-length: ${body.length}`,
      "connection: close",
      ...keys.map((key) => `idempotency-key: ${key}`),
    ];
    return sendRaw(world.server.url, `${json}${lines.join("\r\n")}\r\n\r\n${body}`);
  };
  expect(codeOf(await asked("a", "b"))).toBe("400 bad_request");
  expect(await asked("a", "a")).toContain('"offset":1');
});

/** An app behind somebody else's server, as a framework would call it. */
async function behind(prepare: (request: object) => Promise<void> | void) {
  const errors = new Inbox<unknown>("onError");
  const app: App = createApp({ ...apiApp(), logger: new LogRecorder(), onError: (error) => errors.put(error) });
  const server = createServer(async (request, response) => {
    await prepare(request);
    app.http(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const close = async () => {
    await app.close();
    await new Promise((resolve) => server.close(resolve));
  };
  return { api: new ApiClient({ app, url }), errors, [Symbol.asyncDispose]: close };
}

async function read(request: object): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test.each([
  ["an object", (text: string) => JSON.parse(text)],
  ["a text", (text: string) => text],
  ["bytes", (text: string) => Buffer.from(text)],
])("what a framework has read before is taken from `request.body`: %s", async (_what, made) => {
  await using world = await behind(async (request) => void Object.assign(request, { body: made(await read(request)) }));
  expect(await world.api.done("/api/publish", said)).toMatchObject({ offset: 1 });
});

test.each([
  ["a text", (text: string) => text],
  ["bytes", (text: string) => Buffer.from(text)],
])("what a framework has read may be no larger than what we read: %s", async (_what, made) => {
  const large = made(JSON.stringify(said) + " ".repeat(1_100_000));
  await using world = await behind(async (request) => {
    await read(request);
    Object.assign(request, { body: large });
  });
  expect((await world.api.post("/api/publish", said)).body).toMatchObject({ status: 413, code: "body_too_big" });
});

test("a body that a framework put there and did not read is read", async () => {
  await using world = await behind((request) => void Object.assign(request, { body: {} }));
  expect(await world.api.done("/api/publish", said)).toMatchObject({ offset: 1 });
});

test("a body that was read and is gone is our own mistake, and says how to mend it", async () => {
  await using world = await behind(async (request) => {
    await read(request);
  });
  expect((await world.api.post("/api/publish", said)).body).toMatchObject({ status: 500, code: "internal" });
  expect(await world.errors.next()).toMatchObject({ message: expect.stringContaining("put app.http() in front") });
});

test("a compressed body is not inflated", async () => {
  await using world = await start();
  const bytes = gzipSync(" ".repeat(1_000_000));
  const answer = await sendRaw(
    world.server.url,
    `${json}Content-Encoding: gzip\r\nConnection: close\r\nContent-Length: ${bytes.length}\r\n\r\n`,
    bytes,
  );
  expect(codeOf(answer)).toBe("415 unsupported_media_type");
});
