import { expect, test } from "vitest";
import { createHttpHandler, type HttpFacts } from "./handler.js";

interface Answered {
  status: number;
  headers: Record<string, string>;
  body: string | undefined;
}

const facts: HttpFacts = {
  hasEndpoint: (path) => path === "/ws",
  isReady: () => true,
  count: async () => ({ users: 3, connections: 5, isOfThisProcess: false }),
  onError: () => {},
};

/** Asks, and resolves with the answer or with `"next"`. */
function ask(
  method: string | undefined,
  url: string | undefined,
  given: Partial<HttpFacts> = {},
  hasNext = true,
): Promise<Answered | "next"> {
  return new Promise((resolve) => {
    const answered: Answered = { status: 0, headers: {}, body: undefined };
    const response = {
      writeHead: (status: number, headers: Record<string, string>) => Object.assign(answered, { status, headers }),
      end: (body?: string) => resolve({ ...answered, body }),
    };
    createHttpHandler({ ...facts, ...given })({ method, url }, response, hasNext ? () => resolve("next") : undefined);
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

test.each(["GET", "POST", "HEAD"])("the path of an endpoint wants an upgrade (%s)", async (method) => {
  const answer = await ask(method, "/ws?token=secret");
  expect(answer).toMatchObject({
    status: 426,
    headers: { upgrade: "websocket", "sec-websocket-version": "13" },
  });
  expect(JSON.parse((answer as Answered).body ?? "")).toEqual({
    code: "upgrade_required",
    message: expect.any(String),
  });
});

test("a page is answered first, also where an endpoint would match its path", async () => {
  expect(await ask("GET", "/healthz", { hasEndpoint: () => true })).toMatchObject({ status: 200 });
});

test.each(["/", "/other", "/healthz/", "/constructor", "constructor", "__proto__", "toString", undefined])(
  "all else is somebody else's: %s",
  async (url) => {
    expect(await ask("GET", url)).toBe("next");
    const alone = await ask("GET", url, {}, false);
    expect(alone).toMatchObject({ status: 404 });
    expect(JSON.parse((alone as Answered).body ?? "")).toMatchObject({ code: "not_found" });
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
