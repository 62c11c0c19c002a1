import type { RefusalReason } from "./refusals.js";

/** What our client does after a close. */
export type Then =
  /** Nothing: dialling again would end the same way. */
  | "stay-closed"
  /** Fetches a fresh token and dials; after the second time with no `connected` between it stays closed. */
  | "refresh-and-retry"
  /** Dials again with back-off. */
  | "retry"
  /** Dials again after the delay that `drain` told; where it heard no `drain`, with back-off. */
  | "retry-after-drain";

/**
 * What our client does after a close.
 *
 * A reason that is a word of the refusals is that row, whatever the code. Otherwise the code decides: an app's own stays
 * closed, and a code that nobody has defined is taken for a fault that may pass.
 */
export function thenAfterClose(code: number, reason: string): Then {
  const then = afterReason(reason);
  if (then !== undefined) return then;
  if (code === 1001) return "retry-after-drain";
  return FINAL.includes(code) || (code >= 3000 && code < 5000) ? "stay-closed" : "retry";
}

/** What a reason says by itself; undefined for what is none of the refusals. */
export function afterReason(reason: RefusalReason): Then;
export function afterReason(reason: string): Then | undefined;
export function afterReason(reason: string): Then | undefined {
  if (reason === "going_away") return "retry-after-drain";
  if (reason === "token_expired") return "refresh-and-retry";
  if (isOneOf(TO_RETRY, reason)) return "retry";
  return isOneOf(TO_STAY_CLOSED, reason) ? "stay-closed" : undefined;
}

// Not the rows of the refusals: a page has these words in it, and need not have all the texts.
const TO_RETRY =
  "handshake_timeout too_many_connections internal overloaded draining unavailable auth_timeout rate_limited ping_timeout slow_consumer";
const TO_STAY_CLOSED =
  "bad_request unauthorized forbidden origin_not_allowed not_found upgrade_required header_too_large protocol_error unsupported_data invalid_data message_too_big";

function isOneOf(words: string, word: string): boolean {
  return words.split(" ").includes(word);
}

/** It was meant, or one of the two broke the protocol, or asks for what the other doesn't give (RFC 6455 §7.4.1). */
const FINAL: readonly number[] = [1000, 1002, 1003, 1007, 1008, 1009, 1010];
