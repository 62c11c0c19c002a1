import { type AppOptions, createApp } from "tidings";
import { expect, test } from "vitest";
import { apiApp } from "../support/api-app.js";
import { ApiClient, apiKey, sendRaw } from "../support/api-client.js";
import { serve } from "../support/served-app.js";

type ApiOptions = Exclude<NonNullable<NonNullable<AppOptions["http"]>["api"]>, false>;

async function start(api: Partial<ApiOptions> = {}, http: AppOptions["http"] = {}) {
  const server = await serve(apiApp({ http: { api: { keys: [apiKey], ...api }, ...http } }));
  return { server, api: new ApiClient(server), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const other = "another-key-9876543210";
const said = { channel: "chat/lobby", type: "said", payload: { text: "x" } };

test.each([
  ["none", {}],
  ["an empty one", { "x-api-key": "" }],
  ["another", { "x-api-key": other }],
  ["the beginning of the right one", { "x-api-key": apiKey.slice(0, -1) }],
  ["the right one and more", { "x-api-key": `${apiKey}x` }],
  ["the right one in capitals", { "x-api-key": apiKey.toUpperCase() }],
  ["what is no ASCII", { "x-api-key": "schlüssel-schlüssel" }],
  ["the right one by another scheme", { authorization: `Basic ${apiKey}` }],
  ["no scheme", { authorization: apiKey }],
  ["nothing behind the scheme", { authorization: "Bearer " }],
  ["two that differ", { authorization: `Bearer ${apiKey}`, "x-api-key": other }],
])("without the right key nobody asks: %s", async (_what, headers) => {
  await using world = await start();
  const answer = await world.api.post("/api/publish", said, { key: undefined, headers });
  expect(answer.body).toMatchObject({ status: 401, title: "Unauthorized", code: "unauthorized" });
  expect(answer.headers["www-authenticate"]).toBe('Bearer realm="api"');
  // Nothing was published.
  expect(await world.api.done("/api/history?channel=chat/lobby")).toMatchObject({ events: [] });
});

test.each([
  { authorization: `Bearer ${apiKey}` },
  { authorization: `bearer  ${apiKey}` },
  { "x-api-key": apiKey },
  { authorization: `Bearer ${apiKey}`, "x-api-key": apiKey },
])("with the right one everybody does: %j", async (headers) => {
  await using world = await start();
  expect((await world.api.get("/api/stats", { key: undefined, headers })).status).toBe(200);
});

test("while one key takes the place of another both are right, and each may what it may", async () => {
  const reader = { name: "reader", key: other, may: ["stats", "history"] } as const;
  await using world = await start({ keys: [apiKey, reader] });
  const status = async (path: string, key: string) => (await world.api.get(path, { key })).status;
  expect([await status("/api/stats", apiKey), await status("/api/stats", other)]).toEqual([200, 200]);
  expect(await status("/api/channels", apiKey)).toBe(200);
  const { body } = await world.api.post("/api/publish", said, { key: other });
  expect(body).toMatchObject({ status: 403, code: "forbidden", detail: 'The key "reader" may not ask for publish.' });
});

test("no key is in a log, an error, or the document", async () => {
  await using world = await start({ keys: [apiKey, { name: "second", key: other }] });
  await world.api.post("/api/publish", "{", { key: other });
  await world.api.post("/api/publish", said, { key: `${other}!` });
  const { server } = world;
  const told = JSON.stringify([server.log.lines, server.app.openapi(), server.app.asyncapi(), server.app.stats()]);
  for (const key of [apiKey, other]) expect(told).not.toContain(key);
});

test("a key that nobody knows is in the log by where it came from, and many are one line", async () => {
  await using server = await serve(apiApp({ trustProxy: ["loopback"] }));
  const api = new ApiClient(server);
  const ask = (key: string | undefined) => api.get("/api/stats", { key, headers: { "x-forwarded-for": "192.0.2.7" } });
  await ask(undefined);
  for (let n = 0; n < 5; n += 1) await ask(`${other}${n}`);
  const lines = server.log.lines.filter(({ fields }) => fields.event === "api_key_refused");
  expect(lines).toEqual([
    {
      level: "warn",
      message: "a key that the API does not know",
      fields: { event: "api_key_refused", address: "192.0.2.7", times: 1 },
    },
  ]);
});

test.each([
  ["too short", ["0123456789abcde"]],
  ["no ASCII", ["schlüssel-schlüssel"]],
  ["with a blank", ["0123456789 0123456789"]],
  ["nothing", [undefined]],
  ["an object without a key", [{ name: "a" }]],
  ["twice", [apiKey, { name: "b", key: apiKey }]],
  [
    "two of one name",
    [
      { name: "a", key: apiKey },
      { name: "a", key: other },
    ],
  ],
  ["may what nobody can ask", [{ key: apiKey, may: ["publsh"] }]],
])("a key that can't be is refused, and not shown: %s", (_what, keys) => {
  const create = () => createApp(apiApp({ http: { api: { keys: keys as never } } }));
  expect(create).toThrow(expect.objectContaining({ name: "ConfigError" }));
  expect(create).not.toThrow(/0123456789|schl/);
});

test.each([
  ["no list", { keys: apiKey }],
  ["an option that nobody reads", { keys: [apiKey], cors: true }],
  ["no options", true],
])("options that can't be are refused: %s", (_what, api) => {
  expect(() => createApp(apiApp({ http: { api: api as never } }))).toThrow(
    expect.objectContaining({ name: "ConfigError" }),
  );
});

test.each([[{}], [{ api: false }], [{ api: { keys: [] } }]] as const)(
  "without a key there is no API: %j",
  async (http) => {
    await using server = await serve(apiApp({ http }));
    for (const path of ["/api/stats", "/api", "/openapi.json"]) {
      const answer = await fetch(server.url + path, { headers: { "x-api-key": apiKey } });
      expect([answer.status, answer.headers.get("content-type")]).toEqual([404, "application/json; charset=utf-8"]);
    }
  },
);

test("with a port of the pages it is there alone, with its document", async () => {
  await using server = await serve(apiApp({ http: { api: { keys: [apiKey] }, port: 0 } }));
  const { pages } = await server.app.listen(0);
  const headers = { "x-api-key": apiKey };
  const status = async (url: string) => (await fetch(url, { headers })).status;
  expect([await status(`${server.url}/api/stats`), await status(`${pages}/api/stats`)]).toEqual([404, 200]);
  expect([await status(`${server.url}/openapi.json`), await status(`${pages}/openapi.json`)]).toEqual([404, 200]);
});

test("the document is for whom the pages are", async () => {
  await using server = await serve(apiApp({ http: { api: { keys: [apiKey] }, docs: false } }));
  expect((await fetch(`${server.url}/openapi.json`)).status).toBe(404);
  expect((await fetch(`${server.url}/api/stats`, { headers: { "x-api-key": apiKey } })).status).toBe(200);
});

test("what is not there, or asked otherwise, has the same form", async () => {
  await using world = await start();
  for (const path of ["/api", "/api/", "/api/nothing", "/api/publish/", "/api/Publish", "/api/publish/batch/1"]) {
    expect((await world.api.get(path)).body, path).toMatchObject({
      status: 404,
      title: "Not Found",
      code: "not_found",
    });
  }
  for (const [method, path, allow] of [
    ["GET", "/api/publish", "POST, OPTIONS"],
    ["PUT", "/api/publish", "POST, OPTIONS"],
    ["DELETE", "/api/history", "GET, HEAD, OPTIONS"],
  ] as const) {
    const answer = await world.api.ask(method, path, {});
    expect([answer.status, answer.body.code, answer.headers.allow]).toEqual([405, "method_not_allowed", allow]);
  }
});

test("HEAD is answered as GET without a body, and OPTIONS with what can be asked", async () => {
  await using world = await start();
  const [head, get] = [
    await world.api.ask("HEAD", "/api/connected?user=ana", {}),
    await world.api.get("/api/connected?user=ana"),
  ];
  expect([head.status, head.headers["content-length"]]).toEqual([200, get.headers["content-length"]]);
  const options = await world.api.ask("OPTIONS", "/api/publish", { key: undefined });
  expect([options.status, options.headers.allow, options.headers["content-length"]]).toEqual([
    204,
    "POST, OPTIONS",
    undefined,
  ]);
});

const page = "https://admin.example";
const preflight = (origin: string) => ({
  key: undefined,
  headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" },
});

test("a page of a listed origin may ask from a browser, and read what it is answered, errors too", async () => {
  await using world = await start({ origins: [page] });
  const asked = await world.api.ask("OPTIONS", "/api/publish", preflight(page));
  expect([asked.status, asked.headers]).toEqual([
    204,
    expect.objectContaining({
      "access-control-allow-origin": page,
      "access-control-allow-methods": "POST, OPTIONS",
      "access-control-allow-headers": expect.stringContaining("authorization"),
      vary: "origin",
    }),
  ]);
  expect(asked.headers).not.toHaveProperty("access-control-allow-credentials");
  for (const [key, status] of [
    [apiKey, 200],
    [other, 401],
  ] as const) {
    const answer = await world.api.get("/api/stats", { key, headers: { origin: page } });
    expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([status, page]);
  }
});

test.each([
  "https://evil.example",
  "http://admin.example",
  "https://admin.example.evil",
  "null",
  "https://ADMIN.example",
])("a page of another origin may not: %s", async (origin) => {
  await using world = await start({ origins: [page] });
  const asked = await world.api.ask("OPTIONS", "/api/publish", preflight(origin));
  expect([asked.status, asked.headers["access-control-allow-origin"]]).toEqual([403, undefined]);
  const answer = await world.api.get("/api/stats", { headers: { origin } });
  expect([answer.status, answer.headers["access-control-allow-origin"], answer.headers.vary]).toEqual([
    200,
    undefined,
    "origin",
  ]);
});

test("who shows two origins is no page, be both of them listed", async () => {
  await using world = await start({ origins: [page] });
  const asked = (count: number) =>
    sendRaw(
      world.server.url,
      `GET /api/stats HTTP/1.1\r\nHost: x\r\nX-API-Key: ${apiKey}\r\nConnection: close\r\n${`Origin: ${page}\r\n`.repeat(count)}\r\n`,
    );
  expect(await asked(1)).toContain(`access-control-allow-origin: ${page}`);
  expect(await asked(2)).not.toContain("access-control-allow-origin");
});

test("without a listed origin no page may", async () => {
  await using world = await start();
  const asked = await world.api.ask("OPTIONS", "/api/publish", preflight(world.server.url));
  expect([asked.status, asked.headers.vary]).toEqual([403, undefined]);
});

test.each(["*", "admin.example", "https://admin.example/", "https://admin.example/path", "https://*.example", 5])(
  "an origin that no browser would send is refused: %j",
  (origin) => {
    const create = () => createApp(apiApp({ http: { api: { keys: [apiKey], origins: [origin as string] } } }));
    expect(create).toThrow(expect.objectContaining({ code: "invalid_origin" }));
  },
);

test("a key that is there twice as a header is none", async () => {
  await using world = await start();
  const headers = `X-API-Key: ${other}\r\nX-API-Key: ${apiKey}\r\nConnection: close`;
  expect(await sendRaw(world.server.url, `GET /api/stats HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`)).toMatch(
    /^HTTP\/1.1 401 /,
  );
});

test("paths beside the API are the app's, and its unknown paths are too where somebody else may have them", async () => {
  await using world = await start();
  const passed: string[] = [];
  const ask = (url: string) => {
    const answers: number[] = [];
    const response = { writeHead: (status: number) => answers.push(status), end: () => {} };
    world.server.app.http({ method: "GET", url, rawHeaders: [] }, response, () => passed.push(url));
    return answers;
  };
  expect([ask("/api/orders"), ask("/api"), ask("/apix")].flat()).toEqual([]);
  expect(passed).toEqual(["/api/orders", "/api", "/apix"]);
});
