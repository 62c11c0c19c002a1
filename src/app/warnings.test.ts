import { expect, onTestFinished, test, vi } from "vitest";
import { LogRecorder } from "../../test/support/log-recorder.js";
import { ConfigError } from "../base/config-error.js";
import { Origins } from "../connection/origins.js";
import type { ListenOptions } from "../declare/app.js";
import type { StartupWarning, TokenPlace, TokenVerifier } from "../declare/credential.js";
import { credential, type Dependency, type DependencyDefinition, dependency } from "../declare/dependency.js";
import { type AnyEndpoint, endpoint, rawEndpoint } from "../declare/endpoint.js";
import type { AppLimits } from "../declare/limits.js";
import { startTestApp } from "../testing/test-app.js";
import { createApp } from "./app.js";
import { TrustedProxies } from "./proxies.js";
import { Routes } from "./routes.js";
import { findWarnings, warnOfListening } from "./warnings.js";

const weak: StartupWarning = { code: "weak_secret", message: "It is short.", fix: "Make it longer." };

/** Of somebody whose token may be at these places; it counts how often it is checked. */
function user(...places: readonly TokenPlace[]) {
  let checks = 0;
  const warnings: StartupWarning[] = [];
  const verifier: TokenVerifier = {
    check() {
      checks += 1;
      return warnings;
    },
    verify: async ({ token }) => ({ user: { id: token } }),
  };
  const auth = credential<{ id: string }>(
    places.map((place) => ({ place, cookie: place === "cookie" ? "sid" : undefined, verifier })),
  );
  return { auth, warnings, checks: () => checks };
}

interface FindOptions {
  readonly origins?: readonly string[];
  readonly limits?: AppLimits;
  readonly overrides?: ReadonlyMap<DependencyDefinition, unknown>;
}

function find(endpoints: readonly AnyEndpoint[], { origins, limits, overrides = new Map() }: FindOptions = {}) {
  return findWarnings(new Routes({ endpoints, limits, overrides }), new Origins(origins), overrides);
}

const codes = (warnings: readonly StartupWarning[]) => warnings.map(({ code }) => code);

test("an app without anything unsafe is not warned of", () => {
  const { auth } = user("header", "cookie", "query", "message", "subprotocol");
  expect(find([endpoint("/ws", { auth }), rawEndpoint("/raw", { auth }), endpoint("/open", {})])).toEqual([]);
});

test("what a credential itself warns of is said once, however many endpoints and dependencies use it", () => {
  const { auth, warnings, checks } = user("header");
  warnings.push(weak);
  const account = dependency({ needs: { user: auth }, create: ({ user }) => ({ id: user.id }) });
  const endpoints = [
    endpoint("/a", { auth }),
    endpoint("/b", { auth: account }),
    endpoint("/c", { needs: { account } }),
    rawEndpoint("/d", { auth }),
  ];
  expect(find(endpoints)).toEqual([weak]);
  expect(checks()).toBe(1);
});

test("a credential that a test replaced is not looked at", () => {
  const { auth, warnings, checks } = user("header");
  warnings.push(weak);
  expect(find([endpoint("/ws", { auth })], { overrides: new Map([[auth["~definition"], () => ({})]]) })).toEqual([]);
  expect(checks()).toBe(0);
});

test("what can't work of a credential is said once, with the endpoint that it is of", () => {
  const verifier: TokenVerifier = {
    check() {
      throw new ConfigError("missing_secret", { message: "jwt() has no secret.", fix: "Give it one." });
    },
    verify: async () => ({ user: { id: "ana" } }),
  };
  const auth = credential<{ id: string }>([{ place: "header", cookie: undefined, verifier }]);
  const look = () => find([endpoint("/ws", { auth })]);
  const message = "/ws: jwt() has no secret. Give it one.";
  expect(look).toThrow(expect.objectContaining({ code: "missing_secret", message, fix: "Give it one." }));
  expect(look).not.toThrow(expect.objectContaining({ cause: expect.anything() }));
});

test("a credential that can't work keeps the app from starting", async () => {
  const { auth } = user("header");
  const failing = dependency({ needs: { auth }, create: () => ({ id: "ana" }) });
  const broken = () => {
    throw new TypeError("no secret");
  };
  Object.assign(auth["~definition"].kind === "credential" ? (auth["~definition"].ways[0]?.verifier ?? {}) : {}, {
    check: broken,
  });
  await expect(startTestApp(createApp({ endpoints: [endpoint("/ws", { auth: failing })] }))).rejects.toThrow(
    "no secret",
  );
});

