import { expect, test } from "vitest";
import { forbidden, TidingsError } from "../protocol/tidings-error.js";
import { publicError, refusalClose, refusalResponse } from "./refusal.js";

test("what is no TidingsError is `internal`, and nothing of it is told", () => {
  const own = new TidingsError("sold_out", "Nothing left.");
  expect(publicError(own)).toBe(own);
  for (const thrown of [new Error("password: hunter2"), "hunter2", undefined, null, { code: "forbidden" }]) {
    const told = publicError(thrown);
    expect(told).toMatchObject({ code: "internal", message: "internal" });
    expect(JSON.stringify(told) + told.message + String(told.cause)).not.toContain("hunter2");
  }
});

test.each([
  ["bad_request", 400, {}],
  ["unauthorized", 401, { "www-authenticate": "Bearer" }],
  ["token_expired", 401, { "www-authenticate": "Bearer" }],
  ["forbidden", 403, {}],
  ["sold_out", 403, {}],
  ["not_found", 404, {}],
  ["upgrade_required", 426, { upgrade: "websocket", "sec-websocket-version": "13" }],
  ["too_many_connections", 429, { "retry-after": "1" }],
  ["internal", 500, {}],
  ["overloaded", 503, { "retry-after": "1" }],
  ["draining", 503, { "retry-after": "1" }],
  ["unavailable", 503, { "retry-after": "1" }],
])("%s is refused over HTTP with %i", (code, status, headers) => {
  const response = refusalResponse(new TidingsError(code, "Because."));
  expect(response).toEqual({
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...headers },
    body: JSON.stringify({ code, message: "Because." }),
  });
});

test("the time to wait is told in whole seconds, and never less than asked for", () => {
  const response = (retryAfterMs: number) => refusalResponse(new TidingsError("unavailable", "", { retryAfterMs }));
  expect(response(1).headers["retry-after"]).toBe("1");
  expect(response(2_001).headers["retry-after"]).toBe("3");
  expect(response(60_000).headers["retry-after"]).toBe("60");
});

test("the body tells neither cause nor issues", () => {
  const error = new TidingsError("bad_request", "No.", { cause: new Error("c"), issues: [{ path: [], message: "i" }] });
  expect(JSON.parse(refusalResponse(error).body)).toEqual({ code: "bad_request", message: "No." });
});

test.each([
  ["unauthorized", 1008],
  ["sold_out", 1008],
  ["internal", 1011],
  ["draining", 1013],
])("%s is closed with %i and its code for a reason", (code, close) => {
  expect(refusalClose(new TidingsError(code), {})).toEqual({ code: close, reason: code });
});

test("an app's own close codes stand in for 1008", () => {
  const own = { unauthorized: 4001, token_expired: 4002, forbidden: 4003 };
  for (const [code, close] of Object.entries(own)) {
    expect(refusalClose(new TidingsError(code), own)).toEqual({ code: close, reason: code });
  }
  expect(refusalClose(new TidingsError("internal"), own).code).toBe(1011);
  expect(refusalClose(forbidden(), { forbidden: undefined }).code).toBe(1008);
  expect(refusalClose(new TidingsError("constructor"), own)).toEqual({ code: 1008, reason: "constructor" });
});
