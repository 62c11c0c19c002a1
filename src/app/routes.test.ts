import { expect, test } from "vitest";
import { ConfigError } from "../base/config-error.js";
import { channel } from "../declare/channel.js";
import { type AnyEndpoint, endpoint, rawEndpoint } from "../declare/endpoint.js";
import { defaultLimits } from "../protocol/limits.js";
import { Routes } from "./routes.js";

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
