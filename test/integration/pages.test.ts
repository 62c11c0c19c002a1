import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createApp, endpoint, forbidden } from "tidings";
import { basicAuth, jwt } from "tidings/auth";
import { afterEach, expect, test, vi } from "vitest";
import { LogRecorder } from "../support/log-recorder.js";
import { askPage, basic } from "../support/page-request.js";
import { serve } from "../support/served-app.js";
import { secret, signToken } from "../support/tokens.js";
import { dial, dialRefused } from "../support/ws-client.js";

const PAGES = ["/docs", "/docs/console.js", "/asyncapi.json", "/dashboard", "/dashboard/dashboard.css", "/metrics"];
const LIVE = "/dashboard/live";

const room = endpoint("/ws/rooms/:room", { auth: jwt({ secret }) });

function inProduction(): void {
  vi.stubEnv("NODE_ENV", "production");
}

afterEach(() => {
  vi.unstubAllEnvs();
});

async function statuses(url: string, headers: Readonly<Record<string, string>> = {}) {
  return Object.fromEntries(
    await Promise.all(PAGES.map(async (path) => [path, (await askPage(url + path, { headers })).status])),
  );
}

const all = (status: number) => Object.fromEntries(PAGES.map((path) => [path, status]));

test("in development all pages are there for this computer, and the dashboard's socket", async () => {
  await using server = await serve({ endpoints: [room] });
  expect(await statuses(server.url)).toEqual(all(200));
  const client = await dial(server.url + LIVE, { protocols: ["tidings.v1"], headers: { origin: server.url } });
  client.send({ type: "connect" });
  expect(await client.next()).toMatchObject({ type: "connected" });
});

test.each<[string, Readonly<Record<string, string>>]>([
  ["by a name that another site has led here", { host: "evil.example" }],
  ["by the address of a network", { host: "192.168.1.5:8000" }],
  ["through a proxy on this computer", { "x-forwarded-for": "203.0.113.7" }],
  ["through one that says it otherwise", { forwarded: "for=203.0.113.7" }],
  ["through one that says only that it is there", { via: "1.1 vite" }],
])("in development who comes %s finds nothing", async (_, headers) => {
  await using server = await serve({ endpoints: [room] });
  expect(await statuses(server.url, headers)).toEqual(all(404));
  expect(await dialRefused(server.url + LIVE, { headers })).toMatchObject({ status: 404, body: { code: "not_found" } });
});

test("in production nobody finds anything, and it looks like any other path", async () => {
  inProduction();
  await using server = await serve({ endpoints: [room] });
  for (const method of ["GET", "HEAD", "POST", "OPTIONS"]) {
    const { headers, ...nowhere } = await askPage(`${server.url}/nowhere`, { method });
    for (const path of PAGES) {
      const page = await askPage(server.url + path, { method });
      expect(page).toEqual({ ...nowhere, headers: { ...headers, date: page.headers.date } });
      expect(page.status).toBe(404);
    }
  }
  expect(await dialRefused(server.url + LIVE)).toMatchObject({ status: 404, body: { code: "not_found" } });
  expect((await askPage(`${server.url}/healthz`)).status).toBe(200);
});

test("what the environment becomes later opens nothing", async () => {
  inProduction();
  await using server = await serve({ endpoints: [room] });
  vi.stubEnv("NODE_ENV", "development");
  expect(await statuses(server.url)).toEqual(all(404));
});

test("a page that is nobody's is left to the server beside", async () => {
  await using app = createApp({
    endpoints: [room],
    http: { docs: false, dashboard: false, metrics: false },
    logger: new LogRecorder(),
  });
  const beside = createServer((request, response) =>
    app.http(request, response, () => response.end(`mine: ${request.url}`)),
  );
  await new Promise<void>((resolve) => beside.listen(0, "127.0.0.1", resolve));
  const { port } = beside.address() as AddressInfo;
  for (const path of PAGES) {
    expect((await askPage(`http://127.0.0.1:${port}${path}`)).body).toBe(`mine: ${path}`);
  }
  beside.closeAllConnections();
  beside.close();
});

test("in production each page that is asked for is there for everybody", async () => {
  inProduction();
  await using server = await serve({ endpoints: [room], http: { metrics: true, docs: true } });
  const headers = { host: "ops.example", "x-forwarded-for": "203.0.113.7" };
  expect(await statuses(server.url, headers)).toEqual({
    ...all(200),
    "/dashboard": 404,
    "/dashboard/dashboard.css": 404,
  });
  expect((await askPage(`${server.url}/metrics`)).body).toMatch(/^websocket_connections/m);
  expect((await dialRefused(server.url + LIVE)).status).toBe(404);
});

