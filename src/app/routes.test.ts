import { expect, test } from "vitest";
import { ConfigError } from "../base/config-error.js";
import { channel } from "../declare/channel.js";
import type { TokenPlace, TokenVerifier } from "../declare/credential.js";
import { credential, dependency } from "../declare/dependency.js";
import { type AnyEndpoint, endpoint, rawEndpoint } from "../declare/endpoint.js";
import { defaultLimits } from "../protocol/limits.js";
import { type HeartbeatOptions, Routes } from "./routes.js";

const routesOf = (...paths: string[]) => new Routes({ endpoints: paths.map((path) => endpoint(path, {})) });
const found = (routes: Routes, path: string) => {
  const route = routes.find(path);
  return route && [route.route.endpoint.pattern.source, route.params];
};

test("an endpoint is found by its path, with the params", () => {
  const routes = routesOf("/", "/ws", "/ws/rooms/:room", "/ws/users/:user", "/:tenant/x/y/z");
  expect(found(routes, "/")).toEqual(["/", {}]);
  expect(found(routes, "/ws")).toEqual(["/ws", {}]);
  expect(found(routes, "/ws/rooms/a%20b")).toEqual(["/ws/rooms/:room", { room: "a b" }]);
  expect(found(routes, "/ws/users/ana")).toEqual(["/ws/users/:user", { user: "ana" }]);
  expect(found(routes, "/acme/x/y/z")).toEqual(["/:tenant/x/y/z", { tenant: "acme" }]);
  for (const path of ["", "ws", "/ws/", "/ws/rooms", "/ws/rooms/%", "/ws/rooms/a%2Fb", "//", "/WS", "*"]) {
    expect(found(routes, path)).toBeUndefined();
  }
});

test.each([
  ["/ws", "/ws"],
  ["/ws/:a", "/ws/:b"],
  ["/ws/:a", "/ws/rooms"],
  ["/:a/rooms", "/ws/:b"],
])("two endpoints that can match one path are refused: %s and %s", (one, other) => {
  for (const paths of [
    [one, "/x/y/z", other],
    ["/x/y/z", one, other],
    [other, one],
  ]) {
    expect(() => routesOf(...paths)).toThrow(ConfigError);
    expect(() => routesOf(...paths)).toThrow(
      expect.objectContaining({ code: "ambiguous_path", fix: expect.stringMatching(/another word/) }),
    );
  }
  expect(() => routesOf(one, other)).toThrow(`"${one}" and "${other}"`);
});

test("a raw endpoint and one that speaks messages share the paths", () => {
  const endpoints = [endpoint("/ws/:room", {}), rawEndpoint("/ws/echo", {})];
  expect(() => new Routes({ endpoints })).toThrow(expect.objectContaining({ code: "ambiguous_path" }));
});

test("the root and a path of one param can stand side by side", () => {
  const routes = routesOf("/", "/:room");
  expect(found(routes, "/")).toEqual(["/", {}]);
  expect(found(routes, "/lobby")).toEqual(["/:room", { room: "lobby" }]);
});

test("two channels that can match one name are refused, also at different endpoints", () => {
  const [chat, also, fixed] = ["chat/:room", "chat/:topic", "chat/lobby"].map((pattern) =>
    channel(pattern, { events: {} }),
  );
  const with_ = (...channels: (typeof chat)[]) => endpoint(`/ws/${Math.random()}`, { channels: channels as never });
  for (const endpoints of [[with_(chat, also)], [with_(chat), with_(fixed)], [with_(fixed), with_(also)]]) {
    expect(() => new Routes({ endpoints })).toThrow(
      expect.objectContaining({ code: "ambiguous_channel", message: expect.stringContaining("channels") }),
    );
  }
});

test("one channel may be listed at many endpoints, and twice at one", () => {
  const chat = channel("chat/:room", { events: {} });
  const news = channel("news/:room", { events: {} });
  const endpoints: AnyEndpoint[] = [
    endpoint("/a", { channels: [chat, news] }),
    endpoint("/b", { channels: [chat] }),
    endpoint("/c", { channels: [chat, chat] }),
  ];
  expect(new Routes({ endpoints }).find("/b")).toBeDefined();
});

test("an endpoint's limits come before the app's, and a test's before both", () => {
  const routes = new Routes({
    endpoints: [endpoint("/own", { limits: { channels: 1, outbox: "1kb" } }), rawEndpoint("/plain", {})],
    limits: { channels: 2, outbox: "2kb", messageSize: "2kb" },
    overLimits: { outbox: "3kb" },
  });
  const limits = (path: string) => routes.find(path)?.route.limits;
  expect(limits("/own")).toEqual({ ...defaultLimits, channels: 1, outbox: 3_072, messageSize: 2_048 });
  expect(limits("/plain")).toEqual({ ...defaultLimits, channels: 2, outbox: 3_072, messageSize: 2_048 });
});

