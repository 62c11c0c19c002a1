import { inspect } from "node:util";
import { expect, test, vi } from "vitest";
import { RecordingUpgrade, type UpgradeOf } from "../../test/support/recording-upgrade.js";
import type { CredentialWay, TokenPlace, TokenVerifier } from "../declare/credential.js";
import { Origins } from "./origins.js";
import { HandshakeRequest, splitTarget } from "./request.js";
import { checkUpgrade } from "./upgrade-check.js";

function requestOf(given: UpgradeOf = {}, params = {}, isOriginAllowed = true) {
  const upgrade = new RecordingUpgrade(given);
  const offered = checkUpgrade(upgrade);
  const origins = new Origins(undefined);
  vi.spyOn(origins, "allows").mockReturnValue(isOriginAllowed);
  return new HandshakeRequest({ upgrade, params, offered, origins });
}

/** A token of these bytes, as a subprotocol. */
const bearerOf = (token: string | Uint8Array) => `bearer.${Buffer.from(token).toString("base64url")}`;

function wayAt(place: TokenPlace, cookie?: string): CredentialWay {
  const verifier: TokenVerifier = { check: () => [], verify: () => Promise.reject(new Error("not asked")) };
  return { place, cookie, verifier };
}

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
  expect(requestOf({ target: "/ws" }).url.href).toBe("ws://localhost/ws");
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
  expect(requestOf({ headers: { authorization } }).tokenAt({ place: "header" })).toBe(token);
});

test.each([
  ["/ws?token=abc", "abc"],
  ["/ws?a=1&token=a%2Bb%3D&b=2", "a+b="],
  ["/ws?%74oken=abc", "abc"],
  ["/ws?token=", ""],
  ["/ws?Token=abc&tokens=abc", undefined],
])("the token of %s", (target, token) => {
  expect(requestOf({ target }).tokenAt({ place: "query" })).toBe(token);
});

test.each([
  ["tidings.v1", undefined],
  [`tidings.v1, ${bearerOf("abc")}`, "abc"],
  [bearerOf("é.=+/"), "é.=+/"],
  ["bearerabc, Bearer.YWJj", undefined],
  [undefined, undefined],
])("the token among the subprotocols %s is %j", (offered, token) => {
  const request = requestOf({ headers: { "sec-websocket-protocol": offered } });
  expect(request.tokenAt({ place: "subprotocol" })).toBe(token);
});

test.each([
  ["session_id=s1", "s1"],
  ["theme=dark; session_id=s1; session=s2", "s1"],
  ["session_id=a%20b", "a b"],
  ["session_id=", undefined],
  ["session=s2", undefined],
  [undefined, undefined],
])("the session of the cookies %j is %j", (cookie, token) => {
  const request = requestOf({ headers: { cookie } });
  expect(request.tokenAt({ place: "cookie", cookie: "session_id" })).toBe(token);
});

test("a cookie is what was sent and nothing that every object has, and no token is where its place says nothing", () => {
  const request = requestOf({ target: "/ws?token=q", headers: { cookie: "a=1", authorization: "Bearer h" } });
  expect(request.tokenAt({ place: "cookie", cookie: "constructor" })).toBeUndefined();
  expect(request.tokenAt({ place: "cookie", cookie: "__proto__" })).toBeUndefined();
  expect(request.tokenAt({ place: "cookie" })).toBeUndefined();
  expect(request.tokenAt({ place: "message" })).toBeUndefined();
});

test("it tells the cookies, but not on behalf of a page whose origin is not allowed", () => {
  const given = { headers: { cookie: "a=1; b=%20x; session_id=s1" } };
  expect({ ...requestOf(given).cookies }).toEqual({ a: "1", b: " x", session_id: "s1" });
  expect({ ...requestOf().cookies }).toEqual({});
  const foreign = requestOf(given, {}, false);
  expect(() => foreign.cookies).toThrow(expect.objectContaining({ code: "origin_not_allowed" }));
  expect(() => foreign.cookies).toThrow(expect.objectContaining({ code: "origin_not_allowed" }));
});

