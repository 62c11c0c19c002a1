import { expect, test } from "vitest";
import { refusalAnswerOf } from "./refusal-answer.js";
import { TidingsError } from "./tidings-error.js";

test.each([
  ["unauthorized", 401, { "www-authenticate": "Basic x" }],
  ["token_expired", 401, { "www-authenticate": "Basic x" }],
  ["upgrade_required", 426, { upgrade: "websocket" }],
  ["unavailable", 503, { "retry-after": "1" }],
  ["not_on_call", 403, {}],
])("%s is refused as %d", (code, status, headers) => {
  const answer = refusalAnswerOf(new TidingsError(code), "Basic x");
  expect(answer).toMatchObject({ status, headers });
  expect(JSON.parse(String(answer.body))).toEqual({ code, message: expect.any(String) });
});

test("a refusal says how long to wait, in whole seconds", () => {
  const error = new TidingsError("too_many_connections", "Later.", { retryAfterMs: 4_200 });
  expect(refusalAnswerOf(error, "").headers["retry-after"]).toBe("5");
});
