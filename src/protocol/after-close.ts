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
 * The code decides, but for three reasons that are another's row than their code's, whatever the code. An app's own code
 * stays closed, and one that nobody has defined is taken for a fault that may pass.
 */
export function thenAfterClose(code: number, reason: string): Then {
  if (reason === "token_expired") return "refresh-and-retry";
  if (reason === "auth_timeout" || reason === "rate_limited") return "retry";
  if (code === 1001 || code === 1012) return "retry-after-drain";
  return FINAL.includes(code) || (code >= 3000 && code < 5000) ? "stay-closed" : "retry";
}

/** It was meant, or one of the two broke the protocol, or asks for what the other doesn't give (RFC 6455 §7.4.1). */
const FINAL: readonly number[] = [1000, 1002, 1003, 1007, 1008, 1009, 1010];
