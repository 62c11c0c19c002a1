import { endpoint, rawEndpoint } from "tidings";
import { expect, test } from "vitest";
import { z } from "zod";
import { createGate } from "../support/gate.js";
import { handshakeRequest, RawClient, type RequestHeaders, request } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";
import { dial, dialRefused } from "../support/ws-client.js";

const room = endpoint("/ws/rooms/:room", {
  sends: { welcome: z.object({ room: z.string() }) },
  open: ({ connection, params }) => void connection.send("welcome", params),
});

interface BadHandshake {
  readonly name: string;
  readonly method?: string;
  readonly headers?: RequestHeaders;
  readonly status: number;
  readonly code: string;
}

const badHandshakes: readonly BadHandshake[] = [
  {
    name: "a plain GET",
    headers: { upgrade: undefined, connection: undefined },
    status: 426,
    code: "upgrade_required",
  },
  {
    name: "an upgrade without the header Connection",
    headers: { connection: undefined },
    status: 426,
    code: "upgrade_required",
  },
  { name: "an upgrade to something else", headers: { upgrade: "h2c" }, status: 426, code: "upgrade_required" },
  { name: "a POST", method: "POST", status: 426, code: "upgrade_required" },
  {
    name: "a PUT without an upgrade",
    method: "PUT",
    headers: { upgrade: undefined },
    status: 426,
    code: "upgrade_required",
  },
  { name: "no version", headers: { "sec-websocket-version": undefined }, status: 426, code: "upgrade_required" },
  ...["8", "12", "14", "013", "13, 8", "thirteen", ""].map((version) => ({
    name: `the version ${JSON.stringify(version)}`,
    headers: { "sec-websocket-version": version },
    status: 426,
    code: "upgrade_required",
  })),
  { name: "no key", headers: { "sec-websocket-key": undefined }, status: 400, code: "bad_request" },
  ...[
    "",
    "short",
    "dGhlIHNhbXBsZSBub25jZQ",
    "dGhlIHNhbXBsZSBub25jZSE=",
    "dGhlIHNhbXBsZSBub25jZQ==x",
    "!GhlIHNhbXBsZSBub25jZQ==",
  ].map((key) => ({
    name: `the key ${JSON.stringify(key)}`,
    headers: { "sec-websocket-key": key },
    status: 400,
    code: "bad_request",
  })),
  ...["", ",", "a,,b", "a b", "chat, chat", "tidings.v1, tidings.v1", "chat,", '"chat"', "ch/at", "tidings.v1;q=1"].map(
    (protocols) => ({
      name: `the subprotocols ${JSON.stringify(protocols)}`,
      headers: { "sec-websocket-protocol": protocols },
      status: 400,
      code: "bad_request",
    }),
  ),
];

test.each(badHandshakes)("$name is refused with $status $code", async ({ method, headers, status, code }) => {
  await using server = await serve({ endpoints: [room] });
  const bytes = handshakeRequest("/ws/rooms/lobby", {
    ...(method !== undefined && { method }),
    ...(headers && { headers }),
  });
  const response = await request(server.url, bytes);
  expect(response).toMatchObject({ status, body: { code, message: expect.any(String) } });
  expect(response.headers["content-type"]).toBe("application/json; charset=utf-8");
  if (status === 426) expect(response.headers).toMatchObject({ upgrade: "websocket", "sec-websocket-version": "13" });
  expect(server.app.stats().connectionsOpened).toBe(0);
});

test.each([
  [
    "names of headers in any case",
    { Upgrade: "WebSocket", upgrade: undefined, Connection: "keep-alive, UPGRADE", connection: undefined },
  ],
  ["an Origin of anywhere, where no cookie counts", { origin: "https://evil.example" }],
  ["the Origin null", { origin: "null" }],
  ["extensions nobody knows", { "sec-websocket-extensions": "x-magic; level=9, permessage-deflate" }],
])("%s are accepted", async (_, headers) => {
  await using server = await serve({ endpoints: [room] });
  using client = await RawClient.open(server.url);
  client.write(handshakeRequest("/ws/rooms/lobby", { headers }));
  const response = await client.nextResponse();
  expect(response.status).toBe(101);
  // RFC 6455 §1.3 has this key and its answer.
  expect(response.headers["sec-websocket-accept"]).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  expect(response.headers).not.toHaveProperty("sec-websocket-extensions");
  expect(response.headers).not.toHaveProperty("sec-websocket-protocol");
});

const e128 = "%C3%A9".repeat(64);
const notFound = [
  "/",
  "/ws",
  "/ws/rooms",
  "/ws/rooms/",
  "/ws/rooms/a/",
  "/ws/rooms/a/b",
  "//ws/rooms/a",
  "/WS/rooms/a",
  "/ws/rooms/a%2Fb",
  "/ws/rooms/a%2fb",
  "/ws%2Frooms/a",
  "/ws/rooms/%zz",
  "/ws/rooms/%",
  "/ws/rooms/%4",
  "/ws/rooms/%ff",
  "/ws/rooms/%C3",
  "/ws/rooms/%ED%A0%80",
  "/ws/rooms/%00",
  "/ws/rooms/a%0Ab",
  "/ws/rooms/%7F",
  "/ws/rooms/%C2%85",
  "/ws/rooms/.",
  "/ws/rooms/..",
  "/ws/rooms/%2E",
  "/ws/rooms/%2e%2E",
  `/ws/rooms/${"x".repeat(129)}`,
  `/ws/rooms/${e128}x`,
];

