import { isRefusalReason, refusals, type Then } from "./refusals.js";
import { cutToUtf8 } from "./utf8.js";

/**
 * The close codes of RFC 6455 §7.4.1, and those that IANA's registry added (1012–1014).
 *
 * `use` says which way a code goes: `sent` by us, or by the other side; only `reported` to the app by its own end, never on
 * the wire; `received`, as others may send it and we never do. `clientThen` is what our client does where the reason says nothing.
 */
export const closeCodes = {
  normal: { code: 1000, use: "sent", clientThen: "stay-closed" },
  goingAway: { code: 1001, use: "sent", clientThen: "retry-after-drain" },
  protocolError: { code: 1002, use: "sent", clientThen: "stay-closed" },
  unsupportedData: { code: 1003, use: "sent", clientThen: "stay-closed" },
  noStatus: { code: 1005, use: "reported", clientThen: "retry" },
  abnormal: { code: 1006, use: "reported", clientThen: "retry" },
  invalidData: { code: 1007, use: "sent", clientThen: "stay-closed" },
  policyViolation: { code: 1008, use: "sent", clientThen: "stay-closed" },
  messageTooBig: { code: 1009, use: "sent", clientThen: "stay-closed" },
  missingExtension: { code: 1010, use: "received", clientThen: "stay-closed" },
  internalError: { code: 1011, use: "sent", clientThen: "retry" },
  serviceRestart: { code: 1012, use: "received", clientThen: "retry" },
  tryAgainLater: { code: 1013, use: "sent", clientThen: "retry" },
  badGateway: { code: 1014, use: "received", clientThen: "retry" },
  tlsFailure: { code: 1015, use: "reported", clientThen: "retry" },
} as const;

export interface CloseCode {
  readonly code: number;
  readonly use: "sent" | "reported" | "received";
  readonly clientThen: Then;
}

/** Whether we may put `code` into a close frame: those of the table that are `sent`, and an app's own from 3000 to 4999. */
export function isSendableCloseCode(code: number): boolean {
  return isOwnCloseCode(code) || rows.get(code)?.use === "sent";
}

/** `text` as the reason of a close frame: cut, between two characters, to the 123 bytes it may have (RFC 6455 §5.5). */
export function closeReason(text: string): string {
  return cutToUtf8(text, 123);
}

/**
 * What our client does after a close.
 *
 * A reason that is a word of the refusals is that row, whatever the code. Otherwise the code decides: an app's own stays
 * closed, and a code that nobody has defined is taken for a fault that may pass.
 */
export function thenAfterClose(code: number, reason: string): Then {
  if (isRefusalReason(reason)) return refusals[reason].clientThen;
  if (isOwnCloseCode(code)) return "stay-closed";
  return rows.get(code)?.clientThen ?? "retry";
}

/** RFC 6455 §7.4.2: 3000–3999 are registered by libraries and apps, 4000–4999 are private. */
function isOwnCloseCode(code: number): boolean {
  return Number.isInteger(code) && code >= 3000 && code <= 4999;
}

const rows: ReadonlyMap<number, CloseCode> = new Map(Object.values(closeCodes).map((row) => [row.code, row]));
