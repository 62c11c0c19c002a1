/**
 * The codes an `error` answer can carry, beside an app's own.
 *
 * `meaning` is the message where none was given. `retryAfterMs` says whether the answer tells how long to wait.
 */
export const errorCodes = {
  invalid_json: { meaning: "The frame is empty or not JSON.", retryAfterMs: false },
  invalid_message: { meaning: "The frame is not a message.", retryAfterMs: false },
  unknown_type: { meaning: "There is no message or event of this type here.", retryAfterMs: false },
  invalid_payload: { meaning: "The payload does not fit its schema.", retryAfterMs: false },
  unauthorized: { meaning: "A valid credential is needed.", retryAfterMs: false },
  token_expired: { meaning: "The token has expired.", retryAfterMs: false },
  forbidden: { meaning: "This is not allowed.", retryAfterMs: false },
  not_found: { meaning: "There is nothing of this name here.", retryAfterMs: false },
  not_subscribed: { meaning: "This connection is not on the channel.", retryAfterMs: false },
  already_subscribed: { meaning: "This connection is on the channel already.", retryAfterMs: false },
  too_many_channels: { meaning: "This connection is on as many channels as it may be.", retryAfterMs: false },
  too_many_tasks: { meaning: "As many tasks wait or run as may.", retryAfterMs: false },
  rate_limited: { meaning: "Too many messages in too short a time.", retryAfterMs: true },
  unavailable: { meaning: "The service can't be reached at the moment.", retryAfterMs: true },
  timeout: { meaning: "The answer took too long.", retryAfterMs: false },
  internal: { meaning: "Something went wrong on the server.", retryAfterMs: false },
} as const;

/** The codes that our client gives to what no server has answered, and what they mean. */
export const clientCodes = {
  connection_lost: "The connection was lost before an answer came.",
  queue_full: "There is no connection, and as much waits for one as may.",
  token_failed: "No token could be had.",
} as const;

/** A code of the protocol's own. */
export type ErrorCode = keyof typeof errorCodes;

/** Is it one of the protocol's own, of {@link errorCodes}? */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}

/** Whether `code` is written like a code, the protocol's or an app's: 1–64 of `a–z 0–9 _`, a letter first. */
export function hasCodeForm(code: string): boolean {
  return /^[a-z][a-z0-9_]{0,63}$/.test(code);
}
