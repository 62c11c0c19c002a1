import { wordsOf } from "./error-words.js";
import { refusalOf } from "./refusals.js";
import type { TidingsError } from "./tidings-error.js";

/**
 * The HTTP answer of a refusal (PROTOCOL.md, Refusing and closing): header names in lower case, the body as JSON text.
 *
 * @param challenge the `WWW-Authenticate` header of a 401 (RFC 9110 §11.6.1)
 */
export function refusalAnswerOf(
  error: TidingsError,
  challenge: string,
): { readonly status: number; readonly headers: Record<string, string>; readonly body: string } {
  const status = refusalOf(error.code).http;
  const headers: Record<string, string> = {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
  };
  if (status === 401) headers["www-authenticate"] = challenge;
  if (status === 426) Object.assign(headers, { upgrade: "websocket", "sec-websocket-version": "13" });
  if (status === 429 || status === 503)
    headers["retry-after"] = String(Math.ceil((error.retryAfterMs ?? 1_000) / 1_000));
  return { status, headers, body: JSON.stringify({ code: error.code, message: wordsOf(error) }) };
}
