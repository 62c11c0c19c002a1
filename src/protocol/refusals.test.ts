import { describe, expect, test } from "vitest";
import { isSendableCloseCode } from "./close-codes.js";
import { errorCodes, hasCodeForm } from "./error-codes.js";
import { isRefusalReason, type Refusal, refusalOf, refusals } from "./refusals.js";

const rows = [
  ["bad_request", 400, 1008, "stay-closed"],
  ["unauthorized", 401, 1008, "stay-closed"],
  ["token_expired", 401, 1008, "refresh-and-retry"],
  ["forbidden", 403, 1008, "stay-closed"],
  ["origin_not_allowed", 403, 1008, "stay-closed"],
  ["not_found", 404, 1008, "stay-closed"],
  ["handshake_timeout", 408, undefined, "retry"],
  ["upgrade_required", 426, undefined, "stay-closed"],
  ["header_too_large", 431, undefined, "stay-closed"],
  ["too_many_connections", 429, 1013, "retry"],
  ["internal", 500, 1011, "retry"],
  ["overloaded", 503, 1013, "retry"],
  ["draining", 503, 1013, "retry"],
  ["unavailable", 503, 1013, "retry"],
  ["going_away", undefined, 1001, "retry-after-drain"],
  ["restarting", undefined, 1012, "retry-after-drain"],
  ["protocol_error", undefined, 1002, "stay-closed"],
  ["unsupported_data", undefined, 1003, "stay-closed"],
  ["invalid_data", undefined, 1007, "stay-closed"],
  ["message_too_big", undefined, 1009, "stay-closed"],
  ["auth_timeout", undefined, 1008, "retry"],
  ["rate_limited", undefined, 1008, "retry"],
  ["ping_timeout", undefined, 1011, "retry"],
  ["slow_consumer", undefined, 1013, "retry"],
] as const;

describe("a refusal", () => {
  test.each(rows)("%s is HTTP %s and close %s, and our client will %s", (reason, http, close, clientThen) => {
    const row: Refusal = refusals[reason];

    expect(row).toEqual({ http, close, clientThen, message: expect.stringMatching(/^[A-Z].*\.$/) });
    expect(isRefusalReason(reason)).toBe(true);
    expect(hasCodeForm(reason)).toBe(true);
  });

  test("has no other reason than these", () => {
    expect(Object.keys(refusals)).toEqual(rows.map(([reason]) => reason));
  });

  test.each(["", "sold_out", "Forbidden", "timeout", "constructor", "__proto__"])("%j is no reason", (word) => {
    expect(isRefusalReason(word)).toBe(false);
  });
});

describe("how a handshake is refused", () => {
  test.each(rows)("%s as its row says, where the row says it", (reason, http, close) => {
    expect(refusalOf(reason)).toMatchObject({ ...(http && { http }), ...(close && { close }) });
  });

  test.each([
    ["sold_out", 403, 1008],
    ["__proto__", 403, 1008],
    ["constructor", 403, 1008],
  ])("%s, an app's own, like forbidden", (code, http, close) => {
    expect(refusalOf(code)).toEqual({ http, close });
  });

  test.each([
    ["handshake_timeout", 408, 1013],
    ["upgrade_required", 426, 1008],
    ["header_too_large", 431, 1008],
    ["going_away", 503, 1001],
    ["restarting", 503, 1012],
    ["protocol_error", 400, 1002],
    ["unsupported_data", 400, 1003],
    ["invalid_data", 400, 1007],
    ["message_too_big", 413, 1009],
    ["auth_timeout", 503, 1008],
    ["rate_limited", 429, 1008],
    ["ping_timeout", 503, 1011],
    ["slow_consumer", 503, 1013],
    ["timeout", 503, 1013],
    ["invalid_payload", 400, 1008],
    ["too_many_channels", 400, 1008],
  ])("%s has what its row leaves empty filled: %i and %i", (code, http, close) => {
    expect(refusalOf(code)).toEqual({ http, close });
  });

  test.each([...Object.keys(refusals), ...Object.keys(errorCodes)])("%s with a code that may be sent", (code) => {
    const { http, close } = refusalOf(code);

    expect(isSendableCloseCode(close)).toBe(true);
    expect(http).toBeGreaterThanOrEqual(400);
    expect(http).toBeLessThan(600);
  });
});
