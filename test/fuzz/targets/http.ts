import { createApp, endpoint } from "tidings";
import { basicAuth, firstOf, jwt, session } from "tidings/auth";
import { z } from "zod";
import { jsonLogger } from "../../../src/observe/log-json.js";
import { textLogger } from "../../../src/observe/log-text.js";
import { chat } from "../../support/api-app.js";
import { apiKey } from "../../support/api-client.js";
import { secret, signToken } from "../../support/tokens.js";
import { isDocumentedClose } from "../documented.js";
import { exchange } from "../exchange.js";
import { readFrames, readResponses } from "../response.js";
import { hold, type Opened, type Target } from "../target.js";

/** Stands for a token or a session. It is in no log line and in no answer. */
const MARK = "mArK-0123456789";

export const http: Target = {
  about:
    "bytes over TCP: requests to pages, to the HTTP API and for an upgrade; a line that ends with LF alone ends with CRLF",
  words: [
    ..."GET POST HEAD OPTIONS PUT DELETE CONNECT PRI / /ws /ws/rooms/a /healthz /readyz /metrics /docs /docs/ /dashboard".split(
      " ",
    ),
    ..."/asyncapi.json /openapi.json /api /api/publish /api/batch /api/presence /api/history /api/tasks /api/stats".split(
      " ",
    ),
    ...`/api/disconnect /api/revoke ?token= ?channel=chat/a&limit=2 HTTP/1.1 HTTP/1.0 HTTP/2.0`.split(" "),
    ..."\nHost: localhost|\nOrigin: http://localhost|\nOrigin: null|\nConnection: Upgrade|\nUpgrade: websocket".split(
      "|",
    ),
    ..."\nSec-WebSocket-Version: 13|\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|\nSec-WebSocket-Protocol: tidings.v1".split(
      "|",
    ),
    ..."\nSec-WebSocket-Extensions: permessage-deflate|\nContent-Type: application/json|\nContent-Length: 2".split("|"),
    ..."\nTransfer-Encoding: chunked|\nExpect: 100-continue|\nX-Forwarded-For: 10.0.0.7|\nX-Forwarded-Proto: https".split(
      "|",
    ),
    ..."\nX-Forwarded-Host: example.com|\nConnection: close|\nConnection: keep-alive|\nIf-None-Match: *|\nRange: bytes=0-1".split(
      "|",
    ),
    ...[`\nCookie: session_id=${MARK}`, `\nAuthorization: Bearer ${MARK}`, `\nAuthorization: Bearer ${apiKey}`],
    ...[`\nX-API-Key: ${apiKey}`, `bearer.${Buffer.from(MARK).toString("base64url")}`, `token=${MARK}`],
    ...[`\nAuthorization: Basic b3BzOg==`, signToken({ sub: "ana" }), "\n\n", "\r\n\r\n", "0\r\n\r\n", "{}"],
  ],
  batch: 32,
  open,
};

async function open(): Promise<Opened> {
  const said: string[] = [];
  const errors: unknown[] = [];
  const now = () => 0;
  const write = (line: string) => void said.push(line);
  const [asText, asJson] = [textLogger({ write, now, isColourful: false }), jsonLogger(write, now)];
  const both = (level: "debug" | "info" | "warn" | "error") => (fields: object, message?: string) => {
    asText[level](fields, message);
    asJson[level](fields, message);
  };
  const logger = { debug: both("debug"), info: both("info"), warn: both("warn"), error: both("error") };
  const user = firstOf(jwt({ secret }), session({ lookup: async (id) => (id === "s1" ? { id } : null) }));
  const desk = endpoint("/ws", { auth: user, channels: [chat], receives: { say: z.unknown() }, on: { say() {} } });
  const room = endpoint("/ws/rooms/:room", {
    query: z.object({ page: z.coerce.number().optional() }),
    allow: ({ request }) =>
      request.url.pathname !== "" && [...request.headers].length >= 0 && request.cookies !== undefined,
    channels: [chat],
  });
  const app = createApp({
    endpoints: [desk, room],
    logger,
    compression: true,
    trustProxy: ["loopback"],
    onError: (error) => void errors.push(error),
    limits: { handshake: "5s", apiBodyTime: "2s", close: "1s" },
    http: {
      api: { keys: [apiKey], origins: ["https://app.example"] },
      guard: basicAuth({ users: { ops: "open sesame" } }),
    },
  });
  const { url } = await app.listen(0, { signals: [] });
  return {
    async read(input) {
      const bytes = Buffer.from(input.toString("latin1").replace(/(?<!\r)\n/g, "\r\n"), "latin1");
      const { responses, frames = Buffer.alloc(0) } = readResponses(await exchange(url, bytes));
      for (const { status, headers, body } of responses) checkResponse(status, headers, body);
      for (const { opcode, payload } of readFrames(frames)) {
        const isGood = opcode !== 8 || payload.length < 2 || isDocumentedClose(payload.readUInt16BE());
        hold(isGood, "a connection closes with a documented code", payload.toString());
      }
      for (const line of said.splice(0)) checkLine(line, bytes.toString("latin1"));
      const [error] = errors.splice(0);
      hold(error === undefined, "what a client sends is no fault of the app's", error);
      const next = readResponses(await exchange(url, Buffer.from(GOOD_REQUEST)));
      hold(next.responses[0]?.status === 200, "the next good request is answered");
    },
    async close() {
      await app.close();
      hold(app.stats().connections === 0, "nobody is left", app.stats());
    },
  };
}

const GOOD_REQUEST = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/** 500 is not among them: that is the app's own fault. */
const STATUSES = new Set([
  101, 200, 204, 304, 308, 400, 401, 403, 404, 405, 408, 409, 413, 415, 417, 426, 429, 431, 503,
]);

function checkResponse(status: number, headers: ReadonlyMap<string, string>, body: Buffer): void {
  hold(STATUSES.has(status), "a status is one that is documented", status);
  const text = body.toString();
  if (/json/.test(headers.get("content-type") ?? "") && headers.get("content-encoding") === undefined && text !== "") {
    const told = JSON.parse(text) as { readonly code?: unknown };
    hold(status < 400 || typeof told.code === "string", "a refusal has a code", text);
  }
  const shown = [...headers].join("\n") + text;
  hold(!/\n\s+at |node:internal|\/src\/\w+\//.test(shown), "nothing of the inside is told", shown);
  hold(!shown.includes(MARK), "no token is told", shown);
}

function checkLine(line: string, input: string): void {
  const isJson = line.startsWith("{");
  if (isJson) JSON.parse(line);
  // Of an error the lines are indented: only one of ours begins at the left edge.
  const isOne = isJson
    ? line.indexOf("\n") === line.length - 1
    : /^(?:[^\p{Cc}\u2028\u2029]*\n(?: {4}|$))+$/u.test(line);
  hold(isOne, "a log line is one line", line);
  // Where a client says its token as the name of a host or an origin, that name is told.
  const isElsewhere = new RegExp(`(origin|host|forwarded)[^\\n]*${MARK}`, "i").test(input);
  hold(isElsewhere || !line.includes(MARK), "no token is logged", line);
}
