import { expect, test } from "vitest";
import type { TokenVerifier } from "../declare/credential.js";
import { type TokenPlaces, waysFrom } from "./token-places.js";

const verifier: TokenVerifier = { check: () => [], verify: async () => ({ user: { id: "ana" } }) };

test.each<[TokenPlaces, object[]]>([
  [{}, [{ place: "header" }, { place: "subprotocol" }, { place: "query" }]],
  [
    { from: undefined, cookie: undefined, deadline: undefined },
    [{ place: "header" }, { place: "subprotocol" }, { place: "query" }],
  ],
  [{ from: ["query", "header"] }, [{ place: "query" }, { place: "header" }]],
  [{ from: ["message"] }, [{ place: "message", deadlineMs: undefined }]],
  [{ from: ["message", "header"], deadline: "1.5s" }, [{ place: "message", deadlineMs: 1_500 }, { place: "header" }]],
  [{ from: ["cookie"], cookie: "__Host-token" }, [{ place: "cookie", cookie: "__Host-token" }]],
])("%j are the ways in their order", (places, ways) => {
  expect(waysFrom("jwt()", places, verifier)).toEqual(ways.map((way) => ({ ...way, verifier })));
});

test.each<[object, string]>([
  [{ from: [] }, "invalid_places"],
  [{ from: ["body"] }, "invalid_places"],
  [{ from: ["header", "header"] }, "invalid_places"],
  [{ cookie: "token" }, "invalid_places"],
  [{ deadline: "5s" }, "invalid_places"],
  [{ from: ["message"], deadline: "5" }, "invalid_duration"],
  [{ from: ["cookie"] }, "invalid_cookie_name"],
])("%j is a ConfigError `%s`", (places, code) => {
  // The types forbid some of it; JavaScript does not.
  expect(() => waysFrom("jwt()", places as TokenPlaces, verifier)).toThrow(
    expect.objectContaining({ name: "ConfigError", code, message: expect.stringContaining("jwt()") }),
  );
});

test.each([
  "",
  " ",
  "a b",
  "a=b",
  "a;b",
  "a,b",
  "a\tb",
  'a"b',
  "a\\b",
  "a/b",
  "(a)",
  "a@b",
  "a:b",
  "[a]",
  "{a}",
  "é",
  "a\n",
])("a cookie can't be called %j (RFC 6265 §4.1.1)", (cookie) => {
  expect(() => waysFrom("jwt()", { from: ["cookie"], cookie }, verifier)).toThrow(
    expect.objectContaining({ code: "invalid_cookie_name" }),
  );
});