test("a page is not changed, and nothing is said of it to a page of another site", async () => {
  await using server = await serve({ endpoints: [room] });
  for (const path of PAGES) {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      const { status, headers } = await askPage(server.url + path, {
        method,
        headers: { origin: "https://evil.example" },
      });
      expect([status, headers.allow]).toEqual([405, "GET, HEAD"]);
      expect(Object.keys(headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
    }
  }
});

test("a guard keeps all of them, in production too, and the browser asks for the password", async () => {
  inProduction();
  await using server = await serve({
    endpoints: [room],
    http: { guard: basicAuth({ users: { ops: "correct horse" }, realm: "ops" }) },
  });
  expect(await statuses(server.url)).toEqual(all(401));
  const refused = await askPage(`${server.url}/dashboard`);
  expect(refused.headers["www-authenticate"]).toBe('Basic realm="ops", charset="UTF-8"');
  expect(JSON.parse(refused.body)).toEqual({ code: "unauthorized", message: expect.any(String) });
  expect(await statuses(server.url, basic("ops", "correct hors"))).toEqual(all(401));
  expect(await statuses(server.url, basic("ops", "correct horse"))).toEqual(all(200));
});

test("the dashboard's socket is behind its guard, and for its own page", async () => {
  inProduction();
  const http = { dashboard: { guard: basicAuth({ users: { ops: "correct horse" } }) } };
  await using server = await serve({ endpoints: [room], http });
  const known = basic("ops", "correct horse");
  expect(await dialRefused(server.url + LIVE)).toMatchObject({ status: 401, body: { code: "unauthorized" } });
  const elsewhere = { ...known, origin: "https://evil.example" };
  expect(await dialRefused(server.url + LIVE, { headers: elsewhere })).toMatchObject({
    status: 403,
    body: { code: "origin_not_allowed" },
  });
  const client = await dial(server.url + LIVE, {
    protocols: ["tidings.v1"],
    headers: { ...known, origin: server.url },
  });
  client.send({ type: "connect" });
  expect(await client.next()).toMatchObject({ type: "connected" });
});

test("who has seen the dashboard is known at its socket by a cookie, where the browser sends no password", async () => {
  inProduction();
  const http = { guard: basicAuth({ users: { ops: "correct horse" } }) };
  await using server = await serve({ endpoints: [room], http });
  const script = await askPage(`${server.url}/dashboard/dashboard.js`, { headers: basic("ops", "correct horse") });
  const [cookie = ""] = String(script.headers["set-cookie"]).split(";", 1);
  expect(script.headers["cache-control"]).toBe("private, no-cache");
  const client = await dial(server.url + LIVE, { protocols: ["tidings.v1"], headers: { cookie, origin: server.url } });
  client.send({ type: "connect" });
  expect(await client.next()).toMatchObject({ type: "connected" });
  const elsewhere = { cookie, origin: "https://evil.example" };
  expect((await dialRefused(server.url + LIVE, { headers: elsewhere })).status).toBe(403);
  expect(await statuses(server.url, { cookie })).toEqual(all(401));
});

test("a guard sees who asks, and what it throws is the answer", async () => {
  const http = {
    guard({ cookies, url, address }) {
      if (cookies.session !== "ana") throw forbidden(`${address} may not see ${url.pathname}.`);
      return true;
    },
  } satisfies Parameters<typeof serve>[0]["http"];
  await using server = await serve({ endpoints: [room], http, trustProxy: ["loopback"] });
  const refused = await askPage(`${server.url}/metrics`, { headers: { "x-forwarded-for": "203.0.113.7" } });
  expect([refused.status, JSON.parse(refused.body)]).toEqual([
    403,
    { code: "forbidden", message: "203.0.113.7 may not see /metrics." },
  ]);
  expect(await statuses(server.url, { cookie: "session=ana" })).toEqual(all(200));
});

test("a guard that fails or hangs lets nobody in, and `onError` is told", async () => {
  const failure = new Error("database password wrong");
  const http = {
    docs: {
      guard() {
        throw failure;
      },
    },
    metrics: { guard: () => new Promise<never>(() => {}) },
  };
  await using server = await serve({ endpoints: [room], http, limits: { needs: "20ms" } });
  const failed = await askPage(`${server.url}/docs`);
  expect([failed.status, failed.body]).toEqual([500, expect.stringContaining('"internal"')]);
  expect(failed.body).not.toContain("password");
  expect(await server.errors.next()).toMatchObject({ error: failure, at: { during: "http" } });
  expect((await askPage(`${server.url}/metrics`)).status).toBe(503);
  expect(await server.errors.next()).toMatchObject({ error: { message: expect.stringContaining("limits.needs") } });
});

test("a file is sent compressed, and once", async () => {
  await using server = await serve({ endpoints: [room] });
  const url = `${server.url}/docs/console.js`;
  const plain = await askPage(url);
  expect(plain.headers["content-encoding"]).toBeUndefined();
  const zipped = await askPage(url, { headers: { "accept-encoding": "gzip, br" } });
  expect(zipped.headers["content-encoding"]).toBe("gzip");
  expect(Number(zipped.headers["content-length"])).toBeLessThan(Number(plain.headers["content-length"]));
  expect(await (await fetch(url)).text()).toBe(plain.body);
  const again = await askPage(url, { headers: { "if-none-match": String(zipped.headers.etag) } });
  expect([again.status, again.body, again.headers["content-length"]]).toEqual([304, "", undefined]);
  expect(again.headers["content-security-policy"]).toBe(plain.headers["content-security-policy"]);
  const head = await askPage(url, { method: "HEAD" });
  expect([head.status, head.body, head.headers["content-length"]]).toEqual([200, "", plain.headers["content-length"]]);
});

test("no page has a script, a style or an address in it that its policy forbids", async () => {
  await using server = await serve({ endpoints: [room] });
  for (const path of ["/docs", "/dashboard"]) {
    const { body, headers } = await askPage(server.url + path);
    expect(headers["content-security-policy"]).not.toContain("unsafe");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(body).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:|data:|https?:|\/\//i);
    expect(body).toMatch(/<script[^>]*\ssrc=/);
  }
});

test("behind a proxy that takes a prefix away, what a page names is found", async () => {
  await using server = await serve({ endpoints: [room], http: { dashboard: true, docs: true } });
  const proxy = createServer((request, response) => {
    const path = request.url?.replace(/^\/apps\/chat(?=\/)/, "") ?? "/";
    if (path === request.url) return void response.writeHead(404).end();
    const headers = { host: String(request.headers.host), "x-forwarded-prefix": "/apps/chat" };
    askPage(server.url + path, { headers }).then(
      (found) =>
        response.writeHead(found.status, { "content-type": String(found.headers["content-type"]) }).end(found.body),
      (error: unknown) => response.destroy(error as Error),
    );
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  for (const page of ["docs", "dashboard"]) {
    const url = `http://127.0.0.1:${port}/apps/chat/${page}`;
    const { body } = await askPage(url);
    const named = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, reference = ""]) => new URL(reference, url).href,
    );
    expect(named.length).toBeGreaterThan(1);
    for (const each of named) expect([each, (await askPage(each)).status]).toEqual([each, 200]);
  }
  proxy.closeAllConnections();
  proxy.close();
});

