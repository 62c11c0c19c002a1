import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.js";
import type { Asked } from "./asked.js";
import { createHttpHandler, type HttpFacts } from "./handler.js";
import { describeApi } from "./openapi.js";
import type { Access } from "./page-access.js";
import { PageDoor } from "./page-door.js";
import { PageFiles } from "./page-files.js";

interface Answered {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array | undefined;
}

function doorFor(access: Access): PageDoor {
  return new PageDoor({
    access: { docs: access, dashboard: access, metrics: access },
    clock: new FakeClock(),
    limits: () => ({ needs: 5_000, pending: 10 }),
    forwarded: () => undefined,
    onPageRefused: () => {},
    onError: () => {},
  });
}

const facts: HttpFacts = {
  hasEndpoint: (path) => path === "/ws",
  isReady: () => true,
  count: async () => ({ users: 3, connections: 5, isOfThisProcess: false }),
  document: (servers) => ({ asyncapi: "3.0.0", servers }),
  metrics: () => "websocket_connections 5\n",
  api: undefined,
  openapi: () => describeApi({ info: undefined, channels: [] }),
  door: doorFor("everybody"),
  files: new PageFiles(async () => []),
  forwarded: () => undefined,
  onError: () => {},
};

const filed = new PageFiles(async () => []);
filed.read = async (name) => ({
  contentType: `of ${name}`,
  etag: 'W/"x"',
  plain: Buffer.from(name),
  gzipped: undefined,
});

/** Asks, and resolves with the answer or with `"next"`. */
function ask(
  method: string | undefined,
  url: string | undefined,
  given: Partial<HttpFacts> = {},
  hasNext = true,
  { rawHeaders = ["Host", "localhost:8000"], address = "127.0.0.1" }: Partial<Asked> = {},
): Promise<Answered | "next"> {
  return new Promise((resolve) => {
    const answered: Answered = { status: 0, headers: {}, body: undefined };
    const response = {
      writeHead: (status: number, headers: Record<string, string>) => Object.assign(answered, { status, headers }),
      end: (body?: string | Uint8Array) => resolve({ ...answered, body }),
    };
    const request = { method, url, rawHeaders, socket: { remoteAddress: address } };
    createHttpHandler({ ...facts, ...given })(request, response, hasNext ? () => resolve("next") : undefined);
  });
}

test.each([
  ["/healthz", {}, 200, '{"status":"ok"}'],
  ["/readyz", {}, 200, '{"status":"ready"}'],
  ["/readyz", { isReady: () => false }, 503, '{"status":"not ready"}'],
  ["/health/websockets", {}, 200, '{"total_users":3,"total_connections":5}'],
  [
    "/health/websockets",
    { count: async () => ({ users: 1, connections: 2, isOfThisProcess: true }) },
    200,
    '{"total_users":1,"total_connections":2,"of_this_process_only":true}',
  ],
  ["/healthz?x=/ws", {}, 200, '{"status":"ok"}'],
] as const)("GET %s", async (url, given, status, body) => {
  expect(await ask("GET", url, given)).toEqual({
    status,
    body,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "content-length": String(body.length),
      "cache-control": "no-store",
    },
  });
});

test("HEAD is answered like GET, without the body", async () => {
  const get = await ask("GET", "/healthz");
  expect(await ask("HEAD", "/healthz")).toEqual({ ...(get as Answered), body: undefined });
});

test.each(["POST", "PUT", "DELETE", "OPTIONS", undefined])("%s is not allowed on a page", async (method) => {
  expect(await ask(method, "/healthz")).toMatchObject({
    status: 405,
    headers: { allow: "GET, HEAD" },
    body: expect.stringContaining('"method_not_allowed"'),
  });
});

function textOf(answer: Answered | "next"): string {
  return answer === "next" ? "" : String(answer.body);
}

test.each(["GET", "POST"])("the path of an endpoint wants an upgrade (%s)", async (method) => {
  const answer = await ask(method, "/ws?token=secret");
  expect(answer).toMatchObject({
    status: 426,
    headers: { upgrade: "websocket", "sec-websocket-version": "13" },
  });
  expect(JSON.parse(textOf(answer))).toEqual({
    code: "upgrade_required",
    message: expect.any(String),
  });
});

test("a page is answered first, also where an endpoint would match its path", async () => {
  expect(await ask("GET", "/healthz", { hasEndpoint: () => true })).toMatchObject({ status: 200 });
});

test("who asks an endpoint's path by HEAD gets the same, without the body (RFC 9110 §9.3.2)", async () => {
  const get = await ask("GET", "/ws");
  expect(await ask("HEAD", "/ws")).toEqual({ ...(get as Answered), body: undefined });
});

test.each(["/", "/other", "/healthz/", "/constructor", "constructor", "__proto__", "toString", undefined])(
  "all else is somebody else's: %s",
  async (url) => {
    expect(await ask("GET", url)).toBe("next");
    const alone = await ask("GET", url, {}, false);
    expect(alone).toMatchObject({ status: 404 });
    expect(JSON.parse(textOf(alone))).toMatchObject({ code: "not_found" });
  },
);

