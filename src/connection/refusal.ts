import type { CloseCodes } from "../declare/endpoint.js";
import { closeReason } from "../protocol/close-codes.js";
import { wordsOf } from "../protocol/error-words.js";
import { refusalOf } from "../protocol/refusals.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { RefusalResponse } from "../transport/transport.js";

/** What went wrong, as whoever is refused may know it: what is no `TidingsError` is `internal`, its details untold. */
export function publicError(error: unknown): TidingsError {
  return error instanceof TidingsError ? error : new TidingsError("internal");
}

/** Why a token was not good, or how to let an origin in, for the log alone. Other causes are reported by who found them. */
export function causeOf({ code, cause }: TidingsError): string | undefined {
  const isForLog = code === "unauthorized" || code === "token_expired" || code === "origin_not_allowed";
  return isForLog && cause instanceof Error ? cause.message : undefined;
}

/** How a plain client is refused. */
export function refusalResponse(error: TidingsError): RefusalResponse {
  const status = refusalOf(error.code).http;
  const headers: Record<string, string> = {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
  };
  if (status === 401) headers["www-authenticate"] = "Bearer";
  if (status === 426) Object.assign(headers, { upgrade: "websocket", "sec-websocket-version": "13" });
  if (status === 429 || status === 503)
    headers["retry-after"] = String(Math.ceil((error.retryAfterMs ?? 1_000) / 1_000));
  return { status, headers, body: JSON.stringify({ code: error.code, message: wordsOf(error) }) };
}

/** How a client is refused that can read close codes, and how a connection is closed for an error. */
export function refusalClose(error: TidingsError, own: CloseCodes): { readonly code: number; readonly reason: string } {
  const instead = Object.hasOwn(own, error.code) ? own[error.code as keyof CloseCodes] : undefined;
  return { code: instead ?? refusalOf(error.code).close, reason: closeReason(error.code) };
}