test("the document names the server by which it was asked for", async () => {
  await using server = await serve({ endpoints: [room], http: { docs: true }, trustProxy: ["loopback"] });
  const hostsFor = async (headers: Readonly<Record<string, string>>) => {
    const { servers } = JSON.parse((await askPage(`${server.url}/asyncapi.json`, { headers })).body);
    return Object.values<{ host: string; protocol: string }>(servers).map(({ host, protocol }) => [protocol, host]);
  };
  expect(await hostsFor({ host: "localhost:8000" })).toEqual([["ws", "localhost:8000"]]);
  expect(await hostsFor({ "x-forwarded-proto": "https", "x-forwarded-host": "app.example" })).toEqual([
    ["wss", "app.example"],
  ]);
});

test("nothing that is answered holds a secret or a token", async () => {
  await using server = await serve({
    endpoints: [room],
    http: { guard: basicAuth({ users: { ops: "correct horse" } }) },
  });
  const token = signToken({ sub: "ana" });
  const client = await dial(`${server.url}/ws/rooms/lobby?token=${token}`).catch(() => undefined);
  const headers = { ...basic("ops", "correct horse"), cookie: "session=s3cret" };
  for (const path of [...PAGES, "/health/websockets", "/nowhere", "/ws/rooms/lobby"]) {
    const { body, headers: told } = await askPage(`${server.url}${path}?token=${token}`, { headers });
    const answer = body + JSON.stringify(told);
    for (const hidden of [token, secret, "correct horse", headers.authorization, "s3cret"]) {
      expect([path, answer.includes(hidden)]).toEqual([path, false]);
    }
  }
  client?.terminate();
});

test("whom the guard does not let in any more is not obeyed, and put out", async () => {
  let isStaff = true;
  await using server = await serve({ endpoints: [room], http: { guard: () => isStaff } });
  const open = async () => {
    const looker = await dial(server.url + LIVE, { headers: { origin: server.url } });
    const ask = { ask: "1", about: "channels", text: "" };
    expect(await looker.ask("ask", ask)).toMatchObject({ type: "reply" });
    return { looker, ask };
  };
  const [asking, acting] = [await open(), await open()];
  const ana = await dial(`${server.url}/ws/rooms/lobby`, { token: signToken({ sub: "ana" }) });
  isStaff = false;
  acting.looker.send({ type: "disconnect", payload: { user: "ana" } });
  expect(await acting.looker.closed).toMatchObject({ code: 1008, reason: "unauthorized" });
  asking.looker.send({ type: "ask", payload: asking.ask });
  expect(await asking.looker.closed).toMatchObject({ code: 1008, reason: "unauthorized" });
  expect(await server.app.isConnected("ana")).toBe(true);
  isStaff = true;
  const { looker } = await open();
  await looker.ask("disconnect", { user: "ana" });
  expect(await ana.closed).toMatchObject({ code: 1008, reason: "forbidden" });
});

test("a page with a slash behind it leads to the page", async () => {
  await using server = await serve({ endpoints: [room] });
  for (const page of ["docs", "dashboard"]) {
    const found = await askPage(`${server.url}/${page}/`);
    expect([found.status, new URL(String(found.headers.location), `${server.url}/${page}/`).pathname]).toEqual([
      308,
      `/${page}`,
    ]);
    expect((await askPage(`${server.url}/${page}/`, { headers: { host: "evil.example" } })).status).toBe(404);
  }
});