test("a page that can't be made is 503, and the error is told to us alone", async () => {
  const errors: unknown[] = [];
  const error = new Error("redis: password wrong");
  const answer = await ask("GET", "/health/websockets", {
    count: () => Promise.reject(error),
    onError: (given) => errors.push(given),
  });
  expect(answer).toMatchObject({ status: 503, body: expect.stringContaining('"unavailable"') });
  expect(JSON.stringify(answer)).not.toContain("password");
  expect(errors).toEqual([error]);
});

test.each(["/healthz", "/health/websockets"])(
  "a response that somebody else has answered meanwhile is told to us alone: %s",
  async (url) => {
    const errors: unknown[] = [];
    const error = new Error("ERR_HTTP_HEADERS_SENT");
    const response = {
      writeHead() {
        throw error;
      },
      end() {},
    };
    createHttpHandler({ ...facts, onError: (given) => errors.push(given) })({ method: "GET", url }, response);
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toEqual([error]);
  },
);

const PAGES = ["/asyncapi.json", "/metrics", "/docs", "/docs/console.js", "/dashboard", "/dashboard/dashboard.css"];

test.each(PAGES)("%s is there for who may see it, and a path like any other for who may not", async (path) => {
  const given = { files: filed };
  expect(await ask("GET", path, given)).toMatchObject({ status: 200 });
  for (const door of [doorFor("nobody"), doorFor("this computer")]) {
    const asked = { address: "10.0.0.1" };
    for (const method of ["GET", "HEAD", "POST"]) {
      expect(await ask(method, path, { ...given, door }, true, asked)).toBe("next");
      const lost = await ask(method, path, { ...given, door }, false, asked);
      expect(lost).toEqual(await ask(method, "/nowhere", { ...given, door }, false, asked));
    }
    const beside = await ask("GET", path, { ...given, door, hasEndpoint: () => true }, true, asked);
    expect(beside).toMatchObject({ status: 426 });
  }
});

test.each(PAGES)("%s behind a guard asks who it is, also for HEAD", async (path) => {
  const door = doorFor(Object.assign(() => false, { challenge: 'Basic realm="ops"' }));
  const get = await ask("GET", path, { door, files: filed });
  expect(get).toMatchObject({
    status: 401,
    headers: { "www-authenticate": 'Basic realm="ops"', "cache-control": "no-store" },
    body: expect.stringContaining('"unauthorized"'),
  });
  expect(await ask("HEAD", path, { door, files: filed })).toEqual({ ...(get as Answered), body: undefined });
  expect(await ask("DELETE", path, { door, files: filed })).toMatchObject({ status: 405 });
});

test("each file of a page is the one of its name", async () => {
  for (const [path, name] of [
    ["/docs", "console.html"],
    ["/docs/console.js", "console.js"],
    ["/docs/console.css", "console.css"],
    ["/docs/icon.svg", "icon.svg"],
    ["/dashboard", "dashboard.html"],
    ["/dashboard/dashboard.js", "dashboard.js"],
    ["/dashboard/dashboard.css", "dashboard.css"],
    ["/dashboard/icon.svg", "icon.svg"],
  ]) {
    expect(textOf(await ask("GET", path, { files: filed }))).toBe(name);
  }
});

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

test.each(["/docs", "/docs/console.js", "/docs/icon.svg", "/dashboard", "/dashboard/dashboard.js"])(
  "%s loads from here alone and is in nobody's frame",
  async (path) => {
    const answer = await ask("GET", path, { files: filed });
    expect(answer).toMatchObject({
      headers: {
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "x-frame-options": "DENY",
        "cache-control": "private, no-cache",
        etag: 'W/"x"',
      },
    });
  },
);

test("from a port apart the console may reach the app's sockets, and the dashboard its own alone", async () => {
  const elsewhere = () => [
    { host: "0.0.0.0", port: 8000, url: "http://0.0.0.0:8000" },
    { host: "127.0.0.1", port: 8443, url: "https://127.0.0.1:8443" },
  ];
  const asked = { rawHeaders: ["Host", "ops.example:9100"] };
  const policyOf = async (path: string) => {
    const answer = await ask("GET", path, { files: filed, elsewhere }, true, asked);
    return (answer as Answered).headers["content-security-policy"];
  };
  const own = "connect-src 'self'";
  expect(await policyOf("/docs")).toBe(POLICY.replace(own, `${own} ws://ops.example:8000 wss://127.0.0.1:8443`));
  expect(await policyOf("/dashboard")).toBe(POLICY);
});

test("no host that a client made up becomes part of the policy, or of the document", async () => {
  const elsewhere = () => [{ host: "0.0.0.0", port: 8000, url: "http://0.0.0.0:8000" }];
  const asked = { rawHeaders: ["Host", "x; script-src *"] };
  for (const path of ["/docs", "/asyncapi.json"]) {
    const answer = await ask("GET", path, { files: filed, elsewhere }, true, asked);
    expect(JSON.stringify(answer)).not.toContain("script-src *");
  }
});

