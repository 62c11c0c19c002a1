import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer, request as requestByTls } from "node:https";
import { createApp } from "tidings";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveLogin } from "../../examples/showcase/login.js";
import { Sessions } from "../../examples/showcase/sessions.js";
import { tlsCertificate } from "../conformance/tls-certificate.js";
import { dial, dialRefused } from "../support/ws-client.js";
import { type Showcase, startShowcase } from "./start-showcase.js";

let showcase: Showcase;
beforeAll(async () => {
  showcase = await startShowcase();
});
afterAll(() => showcase[Symbol.asyncDispose]());

test("P8: a login sets the cookie, and /ws/me tells who has it", async () => {
  const response = await logIn({ name: " alice " });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ name: "alice" });
  const [id, ...attributes] = String(response.headers.get("set-cookie")).split("; ");
  expect(id).toMatch(/^session_id=[\w-]{22}$/); // 128 bits
  expect(attributes).toEqual(["Path=/", "Max-Age=86400", "HttpOnly", "SameSite=Strict"]);

  const me = await dial(`${showcase.url}/ws/me`, { headers: { cookie: String(id) } });
  const answer = await me.ask("whoami", {});
  expect(answer).toMatchObject({ type: "reply", payload: { id: "guest alice", name: "alice" } });
});

test("P8: without a session, or with one that nobody began, /ws/me is refused with 401", async () => {
  for (const headers of [{}, { cookie: "session_id=" }, { cookie: "session_id=AAAAAAAAAAAAAAAAAAAAAA" }]) {
    const { status, body } = await dialRefused(`${showcase.url}/ws/me`, { headers });
    expect({ status, body }).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  }
});

test("P8: a page of another origin may not use the cookie", async () => {
  const cookie = await signedIn("alice");
  const refused = await dialRefused(`${showcase.url}/ws/me`, { headers: { cookie, origin: "https://evil.example" } });
  expect(refused).toMatchObject({ status: 403, body: { code: "origin_not_allowed" } });
  const own = await dial(`${showcase.url}/ws/me`, { headers: { cookie, origin: showcase.url } });
  expect(await own.ask("whoami", {})).toMatchObject({ payload: { name: "alice" } });
});

test("a logout closes what the session opened, takes the cookie back, and nobody enters with it again", async () => {
  const cookie = await signedIn("alice");
  const others = await dial(`${showcase.url}/ws/me`, { headers: { cookie: await signedIn("alice") } });
  const me = await dial(`${showcase.url}/ws/me`, { headers: { cookie } });
  const response = await fetch(`${showcase.url}/logout`, { method: "POST", headers: { cookie: `a=b; ${cookie}` } });
  expect(response.status).toBe(200);
  expect(response.headers.get("set-cookie")).toBe("session_id=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
  expect(await me.closed).toEqual({ code: 1008, reason: "unauthorized" });
  expect(await dialRefused(`${showcase.url}/ws/me`, { headers: { cookie } })).toMatchObject({ status: 401 });
  expect(await others.ask("whoami", {})).toMatchObject({ payload: { name: "alice" } });
});

test("a page of another origin can neither log in nor log out", async () => {
  const cookie = await signedIn("alice");
  for (const origin of ["https://evil.example", "null", `${showcase.url}.evil.example`, "http://127.0.0.1:1"]) {
    for (const path of ["/login", "/logout"]) {
      const response = await post(path, JSON.stringify({ name: "mallory" }), { origin, cookie });
      expect(response.status, `${origin} ${path}`).toBe(403);
      expect(response.headers.get("set-cookie"), `${origin} ${path}`).toBeNull();
      expect(await response.json()).toEqual({ code: "origin_not_allowed", message: expect.any(String) });
    }
  }
  const me = await dial(`${showcase.url}/ws/me`, { headers: { cookie } });
  expect(await me.ask("whoami", {})).toMatchObject({ payload: { name: "alice" } });
});

test.each([
  ["no JSON", "{", 400, "bad_request"],
  ["no object", "null", 400, "bad_request"],
  ["no name", "{}", 400, "bad_request"],
  ["a name that is no text", '{"name":7}', 400, "bad_request"],
  ["an empty name", '{"name":"  "}', 400, "bad_request"],
  ["a name of 33 characters", JSON.stringify({ name: "x".repeat(33) }), 400, "bad_request"],
  ["a name with half a character", '{"name":"a\\ud800"}', 400, "bad_request"],
  ["a name with a control character", '{"name":"a\\u0000"}', 400, "bad_request"],
  ["1,025 bytes", JSON.stringify({ name: "a", more: "x".repeat(1_003) }), 413, "body_too_large"],
])("a login with %s is refused", async (_, body, status, code) => {
  const response = await post("/login", body);
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ code, message: expect.any(String) });
  expect(response.headers.get("set-cookie")).toBeNull();
});