test("no token is in anything else that it tells", () => {
  const request = requestOf({
    target: "/ws?a=1&token=secret&%74oken=secret&b=2",
    headers: {
      authorization: "Bearer secret",
      cookie: "session_id=secret",
      "sec-websocket-protocol": `tidings.v1, ${bearerOf("secret")}, mine`,
      "x-own": "1",
    },
  });
  expect(request.query).toEqual({ a: "1", b: "2" });
  expect(request.url.href).toBe("ws://localhost/ws?a=1&b=2");
  const headers = Object.fromEntries(request.headers);
  expect(JSON.stringify(headers)).not.toContain("secret");
  expect(JSON.stringify(headers)).not.toContain(bearerOf("secret"));
  expect(headers).toMatchObject({ "x-own": "1", "sec-websocket-protocol": "tidings.v1, mine" });
  for (const name of ["authorization", "cookie"]) expect(headers).not.toHaveProperty(name);
  // Nor in what a logger would write of it.
  for (const shown of [JSON.stringify(request), inspect(request)]) expect(shown).not.toContain("secret");
});

test("where a token was all that was offered, no subprotocol is told", () => {
  const request = requestOf({ headers: { "sec-websocket-protocol": bearerOf("secret") } });
  expect(request.headers.has("sec-websocket-protocol")).toBe(false);
});

test("a query holds only what was asked for, whatever it is called", () => {
  const { query } = requestOf({ target: "/ws?__proto__=x&constructor=y" });
  expect(Object.entries(query)).toEqual([
    ["__proto__", "x"],
    ["constructor", "y"],
  ]);
});

const longest = "x".repeat(8_192);
const sessionWay = wayAt("cookie", "session_id");

test("a token may be given once in each place, and have 8 KiB", () => {
  requestOf().checkTokens([]);
  const headers = {
    authorization: `Bearer ${longest}`,
    cookie: `session_id=${longest}`,
    "sec-websocket-protocol": bearerOf(longest),
  };
  requestOf({ target: `/ws?token=${longest}`, headers }).checkTokens([sessionWay, wayAt("message")]);
});

test.each<[string, UpgradeOf]>([
  ["twice in the query", { target: "/ws?token=a&token=a" }],
  ["too long in the query", { target: `/ws?token=${longest}x` }],
  ["too long in the header", { headers: { authorization: `Bearer ${longest}x` } }],
  ["too long as a subprotocol", { headers: { "sec-websocket-protocol": bearerOf(`${longest}x`) } }],
  ["twice among the subprotocols", { headers: { "sec-websocket-protocol": `${bearerOf("a")}, ${bearerOf("b")}` } }],
  ["empty as a subprotocol", { headers: { "sec-websocket-protocol": "bearer." } }],
  ["no base64url as a subprotocol", { headers: { "sec-websocket-protocol": "bearer.a+b" } }],
  ["no UTF-8 as a subprotocol", { headers: { "sec-websocket-protocol": bearerOf(Uint8Array.of(0xff)) } }],
])("a token that is %s is a bad request, whether or not anybody asks for it", (_, given) => {
  expect(() => requestOf(given).checkTokens([])).toThrow(expect.objectContaining({ code: "bad_request" }));
});

test("a cookie is looked at only where it is a credential", () => {
  const request = requestOf({ headers: { cookie: `session_id=${longest}x` } });
  request.checkTokens([wayAt("cookie", "theme")]);
  expect(() => request.checkTokens([sessionWay])).toThrow(expect.objectContaining({ code: "bad_request" }));
});

test("compacted, it tells the same but for its tokens", () => {
  const given = {
    target: "/ws?a=1&token=q",
    headers: {
      "user-agent": "a, b",
      authorization: "Bearer h",
      cookie: "sid=1",
      "sec-websocket-protocol": `tidings.v1, ${bearerOf("s")}`,
    },
  };
  const [request, untouched] = [requestOf(given), requestOf(given)];
  request.compact();
  request.compact();
  expect([...request.headers]).toEqual([...untouched.headers]);
  expect(request.headers.get("user-agent")).toBe("a, b");
  expect({ ...request.cookies }).toEqual({ sid: "1" });
  expect(request.url.href).toBe(untouched.url.href);
  for (const place of ["header", "query"] as const) {
    expect(untouched.tokenAt({ place })).toBeDefined();
    expect(request.tokenAt({ place })).toBeUndefined();
  }
});
