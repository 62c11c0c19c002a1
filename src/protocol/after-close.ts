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

/** What it does where the close has one of these reasons. A table of its own, for a page need not load all of {@link refusals}. */
export const afterReason: Readonly<Record<RefusalReason, Then>> = {
  bad_request: "stay-closed",
  unauthorized: "stay-closed",
  token_expired: "refresh-and-retry",
  forbidden: "stay-closed",
  origin_not_allowed: "stay-closed",
  not_found: "stay-closed",
  handshake_timeout: "retry",
  upgrade_required: "stay-closed",
  header_too_large: "stay-closed",
  too_many_connections: "retry",
  internal: "retry",
  overloaded: "retry",
  draining: "retry",
  unavailable: "retry",
  going_away: "retry-after-drain",
  protocol_error: "stay-closed",
  unsupported_data: "stay-closed",
  invalid_data: "stay-closed",
  message_too_big: "stay-closed",
  auth_timeout: "retry",
  rate_limited: "retry",
  ping_timeout: "retry",
  slow_consumer: "retry",
};

/**
 * What our client does after a close.
 *
 * A reason that is a word of the refusals is that row, whatever the code. Otherwise the code decides: an app's own stays
 * closed, and a code that nobody has defined is taken for a fault that may pass.
 */
export function thenAfterClose(code: number, reason: string): Then {
  if (Object.hasOwn(afterReason, reason)) return afterReason[reason as RefusalReason];
  if (code === 1001) return "retry-after-drain";
  return code === 1000 || (code >= 3000 && code < 5000) || BROKEN.includes(code) ? "stay-closed" : "retry";
}

/** One of the two broke the protocol, or asks for what the other doesn't give (RFC 6455 §7.4.1). */
const BROKEN: readonly number[] = [1002, 1003, 1007, 1008, 1009, 1010];