test("a login takes names of 1 to 32 characters, in at most 1,024 bytes", async () => {
  for (const name of ["x", "x".repeat(32), "👍".repeat(32), "Zoë Müller"]) {
    expect(await (await logIn({ name })).json(), name).toEqual({ name });
  }
  const body = JSON.stringify({ name: "a", more: "x".repeat(1_002) });
  expect(Buffer.byteLength(body)).toBe(1_024);
  expect((await post("/login", body)).status).toBe(200);
});

test("a login that is no POST of JSON is refused with 405 or 415", async () => {
  const get = await fetch(`${showcase.url}/login`);
  expect({ status: get.status, allow: get.headers.get("allow") }).toEqual({ status: 405, allow: "POST" });
  expect(await get.json()).toEqual({ code: "method_not_allowed", message: expect.any(String) });
  const form = await post("/login", "name=alice", { "content-type": "application/x-www-form-urlencoded" });
  expect(form.status).toBe(415);
  expect(await form.json()).toEqual({ code: "unsupported_media_type", message: expect.any(String) });
});

test("over TLS the cookie is for TLS alone", async () => {
  const given = { app: createApp({ endpoints: [] }), sessions: new Sessions() };
  await using server = createServer(tlsCertificate, (request, response) => void serveLogin(request, response, given));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = Object(server.address());
  const logInFrom = async (origin: string) => {
    const trust = { ca: tlsCertificate.cert, servername: "localhost", agent: false };
    const headers = { "content-type": "application/json", origin };
    const request = requestByTls(`https://127.0.0.1:${port}/login`, { method: "POST", headers, ...trust });
    request.end('{"name":"alice"}');
    const [response]: IncomingMessage[] = await once(request, "response");
    response?.resume();
    return { status: response?.statusCode, cookie: response?.headers["set-cookie"]?.[0] };
  };
  expect(await logInFrom(`https://127.0.0.1:${port}`)).toEqual({
    status: 200,
    cookie: expect.stringMatching(/^session_id=.*; HttpOnly; SameSite=Strict; Secure$/),
  });
  expect(await logInFrom(`http://127.0.0.1:${port}`)).toEqual({ status: 403, cookie: undefined });
});

test("sessions expire, and when there are too many the oldest goes", () => {
  let nowMs = 0;
  const sessions = new Sessions({ limit: 2, lifetimeMs: 1_000, now: () => nowMs });
  const [first, second] = ["a", "b"].map((id) => sessions.begin({ id, name: id }));
  nowMs = 500;
  const third = sessions.begin({ id: "c", name: "c" });
  expect([first, second, third].map((id) => sessions.find(id ?? "")?.id)).toEqual([undefined, "b", "c"]);
  expect(sessions.size).toBe(2);
  nowMs = 999;
  expect(sessions.find(second ?? "")?.id).toBe("b");
  nowMs = 1_000;
  expect(sessions.find(second ?? "")).toBeUndefined();
  nowMs = 1_500;
  sessions.begin({ id: "d", name: "d" });
  expect(sessions.size).toBe(1);
});

function logIn(body: object): Promise<Response> {
  return post("/login", JSON.stringify(body));
}

function post(path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(showcase.url + path, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
}

/** The cookie of somebody who has signed in. */
async function signedIn(name: string): Promise<string> {
  const response = await logIn({ name });
  return String(response.headers.get("set-cookie")?.split(";")[0]);
}