test.each(notFound)("the path %s is not found", async (path) => {
  await using server = await serve({ endpoints: [room] });
  const plain = await request(server.url, handshakeRequest(path));
  expect(plain).toMatchObject({ status: 404, body: { code: "not_found", message: expect.any(String) } });
  using ours = await RawClient.open(server.url);
  ours.write(handshakeRequest(path, { headers: { "sec-websocket-protocol": "tidings.v1" } }));
  expect(await ours.nextResponse()).toMatchObject({ status: 101, headers: { "sec-websocket-protocol": "tidings.v1" } });
  expect(await ours.nextClose()).toEqual({ code: 1008, reason: "not_found" });
  expect(server.app.stats()).toMatchObject({ connectionsOpened: 0, handshakesRefused: 2 });
});

test.each([
  ["caf%C3%A9", "café"],
  ["%F0%9F%91%A9", "👩"],
  ["100%25", "100%"],
  ["%252F", "%2F"],
  ["a+b", "a+b"],
  ["a%3Fb%23c", "a?b#c"],
  ["%61%2d%7e", "a-~"],
  ["...", "..."],
  ["$x", "$x"],
  ["x".repeat(128), "x".repeat(128)],
  [e128, "é".repeat(64)],
])("the segment %s of a path is decoded once", async (segment, value) => {
  await using server = await serve({ endpoints: [room] });
  using client = await RawClient.open(server.url);
  client.write(handshakeRequest(`/ws/rooms/${segment}?x=%2F`));
  expect((await client.nextResponse()).status).toBe(101);
  expect(JSON.parse((await client.nextFrame()).payload.toString())).toEqual({
    type: "welcome",
    payload: { room: value },
  });
});

const order = endpoint("/ws/orders/:order", {
  params: z.object({ order: z.coerce.number().int() }),
  query: z.object({ version: z.coerce.number().default(1) }),
  receives: { show: z.object({}) },
  on: { show: ({ params, query }) => ({ params, query }) },
});

test("params and query become what their schemas make of them, or the request is bad", async () => {
  await using server = await serve({ endpoints: [order] });
  const client = await dial(`${server.url}/ws/orders/7?version=2&version=3&other=x`);
  expect((await client.ask("show", {})).payload).toEqual({ params: { order: 7 }, query: { version: 3 } });
  for (const path of ["/ws/orders/seven", "/ws/orders/1.5", "/ws/orders/7?version=new"]) {
    const refused = await dialRefused(server.url + path);
    expect(refused).toMatchObject({ status: 400, body: { code: "bad_request" } });
  }
});

test("names of a prototype in the query are names like any other", async () => {
  const show = endpoint("/ws/show", { receives: { show: z.object({}) }, on: { show: ({ query }) => query } });
  await using server = await serve({ endpoints: [show] });
  const client = await dial(`${server.url}/ws/show?__proto__=a&constructor=b&toString=c`);
  client.sendText('{"type":"show","id":1}');
  expect(await client.nextText()).toBe(
    '{"type":"reply","id":1,"payload":{"__proto__":"a","constructor":"b","toString":"c"}}',
  );
});

test.each([
  ["bytes that are no HTTP", "\x16\x03\x01 hello\r\n\r\n", 400, "bad_request"],
  ["a header without a name", "GET /ws/rooms/a HTTP/1.1\r\nhost: x\r\n: y\r\n\r\n", 400, "bad_request"],
  [
    "headers of more than 16 KiB",
    handshakeRequest("/ws/rooms/a", { headers: { x: "y".repeat(17_000) } }),
    431,
    "header_too_large",
  ],
  ["a path of more than 16 KiB", handshakeRequest(`/ws/rooms/${"y".repeat(17_000)}`), 431, "header_too_large"],
])("%s are answered with an error", async (_, bytes, status, code) => {
  await using server = await serve({ endpoints: [room] });
  expect(await request(server.url, bytes)).toMatchObject({ status, body: { code } });
  expect((await dial(`${server.url}/ws/rooms/a`)).protocol).toBe("");
});

test("what a peer sends with its handshake, before it is accepted, is not lost", async () => {
  const gate = createGate();
  const echo = rawEndpoint("/ws/echo", {
    allow: () => gate.opened.then(() => true),
    text: ({ connection }, text) => void connection.send(text),
  });
  await using server = await serve({ endpoints: [echo] });
  using client = await RawClient.open(server.url);
  const early = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]);
  client.write(Buffer.concat([Buffer.from(handshakeRequest("/ws/echo")), early]));
  gate.open();
  expect((await client.nextResponse()).status).toBe(101);
  expect((await client.nextFrame()).payload.toString()).toBe("hi");
});

test("who hangs up before the handshake is answered leaves nothing behind", async () => {
  const [asked, gate] = [createGate(), createGate()];
  const slow = endpoint("/ws/slow", {
    allow: async () => {
      asked.open();
      await gate.opened;
      return true;
    },
  });
  await using server = await serve({ endpoints: [slow, room] });
  using client = await RawClient.open(server.url);
  client.write(handshakeRequest("/ws/slow"));
  await asked.opened;
  client.reset();
  // Long enough for the reset to have arrived: others come and go meanwhile.
  for (let n = 0; n < 3; n += 1) await (await dial(`${server.url}/ws/rooms/a`)).next();
  gate.open();
  for (let n = 0; n < 3; n += 1) await (await dial(`${server.url}/ws/rooms/a`)).next();
  expect(server.app.stats().connectionsOpened).toBe(6);
  expect(server.errors.unread).toEqual([]);
});