test("the app's middleware stands around the endpoint's own", () => {
  const [first, second, own] = [0, 1, 2].map(
    () => async (_: unknown, __: unknown, next: () => Promise<void>) => next(),
  );
  const routes = new Routes({
    endpoints: [endpoint("/own", { use: [own as never] }), rawEndpoint("/raw", {})],
    use: [first as never, second as never],
  });
  expect(routes.find("/own")?.route.use).toEqual([first, second, own]);
  expect(routes.find("/raw")?.route.use).toEqual([first, second]);
});

test("the heartbeat is every endpoint's, and what is left out of it has its default", () => {
  const endpoints = [endpoint("/ws", { limits: { channels: 1 } }), rawEndpoint("/raw", {})];
  const routesWith = (heartbeat?: HeartbeatOptions) => new Routes({ endpoints, heartbeat });
  expect(routesWith().limits).toMatchObject({ heartbeat: 30_000, pong: 10_000 });
  expect(routesWith({ every: "1m" }).limits).toMatchObject({ heartbeat: 60_000, pong: 10_000 });
  expect(routesWith({ every: undefined, timeout: "3s" }).limits).toMatchObject({ heartbeat: 30_000, pong: 3_000 });
  const { limits, all } = routesWith({ every: "250ms", timeout: "100ms" });
  for (const each of [limits, ...all.map((route) => route.limits)]) {
    expect(each).toMatchObject({ heartbeat: 250, pong: 100 });
  }
});

test("plain clients are pinged by message only where that was asked for", () => {
  const endpoints = [endpoint("/ws", {})];
  const byMessage = (heartbeat?: HeartbeatOptions) =>
    new Routes({ endpoints, heartbeat }).find("/ws")?.route.pingsByMessage;
  expect(
    [undefined, {}, { by: "frame" }, { by: "message" }].map((each) => byMessage(each as HeartbeatOptions)),
  ).toEqual([false, false, false, true]);
});

test.each<[HeartbeatOptions, string]>([
  [{ every: "0s" }, "heartbeat.every"],
  [{ timeout: "0ms" }, "heartbeat.timeout"],
  [{ every: "often" as never }, "heartbeat.every"],
  [{ timeout: "5" as never }, "heartbeat.timeout"],
])("a heartbeat that can't be is refused: %j", (heartbeat, name) => {
  expect(() => new Routes({ endpoints: [], heartbeat })).toThrow(
    expect.objectContaining({ code: "invalid_duration", message: expect.stringContaining(name) }),
  );
});

const verifier: TokenVerifier = { check: () => [], verify: async ({ token }) => ({ user: { id: token } }) };
const user = (...places: readonly TokenPlace[]) =>
  credential<{ id: string }>(places.map((place) => ({ place, verifier })));

test("a raw endpoint whose credential could come by message alone is refused: it has no messages", () => {
  const auth = user("message");
  const account = dependency({ needs: { auth }, create: () => ({ id: "ana" }) });
  for (const raw of [
    rawEndpoint("/raw", { auth }),
    rawEndpoint("/raw", { auth: account }),
    rawEndpoint("/raw", { needs: { account } }),
  ]) {
    expect(() => new Routes({ endpoints: [raw] })).toThrow(ConfigError);
    expect(() => new Routes({ endpoints: [raw] })).toThrow(
      expect.objectContaining({
        code: "credential_by_message",
        message: expect.stringContaining("/raw"),
        fix: expect.stringContaining("from"),
      }),
    );
  }
});

test("a credential by message is fine where there are messages, where there is another place, and where it is replaced", () => {
  const auth = user("message");
  const raw = rawEndpoint("/raw", { auth });
  const routes = new Routes({
    endpoints: [endpoint("/ws", { auth }), rawEndpoint("/both", { auth: user("message", "query") })],
  });
  expect(routes.find("/ws")?.route.plan.ways.map(({ place }) => place)).toEqual(["message"]);
  expect(routes.find("/both")?.route.plan.ways.map(({ place }) => place)).toEqual(["message", "query"]);
  const account = dependency({ needs: { auth }, create: () => ({ id: "ana" }) });
  const overrides = new Map([[account["~definition"], () => ({ id: "ana" })]]);
  expect(() => new Routes({ endpoints: [rawEndpoint("/raw", { auth: account })], overrides })).not.toThrow();
  expect(() => new Routes({ endpoints: [rawEndpoint("/raw", {})] })).not.toThrow();
  expect(() => new Routes({ endpoints: [raw] })).toThrow(ConfigError);
});

test("a user's messages are counted together, but apart where an endpoint has a limit of its own", () => {
  const endpoints = [
    endpoint("/own", { limits: { messagesPerUser: "1/1s" } }),
    endpoint("/a", {}),
    rawEndpoint("/b", {}),
  ];
  const routes = new Routes({ endpoints, limits: { messagesPerUser: "5/1s" } });
  expect(routes.all.map(({ userRateScope }) => userRateScope)).toEqual(["/own", "", ""]);
});

test("dependencies that can't be made are named when the routes are put together", () => {
  const missing = dependency({ needs: { gone: undefined as never }, create: () => 1 });
  expect(() => new Routes({ endpoints: [endpoint("/ws", { needs: { missing } })] })).toThrow(
    expect.objectContaining({ code: "missing_dependency", message: expect.stringContaining("/ws → missing → gone") }),
  );
});
