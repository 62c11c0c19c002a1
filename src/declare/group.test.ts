import { expect, test } from "vitest";
import { ConfigError } from "../base/config-error.js";
import type { Middleware } from "./context.js";
import { dependency } from "./dependency.js";
import { type AnyEndpoint, endpoint, rawEndpoint } from "./endpoint.js";
import { group, isGuardedElsewhere } from "./group.js";

const user = dependency({ create: () => ({ id: "ana" }) });
const admin = dependency({ create: () => ({ id: "root" }) });
const pass: Middleware = (_ctx, _message, next) => next();

test.each([
  ["/v1", "/ws/rooms/:room", "/v1/ws/rooms/:room"],
  ["/v1", "/", "/v1"],
  ["/", "/ws", "/ws"],
  ["/", "/", "/"],
  ["/tenants/:tenant", "/ws", "/tenants/:tenant/ws"],
])("the group %s has the endpoint %s at %s", (prefix, path, joined) => {
  for (const each of [endpoint(path, {}), rawEndpoint(path, {})]) {
    const [grouped] = group(prefix, {}, [each]);
    expect(grouped.path).toBe(joined);
    expect(grouped["~definition"].pattern.source).toBe(joined);
    expect(each.path).toBe(path);
  }
});

test("an endpoint has the group's `auth` where it has none of its own", () => {
  const [guarded, own, raw] = group("/v1", { auth: user }, [
    endpoint("/a", {}),
    endpoint("/b", { auth: admin }),
    rawEndpoint("/c", {}),
  ]);
  expect(guarded["~definition"].auth).toBe(user["~definition"]);
  expect(own["~definition"].auth).toBe(admin["~definition"]);
  expect(raw["~definition"].auth).toBe(user["~definition"]);
});

test("what is given to a group stays as it was, and is known to be guarded elsewhere", () => {
  const [open, own] = [endpoint("/a", {}), endpoint("/b", { auth: admin })];
  const [guarded] = group("/v1", { auth: user }, [open, own]);
  expect(open["~definition"].auth).toBeUndefined();
  expect([open, own, guarded].map((each) => isGuardedElsewhere(each["~definition"]))).toEqual([true, false, false]);
});

test("of groups in groups the inner one's `auth` and limits come first, and its `use` is inside the outer one's", () => {
  const [own, inner, outer]: Middleware[] = [pass, (...args) => pass(...args), (...args) => pass(...args)];
  if (own === undefined || inner === undefined || outer === undefined) throw new Error("Three are made.");
  const chat = endpoint("/chat", { use: [own], limits: { messages: "1/1s", handler: undefined } });
  const limits = { messages: "2/1s", handler: "1s", outbox: "2kb" } as const;
  const within = group("/inner", { auth: user, use: [inner], limits }, [chat]);
  const [grouped] = group("/outer", { auth: admin, use: [outer], limits: { outbox: "3kb", control: "3/1s" } }, within);
  expect(grouped.path).toBe("/outer/inner/chat");
  expect(grouped["~definition"]).toMatchObject({
    auth: user["~definition"],
    limits: { messages: "1/1s", handler: "1s", outbox: "2kb", control: "3/1s" },
    speaks: { use: [outer, inner, own] },
  });
});

const lobby = endpoint("/lobby/:room", {});
test.each<[string, string, string, () => unknown]>([
  // As a script would: the types refuse them already.
  [
    "an `auth` that is undefined",
    "not_a_credential",
    "leave it out",
    () => group("/v1", { auth: undefined as never }, []),
  ],
  ["an `auth` that is no dependency", "not_a_credential", "jwt()", () => group("/v1", { auth: {} as never }, [])],
  ["an unknown option", "unknown_option", "`auth`", () => group("/v1", { Auth: user } as never, [])],
  ["no options", "invalid_options", "auth, use, limits", () => group("/v1", undefined as never, [])],
  ["a `use` that is no list", "invalid_option", "a list", () => group("/v1", { use: pass as never }, [])],
  ["no list", "not_an_endpoint", "a list", () => group("/v1", {}, lobby as never)],
  ["what is no endpoint", "not_an_endpoint", "endpoint()", () => group("/v1", {}, [undefined as never])],
  [
    "a group in a group that is not spread",
    "not_an_endpoint",
    "a list",
    () => group("/", {}, [group("/", {}, [])] as never),
  ],
  ["a prefix without /", "invalid_pattern", '"v1"', () => group("v1", {}, [])],
  ["a prefix that ends with /", "invalid_pattern", '"/v1/"', () => group("/v1/", {}, [])],
  ["a prefix that is no text", "invalid_pattern", "undefined", () => group(undefined as never, {}, [])],
  ["a prefix that is no path", "invalid_pattern", "a//b", () => group("/a//b", {}, [lobby])],
  ["a param that both have", "invalid_pattern", "twice", () => group("/:room", {}, [lobby])],
  [
    "a `use` around a raw endpoint",
    "use_of_raw",
    "/echo",
    () => group("/", { use: [pass] }, [rawEndpoint("/echo", {})]),
  ],
])("a group refuses %s", (_, code, words, make) => {
  const refused = (() => {
    try {
      return make();
    } catch (error) {
      return error;
    }
  })();
  expect(refused).toBeInstanceOf(ConfigError);
  expect(refused).toMatchObject({ code, message: expect.stringContaining(words) });
});

test("a raw endpoint may be in a group whose `use` is empty", () => {
  const echo: AnyEndpoint = rawEndpoint("/echo", {});
  expect(group("/v1", { use: [] }, [echo])[0]?.path).toBe("/v1/echo");
});
