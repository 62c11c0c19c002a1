import { expect, test } from "vitest";
import { RecordingUpgrade, type UpgradeOf } from "../../test/support/recording-upgrade.js";
import { HandshakeRequest, splitTarget } from "./request.js";

const requestOf = (given: UpgradeOf = {}, params = {}) => new HandshakeRequest(new RecordingUpgrade(given), params);

test.each([
  ["/ws", "/ws", ""],
  ["/ws?", "/ws", ""],
  ["/ws?a=1&b=?", "/ws", "a=1&b=?"],
  ["?a", "", "a"],
  ["/w%3Fs?x", "/w%3Fs", "x"],
  ["http://example.org:8080/ws?a", "/ws", "a"],
  ["HTTPS://example.org/ws", "/ws", ""],
])("%s is split at its first question mark", (target, path, search) => {
  expect(splitTarget(target)).toEqual({ path, search });
});

test("it tells what was asked for", () => {
  const request = requestOf(
    {
      target: "/ws/rooms/a%20b?x=1&y=%20z&x=2",
      headers: { host: "example.org:8080", "x-own": "1" },
      address: "10.0.0.7",
    },
    { room: "a b" },
  );
  expect(request.params).toEqual({ room: "a b" });
  expect(request.query).toEqual({ x: "2", y: " z" });
  expect(request.url.href).toBe("ws://example.org:8080/ws/rooms/a%20b?x=1&y=+z&x=2");
  expect(request.headers.get("x-own")).toBe("1");
  expect(request.address).toBe("10.0.0.7");
});

test("its URL says whether it came over TLS", () => {
  expect(requestOf({ isSecure: true, target: "/ws" }).url.href).toBe("wss://localhost/ws");
  expect(requestOf({ headers: { host: undefined }, target: "/ws" }).url.href).toBe("ws://localhost/ws");
});

test.each(["", "a b", "[", "x:99999", "x/admin", "x/admin?a=2", "x?a=2#", "x#", "user:pass@x", "x\\admin", "é"])(
  "whatever the header Host says (%j), the URL has the path and the query that were asked for",
  (host) => {
    const { url } = requestOf({ target: "/ws/a%20b?a=1", headers: { host } });
    expect([url.protocol, url.pathname, url.search, url.hash]).toEqual(["ws:", "/ws/a%20b", "?a=1", ""]);
    expect([url.username, url.password]).toEqual(["", ""]);
  },
);

test.each([
  ["Bearer abc.def", "abc.def"],
  ["bearer abc", "abc"],
  ["BEARER   abc  ", "abc"],
  ["Bearer", ""],
  ["Basic YTpi", undefined],
  ["Bearerabc", undefined],
  [undefined, undefined],
])("the token of the header %j is %j", (authorization, token) => {
  expect(requestOf({ headers: { authorization } }).tokens).toEqual({ header: token, query: [] });
});

test.each([
  ["/ws?token=abc", ["abc"]],
  ["/ws?a=1&token=a%2Bb%3D&b=2", ["a+b="]],
  ["/ws?%74oken=abc", ["abc"]],
  ["/ws?token=", [""]],
  ["/ws?token=a&token=b", ["a", "b"]],
  ["/ws?Token=abc&tokens=abc", []],
])("the tokens of %s", (target, tokens) => {
  expect(requestOf({ target }).tokens).toEqual({ header: undefined, query: tokens });
});

test("no token is in anything else that it tells", () => {
  const request = requestOf({
    target: "/ws?a=1&token=secret&%74oken=secret&b=2",
    headers: { authorization: "Bearer secret", "x-own": "1" },
  });
  expect(request.query).toEqual({ a: "1", b: "2" });
  expect(request.url.href).toBe("ws://localhost/ws?a=1&b=2");
  expect([...request.headers].flat().join()).not.toContain("secret");
  expect([...request.headers.keys()]).toContain("x-own");
  expect([...request.headers.keys()]).not.toContain("authorization");
});

test("a query holds only what was asked for, whatever it is called", () => {
  const { query } = requestOf({ target: "/ws?__proto__=x&constructor=y" });
  expect(Object.entries(query)).toEqual([
    ["__proto__", "x"],
    ["constructor", "y"],
  ]);
});

test("a token may be given once in each place, and have 8 KiB", () => {
  const longest = "x".repeat(8_192);
  requestOf().checkTokens();
  requestOf({ target: `/ws?token=${longest}`, headers: { authorization: `Bearer ${longest}` } }).checkTokens();
});

test.each([
  ["twice in the query", { target: "/ws?token=a&token=a" }],
  ["too long in the query", { target: `/ws?token=${"x".repeat(8_193)}` }],
  ["too long in the header", { headers: { authorization: `Bearer ${"x".repeat(8_193)}` } }],
])("a token that is %s is a bad request", (_, given) => {
  expect(() => requestOf(given).checkTokens()).toThrow(expect.objectContaining({ code: "bad_request" }));
});
