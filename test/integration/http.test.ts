import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type App, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { expect, test } from "vitest";
import { LogRecorder } from "../support/log-recorder.js";
import { serve } from "../support/served-app.js";
import { secret, signToken } from "../support/tokens.js";
import { dial } from "../support/ws-client.js";

const room = endpoint("/ws/rooms/:room", { auth: jwt({ secret }) });

function createRooms(): App {
  return createApp({ endpoints: [room], logger: new LogRecorder() });
}

async function startServer(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("/health/websockets counts users and connections", async () => {
  await using server = await serve({ endpoints: [room] });
  const health = async () => (await fetch(`${server.url}/health/websockets`)).json();
  expect(await health()).toEqual({ total_users: 0, total_connections: 0 });
  const clients = await Promise.all(
    ["ana", "ana", "bob"].map((sub) => dial(`${server.url}/ws/rooms/lobby`, { token: signToken({ sub }) })),
  );
  await Promise.all(clients.map((client) => client.takeAll()));
  expect(await health()).toEqual({ total_users: 2, total_connections: 3 });
  clients[0]?.terminate();
  await server.log.next("disconnected");
  expect(await health()).toEqual({ total_users: 2, total_connections: 2 });
});

test.each([
  ["/healthz", 200, { status: "ok" }],
  ["/readyz", 200, { status: "ready" }],
  ["/health/websockets", 200, { total_users: 0, total_connections: 0 }],
  ["/healthz?verbose=1", 200, { status: "ok" }],
])("GET %s is %d, HEAD the same without a body", async (path, status, body) => {
  await using server = await serve({ endpoints: [room] });
  const got = await fetch(server.url + path);
  expect(got.status).toBe(status);
  expect(Object.fromEntries(got.headers)).toMatchObject({
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
  });
  expect(await got.json()).toEqual(body);
  const head = await fetch(server.url + path, { method: "HEAD" });
  expect(head.status).toBe(status);
  expect(head.headers.get("content-length")).toBe(got.headers.get("content-length"));
  expect(await head.text()).toBe("");
});

test.each(["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])("%s of a health check is 405", async (method) => {
  await using server = await serve({ endpoints: [room] });
  for (const path of ["/healthz", "/readyz", "/health/websockets"]) {
    const response = await fetch(server.url + path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
    expect(await response.json()).toMatchObject({ code: "method_not_allowed" });
  }
});

test.each(["GET", "POST", "HEAD"])("%s of a socket's path is 426, whatever the token", async (method) => {
  await using server = await serve({ endpoints: [room] });
  for (const path of ["/ws/rooms/lobby", "/ws/rooms/caf%C3%A9?token=x"]) {
    const response = await fetch(server.url + path, { method });
    expect(response.status).toBe(426);
    expect(response.headers.get("upgrade")).toBe("websocket");
    expect(response.headers.get("sec-websocket-version")).toBe("13");
    if (method !== "HEAD") expect(await response.json()).toMatchObject({ code: "upgrade_required" });
  }
});

test.each(["/", "/nowhere", "/healthz/", "/Healthz", "/ws/rooms", "/ws/rooms/a%2Fb", "/constructor", "/__proto__"])(
  "%s is nobody's: 404 without a `next`, and else `next`'s",
  async (path) => {
    await using server = await serve({ endpoints: [room] });
    const lost = await fetch(server.url + path);
    expect([lost.status, await lost.json()]).toEqual([404, { code: "not_found", message: expect.any(String) }]);
    await using app = createRooms();
    await using beside = await startServer((request, response) =>
      app.http(request, response, () => response.end(`mine: ${request.url}`)),
    );
    expect(await (await fetch(beside.url + path)).text()).toBe(`mine: ${path}`);
  },
);

test("beside a server, `next` is not called for what is the app's", async () => {
  await using app = createRooms();
  await using beside = await startServer((request, response) =>
    app.http(request, response, () => response.end("mine")),
  );
  expect((await fetch(`${beside.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${beside.url}/health/websockets`)).status).toBe(200);
  expect((await fetch(`${beside.url}/healthz`, { method: "POST" })).status).toBe(405);
  expect((await fetch(`${beside.url}/ws/rooms/lobby`)).status).toBe(426);
});

test("an app that does not run is alive, but not ready", async () => {
  await using app = createRooms();
  await using beside = await startServer((request, response) => app.http(request, response));
  const statuses = async () =>
    Promise.all(["/healthz", "/readyz"].map(async (path) => (await fetch(beside.url + path)).status));
  expect(await statuses()).toEqual([200, 503]);
  await app.listen(0);
  expect(await statuses()).toEqual([200, 200]);
  await app.close();
  expect(await statuses()).toEqual([200, 503]);
});