test.each<[string, readonly string[] | undefined, readonly TokenPlace[], string[]]>([
  ["any origin and a cookie", ["*"], ["cookie"], ["any_origin_with_cookies"]],
  [
    "any origin among others, and a cookie among others",
    ["https://a.example", "*"],
    ["header", "cookie"],
    ["any_origin_with_cookies"],
  ],
  ["any origin and no cookie", ["*"], ["header", "query", "message", "subprotocol"], []],
  ["origins of a list and a cookie", ["https://a.example", "https://*.b.example"], ["cookie"], []],
  ["the own origin alone and a cookie", undefined, ["cookie"], []],
])("pages: %s", (_, origins, places, expected) => {
  expect(codes(find([endpoint("/ws", { auth: user(...places).auth })], { ...(origins && { origins }) }))).toEqual(
    expected,
  );
});

test("a cookie that only a dependency of handlers looks at counts as well, and the endpoint is named", () => {
  const { auth } = user("cookie");
  const account = dependency({ needs: { user: auth }, create: ({ user }) => user });
  const [warning] = find([endpoint("/open", {}), endpoint("/ws/me", { needs: { account } })], { origins: ["*"] });
  expect(warning?.message).toContain("/ws/me");
  expect(warning?.fix).not.toBe("");
});

test("messages of more than 16 MB are warned of by endpoint, and those of 16 MB are not", () => {
  const endpoints = [
    endpoint("/big", { limits: { messageSize: "17mb" } }),
    endpoint("/ws", {}),
    rawEndpoint("/raw", {}),
  ];
  expect(find(endpoints, { limits: { messageSize: "16mb" } }).map(({ code, message }) => [code, message])).toEqual([
    ["large_messages", expect.stringMatching(/^\/big .*17825792 bytes/)],
  ]);
  expect(codes(find(endpoints, { limits: { messageSize: "20mb" } }))).toEqual(Array(3).fill("large_messages"));
});

test.each<[string, ListenOptions, readonly string[], TokenPlace, string[]]>([
  ["on every address", { host: "0.0.0.0" }, [], "query", ["token_without_tls"]],
  ["on every IPv6 address", { host: "::" }, [], "query", ["token_without_tls"]],
  ["on one of a network", { host: "192.168.1.5" }, [], "query", ["token_without_tls"]],
  ["by default", {}, [], "query", []],
  ["on localhost", { host: "localhost" }, [], "query", []],
  ["on loopback", { host: "127.0.0.2" }, [], "query", []],
  ["on IPv6's loopback", { host: "::1" }, [], "query", []],
  ["with TLS", { host: "0.0.0.0", tls: { cert: "", key: "" } }, [], "query", []],
  ["behind a proxy", { host: "0.0.0.0" }, ["10.0.0.0/8"], "query", []],
  ["with a token in the header", { host: "0.0.0.0" }, [], "header", []],
])("a token in the query and who may listen in: %s", (_, options, proxies, place, expected) => {
  const routes = new Routes({ endpoints: [endpoint("/open", {}), endpoint("/ws/in", { auth: user(place).auth })] });
  const warnings = warnOfListening(routes, options, new TrustedProxies(proxies));
  expect(codes(warnings)).toEqual(expected);
  for (const { message } of warnings) expect(message).toMatch(/\/ws\/in .*without TLS/);
});

test("listening with TLS on Deno is warned of, without it is not", () => {
  vi.stubGlobal("Deno", {});
  onTestFinished(() => void vi.unstubAllGlobals());
  const routes = new Routes({ endpoints: [endpoint("/open", {})] });
  const proxies = new TrustedProxies([]);
  expect(codes(warnOfListening(routes, { tls: { cert: "", key: "" } }, proxies))).toEqual(["tls_on_deno"]);
  expect(warnOfListening(routes, {}, proxies)).toEqual([]);
});

test("an app logs its warnings when it starts, and starts", async () => {
  const { auth, warnings } = user("cookie");
  warnings.push(weak);
  const log = new LogRecorder();
  const app = createApp({ endpoints: [endpoint("/ws", { auth })], origins: ["*"], logger: log });
  await using _ = await startTestApp(app);
  const lines = log.lines.filter(({ fields }) => fields.event === "warning");
  expect(lines.map(({ level, fields }) => [level, fields.code])).toEqual([
    ["warn", "weak_secret"],
    ["warn", "any_origin_with_cookies"],
  ]);
});

test("a dependency that needs a credential, and one that needs none, are told apart", () => {
  const { auth, warnings } = user("header");
  warnings.push(weak);
  const needless: Dependency<number> = dependency({ create: () => 1 });
  expect(codes(find([endpoint("/ws", { needs: { needless } })]))).toEqual([]);
  expect(codes(find([endpoint("/ws", { needs: { auth } })]))).toEqual(["weak_secret"]);
});
