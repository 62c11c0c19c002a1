import { expect, test } from "vitest";
import type { ServeConfig } from "./config.js";
import { findingsIn } from "./findings.js";

const codesOf = (config: ServeConfig, isOfFile = false) =>
  findingsIn(config, () => isOfFile).map(({ code, severity, path }) => `${severity} ${code} ${path}`.trim());

const out = { host: "0.0.0.0" } as const;
const key = "0123456789abcdef";
const heard = { subscribe: "users" } as const;

test.each<[ServeConfig, string[]]>([
  [{}, []],
  [{ channels: { "chat/:room": heard } }, []],
  [{ endpoints: { "/ws": { auth: "none" } } }, []],
  [{ ...out, endpoints: { "/ws": { auth: "none" } } }, ['unsafe anybody_enters endpoints["/ws"].auth']],
  [{ host: "::1", endpoints: { "/ws": { auth: "none" } } }, []],
  [{ host: "localhost", endpoints: { "/ws": { auth: "none" } } }, []],
  [{ channels: { "inbox/:user": heard } }, ['unsafe open_inbox channels["inbox/:user"].match']],
  [{ channels: { "inbox/:user": { subscribe: "webhook" } } }, []],
  [{ channels: { "inbox/:user": { ...heard, match: { user: "sub" } } } }, []],
  [
    { channels: { "a/:userId/b": { ...heard, match: { other: "sub" } } } },
    ['unsafe open_inbox channels["a/:userId/b"].match'],
  ],
  [
    {
      channels: { a: { subscribe: "everybody", publish: "everybody", events: {} } },
      endpoints: { "/ws": { auth: "none" } },
    },
    ["unsafe anybody_publishes channels.a.publish"],
  ],
  [{ channels: { a: { ...heard, publish: "users" } } }, ["advice unchecked_events channels.a.events"]],
  [{ channels: { a: { ...heard, publish: "users", events: { said: true } } } }, []],
  [{ channels: { a: {} } }, ["advice unheard_channel channels.a.subscribe"]],
  [{ channels: { a: {} }, endpoints: { "/ws": { join: ["a"] } } }, []],
  [
    { channels: { a: heard, b: heard }, endpoints: { "/ws": { channels: ["a"] } } },
    ["advice unheard_channel channels.b"],
  ],
  [{ http: { api: { keys: [key] } } }, []],
  [{ ...out, http: { api: { keys: [key] } } }, ["unsafe api_without_tls http.api"]],
  [{ ...out, http: { api: { keys: [] } } }, []],
  [{ ...out, tls: { cert: "c", key: "k" }, http: { api: { keys: [key] } } }, []],
  [{ ...out, trustProxy: ["private"], http: { api: { keys: [key] } } }, []],
  [{ ...out, http: { port: 9100, api: { keys: [key] } } }, []],
  [
    { ...out, trustProxy: ["private"], http: { port: 9100, host: "0.0.0.0", api: { keys: [key] } } },
    ["advice api_without_tls http.api"],
  ],
  [
    { ...out, http: { dashboard: true, metrics: true, docs: true } },
    ["unsafe public_page http.dashboard", "unsafe public_page http.metrics"],
  ],
  [{ ...out, http: { dashboard: true, users: { ops: "x" } } }, []],
  [{ ...out, http: { dashboard: true, port: 9100 } }, []],
  [{ http: { dashboard: true } }, []],
  [{ webhooks: { url: "http://backend/", hooks: ["connect"] } }, ["unsafe webhooks_without_tls webhooks.url"]],
  [{ webhooks: { url: "http://127.0.0.1:9/", hooks: ["connect"] } }, []],
  [{ webhooks: { url: "http://[::1]:9/", hooks: ["connect"] } }, []],
  [{ webhooks: { url: "https://backend/", hooks: ["connect"] } }, []],
  [{ webhooks: { url: "https://backend/" } }, ["advice unused_webhooks webhooks"]],
  [
    { origins: ["*"], webhooks: { url: "https://b/", hooks: ["connect"], from: [], cookies: ["session"] } },
    ["unsafe any_origin_with_cookies origins"],
  ],
  [{ workers: 2 }, ["error workers_without_redis workers"]],
  [{ workers: 2, redis: { url: "redis://localhost" } }, []],
])("of %j it finds %j", (config, found) => {
  expect(codesOf(config)).toEqual(found);
});

test("secrets that stand in the file are told, without them", () => {
  const config: ServeConfig = {
    jwt: { secret: "s3cret" },
    webhooks: { secret: "s3cret" },
    http: { api: { keys: ["s3cret"] }, users: { ops: "s3cret" } },
    redis: { url: "redis://:s3cret@localhost" },
  };
  expect(codesOf(config, true)).toEqual(
    ["jwt.secret", "webhooks.secret", "http.api.keys", "http.users", "redis.url"].map(
      (path) => `advice secret_in_file ${path}`,
    ),
  );
  expect(codesOf(config, false)).toEqual([]);
  expect(codesOf({ redis: { url: "redis://localhost" } }, true)).toEqual([]);
  expect(JSON.stringify(findingsIn(config, () => true))).not.toContain("s3cret");
});
