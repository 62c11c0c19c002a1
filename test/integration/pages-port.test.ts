import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createApp, endpoint } from "tidings";
import { basicAuth, jwt } from "tidings/auth";
import { expect, test } from "vitest";
import { Inbox } from "../support/inbox.js";
import { LogRecorder } from "../support/log-recorder.js";
import { askPage, basic } from "../support/page-request.js";
import { secret, signToken } from "../support/tokens.js";
import { dial, dialRefused } from "../support/ws-client.js";

const PAGES = ["/docs", "/docs/console.js", "/asyncapi.json", "/dashboard", "/dashboard/dashboard.css", "/metrics"];
const LIVE = "/dashboard/live";

const room = endpoint("/ws/rooms/:room", { auth: jwt({ secret, from: ["header", "query"] }) });

/** An app whose pages have a port of their own. */
async function serveApart(http: NonNullable<Parameters<typeof createApp>[0]["http"]> = {}) {
  const app = createApp({ endpoints: [room], http: { port: 0, ...http }, logger: new LogRecorder() });
  const { url, pages } = await app.listen(0);
  if (pages === undefined) throw new Error("The pages have no port of their own.");
  return { app, url, pages, [Symbol.asyncDispose]: () => app.close() };
}

const statusAt = async (url: string, headers: Readonly<Record<string, string>> = {}) =>
  Promise.all(PAGES.map(async (path) => (await askPage(url + path, { headers })).status));

test("pages with a port of their own are there, and there alone", async () => {
  await using served = await serveApart();
  expect(new Set(await statusAt(served.pages))).toEqual(new Set([200]));
  expect(new Set(await statusAt(served.url))).toEqual(new Set([404]));
  // A load balancer may ask at either.
  for (const url of [served.url, served.pages]) expect((await askPage(`${url}/readyz`)).status).toBe(200);
});

test("the app's endpoints are not at the port of the pages, and the dashboard's socket is not at the app's", async () => {
  await using served = await serveApart();
  const token = signToken({ sub: "ana" });
  expect((await askPage(`${served.pages}/ws/rooms/lobby`)).status).toBe(404);
  expect((await dialRefused(`${served.pages}/ws/rooms/lobby`, { token })).status).toBe(404);
  expect((await dialRefused(served.url + LIVE)).status).toBe(404);
  const client = await dial(served.pages + LIVE, { protocols: ["tidings.v1"], headers: { origin: served.pages } });
  client.send({ type: "connect" });
  expect(await client.next()).toMatchObject({ type: "connected" });
  const away = { origin: served.url }; // the same computer, another port
  expect((await dialRefused(served.pages + LIVE, { headers: away })).status).toBe(403);
});

test("on an address of this computer they are for this computer, unless they are for everybody", async () => {
  await using served = await serveApart({ metrics: true });
  const byProxy = { "x-forwarded-for": "203.0.113.7" };
  expect((await askPage(`${served.pages}/dashboard`, { headers: byProxy })).status).toBe(404);
  expect((await askPage(`${served.pages}/dashboard`, { headers: { host: "evil.example" } })).status).toBe(404);
  expect((await askPage(`${served.pages}/metrics`, { headers: byProxy })).status).toBe(200);
});

test("a guard keeps them there too", async () => {
  await using served = await serveApart({ guard: basicAuth({ users: { ops: "correct horse" } }) });
  expect(new Set(await statusAt(served.pages))).toEqual(new Set([401]));
  expect(new Set(await statusAt(served.pages, basic("ops", "correct horse")))).toEqual(new Set([200]));
  expect(new Set(await statusAt(served.url, basic("ops", "correct horse")))).toEqual(new Set([404]));
});

test("the console may reach the app's sockets from there, and is told where they are", async () => {
  await using served = await serveApart();
  const [{ port }, { port: own }] = [new URL(served.url), new URL(served.pages)];
  for (const name of ["127.0.0.1", "localhost"]) {
    const headers = { host: `${name}:${own}` };
    const { headers: told } = await askPage(`${served.pages}/docs`, { headers });
    expect(told["content-security-policy"]).toContain(`connect-src 'self' ws://${name}:${port};`);
    const { servers } = JSON.parse((await askPage(`${served.pages}/asyncapi.json`, { headers })).body);
    expect(Object.values(servers)).toMatchObject([{ host: `${name}:${port}`, protocol: "ws" }]);
  }
});

test("a port that is in use is told before the app listens, and another time it may be free", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  await using app = createApp({ endpoints: [room], http: { port }, logger: new LogRecorder() });
  await expect(app.listen(0)).rejects.toMatchObject({
    code: "port_in_use",
    message: expect.stringContaining(`${port}`),
    fix: expect.stringContaining("TIDINGS_HTTP_PORT="),
  });
  await new Promise((resolve) => other.close(resolve));
  expect((await app.listen(0)).pages).toBe(`http://127.0.0.1:${port}`);
});

test("the port goes with the app, and comes back with it", async () => {
  await using served = await serveApart();
  await served.app.close();
  await expect(askPage(`${served.pages}/healthz`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  const { pages } = await served.app.listen(0);
  expect((await askPage(`${pages}/docs`)).status).toBe(200);
});

test("an app beside a server opens the port too: one in use is told to `onError`", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  const errors = new Inbox<unknown>("onError");
  await using app = createApp({
    endpoints: [room],
    http: { port },
    logger: new LogRecorder(),
    onError: (error, { during }) => errors.put({ error, during }),
  });
  app.attach(createServer());
  expect(await errors.next()).toMatchObject({ error: { code: "port_in_use" }, during: "start" });
  await new Promise((resolve) => other.close(resolve));
});

test("where the app can't listen, the port of its pages is not left open", async () => {
  await using other = await serveApart();
  const before = await serveApart();
  await before.app.close();
  const port = Number(new URL(before.pages).port);
  await using app = createApp({ endpoints: [room], logger: new LogRecorder(), http: { port } });
  await expect(app.listen(Number(new URL(other.url).port))).rejects.toMatchObject({ code: "port_in_use" });
  await expect(askPage(`${before.pages}/healthz`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await app.listen(0);
  expect((await askPage(`${before.pages}/healthz`)).status).toBe(200);
});
