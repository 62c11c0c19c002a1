import { expect, test } from "vitest";
import { frame, opcodes } from "./client-frame.js";
import { serveEcho } from "./echo-app.js";
import { type Asked, acceptOf, checkAccepted, type Head, writeRequest } from "./handshake.js";
import { say } from "./line.js";
import { dial, Wire } from "./wire.js";

/** RFC 6455 §4 and §9.1, as far as what follows stands on them. */
export function handshakeRules(): void {
  test("RFC 6455 §4.2.2: the server proves that it read the key, as in the RFC's own example", async () => {
    await using app = await serveEcho();
    expect(acceptOf("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    const { head } = await request(app.url, {}, "dGhlIHNhbXBsZSBub25jZQ==");
    expect(head.headers.get("sec-websocket-accept")).toEqual(["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
  });

  test("RFC 6455 §4.2.1: names, and the words of Upgrade and Connection, are read in any case and among others", async () => {
    await using app = await serveEcho();
    for (const headers of [
      { Upgrade: "WebSocket" },
      { UPGRADE: "WEBSOCKET", CONNECTION: "UPGRADE" },
      { Connection: "keep-alive, Upgrade" },
      { connection: "upgrade,keep-alive" },
    ]) {
      await using wire = await dial(app.url, { headers });
      wire.send(frame(opcodes.text, "in"));
      expect(say(await wire.next())).toBe("text in");
    }
  });

  test("RFC 6455 §4.2.1: what is no handshake is answered by HTTP, and TCP is ended", async () => {
    await using app = await serveEcho();
    const bad: Asked[] = [
      { request: "POST /echo HTTP/1.1" },
      { request: "GET /echo HTTP/1.0" },
      { headers: { host: undefined } },
      { headers: { host: ["127.0.0.1", "127.0.0.1"] } },
      { headers: { upgrade: "h2c" } },
      { headers: { "sec-websocket-key": undefined } },
      { headers: { "sec-websocket-key": "" } },
      { headers: { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ" } },
      { headers: { "sec-websocket-key": "dGhlIHNhbXBsZQ==" } },
      { headers: { "sec-websocket-key": "AQIDBAUGBwgJCgsMDQ4P" } }, // 15 bytes
      { headers: { "sec-websocket-key": "AQIDBAUGBwgJCgsMDQ4P==" } },
      { headers: { "sec-websocket-key": "AQIDBAUGBwgJCgsMDQ4PEBE=" } }, // 17
      { headers: { "sec-websocket-key": "!!!!!!!!!!!!!!!!!!!!!!==" } },
      { headers: { "sec-websocket-key": ["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="] } },
    ];
    for (const asked of bad) {
      const { head, wire } = await request(app.url, asked);
      expect(Math.floor(head.status / 100), JSON.stringify(asked)).toBe(4);
      await wire.ended();
    }
  });

  test("RFC 6455 §4.2.1: without Upgrade it is a request of HTTP, and is not switched", async () => {
    await using app = await serveEcho();
    for (const headers of [{ upgrade: undefined }, { connection: undefined }, { connection: "keep-alive" }]) {
      const { head } = await request(app.url, { headers });
      expect(head.status).toBe(426);
      expect(head.headers.has("sec-websocket-accept")).toBe(false);
    }
  });

  test("RFC 6455 §4.2.2: another version is told 426 and which one there is, and TCP is ended", async () => {
    await using app = await serveEcho();
    for (const version of ["0", "8", "12", "14", "255", "256", "013", "13.0", "", undefined]) {
      const { head, wire } = await request(app.url, { headers: { "sec-websocket-version": version } });
      expect(head.status, version).toBe(426);
      expect(head.headers.get("sec-websocket-version")).toEqual(["13"]);
      await wire.ended();
    }
  });

  test("RFC 6455 §4.2.2: the subprotocol is one that was asked for, or none", async () => {
    await using app = await serveEcho();
    const answers = new Map([
      ["echo.v1", "echo.v1"],
      ["echo.v2", "echo.v2"],
      ["other, echo.v2", "echo.v2"],
      ["other", undefined],
      ["ECHO.V1", undefined],
    ]);
    for (const [protocols, answer] of answers) {
      const { head } = await request(app.url, { protocols });
      expect([head.status, head.headers.get("sec-websocket-protocol")?.[0]]).toEqual([101, answer]);
    }
    const { head } = await request(app.url, {});
    expect(head.headers.has("sec-websocket-protocol")).toBe(false);
  });

  test("RFC 6455 §9.1: an extension that was not asked for, or that nobody knows, is not answered", async () => {
    await using app = await serveEcho({ compression: true });
    for (const offer of [undefined, "foo", "x-webkit-deflate-frame", "foo; bar=2, mux; max-channels=4; flow-control"]) {
      const { head } = await request(app.url, { offer });
      expect([head.status, head.headers.get("sec-websocket-extensions")]).toEqual([101, undefined]);
    }
    await using asked = await dial(app.url, { offer: "foo, permessage-deflate" });
    expect(asked.agreed).toBeDefined();
  });

  test("RFC 6455 §9.1: extensions that are not written as they must be are never agreed on", async () => {
    await using app = await serveEcho({ compression: true });
    for (const offer of malformedOffers) {
      await using wire = await dial(app.url, { offer });
      expect(wire.agreed, offer).toBe(undefined);
      wire.send(frame(opcodes.text, "x".repeat(2_000)));
      expect(await wire.next()).toMatchObject({ kind: "text", isDeflated: false });
    }
  });
}

const malformedOffers = [
  "permessage-deflate;",
  "permessage-deflate; =15",
  "permessage-deflate; server_max_window_bits=",
  ";",
  "permessage-deflate; a b",
  "permessage-deflate server_no_context_takeover",
  'permessage-deflate; server_max_window_bits="15',
  "permessage deflate",
  "permessage-deflate; server_max_window_bits==15",
  'permessage-deflate; server_max_window_bits="1 5"',
  "permessage-deflate; (",
  "permessage-deflate; server_max_window_bits=15=15",
  "=",
  "permessage-deflate/",
];

async function request(
  url: string,
  asked: Asked,
  key = "AQIDBAUGBwgJCgsMDQ4PEA==",
): Promise<{ head: Head; wire: Wire }> {
  const wire = Wire.open(url, (head) => checkAccepted(head, asked, key));
  wire.send(Buffer.from(writeRequest(asked, key)));
  const head = await wire.head();
  if (head.status === 101) await wire[Symbol.asyncDispose]();
  return { head, wire };
}
