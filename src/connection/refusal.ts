import type { CloseCodes } from "../declare/endpoint.js";
import { closeReason } from "../protocol/close-codes.js";
import { refusalAnswerOf } from "../protocol/refusal-answer.js";
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
  return refusalAnswerOf(error, "Bearer");
}

/** How a client is refused that can read close codes, and how a connection is closed for an error. */
export function refusalClose(error: TidingsError, own: CloseCodes): { readonly code: number; readonly reason: string } {
  const instead = Object.hasOwn(own, error.code) ? own[error.code as keyof CloseCodes] : undefined;
  return { code: instead ?? refusalOf(error.code).close, reason: closeReason(error.code) };
}
