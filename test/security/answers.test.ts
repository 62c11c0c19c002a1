import { endpoint } from "tidings";
import { basicAuth } from "tidings/auth";
import { describe, expect, test } from "vitest";
import { apiKey } from "../support/api-client.js";
import { handshakeRequest, RawClient, request } from "../support/raw-client.js";
import { serve } from "../support/served-app.js";

const room = endpoint("/ws/rooms/:room", { refuse: "http" });
const options = {
  endpoints: [room],
  http: {
    api: { keys: [apiKey], origins: ["https://app.example"] },
    guard: basicAuth({ users: { ops: "open sesame" } }),
  },
} as const;

describe("nothing that a stranger sends becomes a header of an answer", () => {
  const split = "x%0d%0aset-cookie:%20session=stolen";

  test.each([
    ["a path", `GET /docs/${split} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
    ["the page that has a slash too many", `GET /docs/?${split} HTTP/1.1\r\nHost: evil.example\r\n\r\n`],
    ["a host", `GET /docs/ HTTP/1.1\r\nHost: evil.example\tset-cookie:session=stolen\r\n\r\n`],
    [
      "an origin",
      `OPTIONS /api/publish HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n\r\n`,
    ],
    [
      "headers that are asked for",
      `OPTIONS /api/publish HTTP/1.1\r\nHost: localhost\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: set-cookie\r\n\r\n`,
    ],
    [
      "a subprotocol",
      handshakeRequest("/ws/rooms/a", { headers: { "sec-websocket-protocol": "evil.example, session=stolen" } }),
    ],
    [
      "an extension",
      handshakeRequest("/ws/rooms/a", { headers: { "sec-websocket-extensions": "stolen; evil.example" } }),
    ],
  ])("%s", async (_, bytes) => {
    await using server = await serve(options);
    const { headers } = await request(server.url, bytes);
    expect(Object.keys(headers)).not.toContain("set-cookie");
    expect(JSON.stringify(headers)).not.toMatch(/evil|stolen/);
  });
});

test("a redirect leads to where it was asked, whatever host was said", async () => {
  await using server = await serve({ endpoints: [room], http: { guard: () => true } });
  for (const host of ["evil.example", "localhost"]) {
    const { status, headers } = await request(server.url, `GET /docs/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect([status, headers.location]).toEqual([308, "../docs"]);
  }
});

test("a header with a line break in it is no request at all", async () => {
  await using server = await serve(options);
  const folded = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Own: a\r\n b\r\n\r\n";
  const bare = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Own: a\nSet-Cookie: b\r\n\r\n";
  for (const bytes of [folded, bare]) expect((await request(server.url, bytes)).status).toBe(400);
});

describe("beside a proxy both see the same requests", () => {
  const smuggled = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const head = `POST /api/publish HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\n`;

  test.each([
    [
      "has a length and chunks",
      `${head}Content-Length: ${smuggled.length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    ["has two lengths", `${head}Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`],
    ["has a length that is no number", `${head}Content-Length: +${smuggled.length}\r\n\r\n${smuggled}`],
    ["has chunks by another word", `${head}Transfer-Encoding: xchunked\r\n\r\n${smuggled}`],
    ["has a blank before a header's colon", `${head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ["has chunks whose length is none", `${head}Transfer-Encoding: chunked\r\n\r\n0x5\r\n{}\r\n${smuggled}`],
  ])("a request that %s is refused, and what comes behind it is not looked at", async (_, bytes) => {
    await using server = await serve(options);
    expect(await statusesOf(server.url, bytes)).toEqual([400]);
  });

  test("what comes behind a handshake that is refused is no request", async () => {
    await using server = await serve(options);
    expect(await statusesOf(server.url, handshakeRequest("/ws/nowhere") + smuggled)).toEqual([404]);
  });

  test("what comes behind a handshake that is accepted is frames, and no request", async () => {
    await using server = await serve(options);
    using client = await RawClient.open(server.url);
    client.write(handshakeRequest("/ws/rooms/a") + smuggled);
    expect((await client.nextResponse()).status).toBe(101);
    // "GE" is a frame of an unknown kind, which is not masked.
    expect((await client.nextClose()).code).toBe(1002);
  });

  test("a handshake with a body is refused, or its body is no request", async () => {
    await using server = await serve(options);
    const bytes =
      handshakeRequest("/ws/nowhere", { headers: { "content-length": String(smuggled.length) } }) + smuggled;
    expect(await statusesOf(server.url, bytes)).toEqual([404]);
  });
});

/** Of all that is answered until the server hangs up. */
async function statusesOf(url: string, bytes: string): Promise<readonly number[]> {
  using client = await RawClient.open(url);
  client.write(bytes);
  client.end();
  const statuses: number[] = [];
  for (;;) {
    const response = await client.nextResponse().catch(() => undefined);
    if (response === undefined) return statuses;
    statuses.push(response.status);
  }
}