test("the document names the server that was asked", async () => {
  const servers = async (rawHeaders: readonly string[], given: Partial<HttpFacts> = {}) => {
    const answer = await ask("GET", "/asyncapi.json", given, true, { rawHeaders });
    return JSON.parse(textOf(answer)).servers;
  };
  expect(await servers(["Host", "ops.example"])).toEqual([{ host: "ops.example", protocol: "ws" }]);
  const forwarded = () => ({ address: undefined, isSecure: true, host: "app.example" });
  expect(await servers(["Host", "inner"], { forwarded })).toEqual([{ host: "app.example", protocol: "wss" }]);
  expect(await servers([])).toEqual([]);
});

test("the document is written once for all, compressed too, and who has it is told so", async () => {
  let read = 0;
  const document = {
    asyncapi: "3.0.0",
    info: { text: "It says a lot. ".repeat(100) },
    get channels() {
      read += 1;
      return { ws: {} };
    },
  };
  const given = {
    document: (servers: readonly object[]): { readonly servers?: object } =>
      servers.length === 0 ? Object(document) : { servers },
  };
  const handler = createHttpHandler({ ...facts, ...given });
  const askFor = (...more: readonly string[]) =>
    new Promise<Answered>((resolve) => {
      const answered: Answered = { status: 0, headers: {}, body: undefined };
      handler(
        { method: "GET", url: "/asyncapi.json", rawHeaders: more, socket: { remoteAddress: "127.0.0.1" } },
        {
          writeHead: (status: number, headers: Record<string, string>) => Object.assign(answered, { status, headers }),
          end: (body?: string | Uint8Array) => resolve({ ...answered, body }),
        },
      );
    });
  const plain = await askFor("Host", "a.example");
  const packed = await askFor("Host", "a.example", "Accept-Encoding", "gzip");
  const other = await askFor("Host", "b.example");
  const known = await askFor("Host", "a.example", "If-None-Match", plain.headers.etag ?? "");
  expect(read).toBe(1);
  expect(JSON.parse(String(plain.body))).toEqual({
    ...{ asyncapi: "3.0.0", info: document.info, channels: { ws: {} } },
    servers: [{ host: "a.example", protocol: "ws" }],
  });
  expect(gunzipSync(packed.body ?? "").toString()).toBe(String(plain.body));
  expect(packed.headers).toMatchObject({ "content-encoding": "gzip", etag: plain.headers.etag });
  expect(JSON.parse(String(other.body)).servers).toEqual([{ host: "b.example", protocol: "ws" }]);
  expect(other.headers.etag).not.toBe(plain.headers.etag);
  expect([known.status, known.headers["cache-control"]]).toEqual([304, "private, no-cache"]);
});

test("a guard's cookie comes with what the dashboard loads, where its path is the dashboard's", async () => {
  const guard = Object.assign(() => true, { remember: ({ address }: { address: string }) => `pass=${address}` });
  for (const path of PAGES) {
    const answer = await ask("GET", path, { files: filed, door: doorFor(guard) });
    expect(answer).toMatchObject({ status: 200 });
    expect((answer as Answered).headers["set-cookie"]).toBeUndefined();
  }
  const script = await ask("GET", "/dashboard/dashboard.js", { files: filed, door: doorFor(guard) });
  expect((script as Answered).headers["set-cookie"]).toBe("pass=127.0.0.1");
  const stranger = Object.assign(() => false, { remember: () => "pass=1" });
  const refused = await ask("GET", "/dashboard/dashboard.js", { files: filed, door: doorFor(stranger) });
  expect((refused as Answered).headers["set-cookie"]).toBeUndefined();
});

test("metrics are in Prometheus' text format, and nobody keeps them", async () => {
  expect(await ask("GET", "/metrics")).toEqual({
    status: 200,
    headers: {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
      "content-length": "24",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
    },
    body: "websocket_connections 5\n",
  });
});

test("a page whose files are missing says what to do, and we are told", async () => {
  const errors: unknown[] = [];
  const answer = await ask("GET", "/docs", { onError: (error) => errors.push(error) });
  expect(answer).toMatchObject({ status: 503, body: expect.stringContaining("npm run build:ui") });
  expect(errors).toHaveLength(1);
});

test("a request without headers or an address is nobody's", async () => {
  const response = { writeHead: () => {}, end: () => {} };
  const asked: string[] = [];
  const handler = createHttpHandler({ ...facts, door: doorFor("this computer") });
  handler({ method: "GET", url: "/docs" }, response, () => asked.push("next"));
  expect(asked).toEqual(["next"]);
});

test("a target in its absolute form is the same (RFC 9112 §3.2.2)", async () => {
  expect(await ask("GET", "http://localhost:8000/healthz?x")).toMatchObject({ status: 200 });
  expect(await ask("GET", "http://localhost:8000")).toBe("next");
});
