import type { Then } from "./after-close.js";
import { isErrorCode } from "./error-codes.js";

/** A row of the table {@link refusals}. */
export interface Refusal {
  /** The status of an HTTP answer. Absent where the reason only occurs on an open connection. */
  readonly http?: number | undefined;
  /** The close code. Absent where there is nothing yet that could be closed with one. */
  readonly close?: number | undefined;
  /** What our client does then, and others should. */
  readonly clientThen: Then;
  /** For people; the body of the HTTP answer has it. */
  readonly message: string;
}

/** Why a handshake is refused or a connection closed: the reason of the close frame, and the code of the HTTP answer. */
export const refusals = {
  bad_request: { http: 400, close: 1008, clientThen: "stay-closed", message: "The request is malformed." },
  unauthorized: { http: 401, close: 1008, clientThen: "stay-closed", message: "A valid credential is needed." },
  token_expired: { http: 401, close: 1008, clientThen: "refresh-and-retry", message: "The token has expired." },
  forbidden: { http: 403, close: 1008, clientThen: "stay-closed", message: "This is not allowed." },
  origin_not_allowed: { http: 403, close: 1008, clientThen: "stay-closed", message: "This origin is not allowed." },
  not_found: { http: 404, close: 1008, clientThen: "stay-closed", message: "There is no endpoint at this path." },
  handshake_timeout: { http: 408, clientThen: "retry", message: "The handshake took too long." },
  upgrade_required: { http: 426, clientThen: "stay-closed", message: "This path speaks WebSocket, version 13, only." },
  header_too_large: { http: 431, clientThen: "stay-closed", message: "The request's headers are too large." },
  too_many_connections: { http: 429, close: 1013, clientThen: "retry", message: "Too many connections." },
  internal: { http: 500, close: 1011, clientThen: "retry", message: "Something went wrong on the server." },
  overloaded: { http: 503, close: 1013, clientThen: "retry", message: "The server is full." },
  draining: { http: 503, close: 1013, clientThen: "retry", message: "The server is going away." },
  unavailable: { http: 503, close: 1013, clientThen: "retry", message: "The service can't be reached at the moment." },
  going_away: { close: 1001, clientThen: "retry-after-drain", message: "The server is going away." },
  restarting: { close: 1012, clientThen: "retry-after-drain", message: "The server restarts." },
  protocol_error: { close: 1002, clientThen: "stay-closed", message: "The protocol was broken." },
  unsupported_data: { close: 1003, clientThen: "stay-closed", message: "This kind of frame is not taken here." },
  invalid_data: { close: 1007, clientThen: "stay-closed", message: "A text frame was not UTF-8." },
  message_too_big: { close: 1009, clientThen: "stay-closed", message: "A message was too big." },
  auth_timeout: { close: 1008, clientThen: "retry", message: "No credential came in time." },
  rate_limited: { close: 1008, clientThen: "retry", message: "Too many messages in too short a time." },
  ping_timeout: { close: 1011, clientThen: "retry", message: "A ping was not answered in time." },
  slow_consumer: { close: 1013, clientThen: "retry", message: "Messages were not read fast enough." },
} as const;

/** A reason of the table {@link refusals}. */
export type RefusalReason = keyof typeof refusals;

/** Is it a reason of the table {@link refusals}? */
export function isRefusalReason(word: string): word is RefusalReason {
  return Object.hasOwn(refusals, word);
}

/**
 * How a handshake that failed with `code` is refused: by an HTTP status, or after the handshake by a close code.
 *
 * An app's own code counts as `forbidden`: 403 and 1008. A column that the table leaves empty, and a code that only answers
 * messages, are filled so that the client does the same by the number alone: 503 and 1013 where it dials again, 400 and
 * 1008 where it stays closed. Two have a status that says more: `rate_limited` 429, `message_too_big` 413.
 */
export function refusalOf(code: string): { readonly http: number; readonly close: number } {
  if (isRefusalReason(code)) {
    const row: Refusal = refusals[code];
    const fallback = row.clientThen === "stay-closed" ? badRequest : tryAgainLater;
    return { http: row.http ?? statusInPlace[code] ?? fallback.http, close: row.close ?? fallback.close };
  }
  if (code === "timeout") return tryAgainLater;
  return isErrorCode(code) ? badRequest : forbidden;
}

const badRequest = { http: 400, close: 1008 };
const forbidden = { http: 403, close: 1008 };
const tryAgainLater = { http: 503, close: 1013 };
const statusInPlace: { readonly [Reason in RefusalReason]?: number } = { rate_limited: 429, message_too_big: 413 };
