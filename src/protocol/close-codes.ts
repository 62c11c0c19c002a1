import { cutToUtf8 } from "./utf8.js";

/**
 * The close codes of RFC 6455 §7.4.1, and those that IANA's registry added (1012–1014).
 *
 * `use` says which way a code goes: `sent` by us, or by the other side; only `reported` to the app by its own end, never on
 * the wire; `received`, as others may send it and we never do.
 */
export const closeCodes = {
  normal: { code: 1000, use: "sent" },
  goingAway: { code: 1001, use: "sent" },
  protocolError: { code: 1002, use: "sent" },
  unsupportedData: { code: 1003, use: "sent" },
  noStatus: { code: 1005, use: "reported" },
  abnormal: { code: 1006, use: "reported" },
  invalidData: { code: 1007, use: "sent" },
  policyViolation: { code: 1008, use: "sent" },
  messageTooBig: { code: 1009, use: "sent" },
  missingExtension: { code: 1010, use: "received" },
  internalError: { code: 1011, use: "sent" },
  serviceRestart: { code: 1012, use: "sent" },
  tryAgainLater: { code: 1013, use: "sent" },
  badGateway: { code: 1014, use: "received" },
  tlsFailure: { code: 1015, use: "reported" },
} as const;

/** A row of the table: the number, and which way it goes. */
export interface CloseCode {
  readonly code: number;
  readonly use: "sent" | "reported" | "received";
}

/** Whether we may put `code` into a close frame: those of the table that are `sent`, and an app's own from 3000 to 4999. */
export function isSendableCloseCode(code: number): boolean {
  return isOwnCloseCode(code) || rows.get(code)?.use === "sent";
}

/** `text` as the reason of a close frame: cut, between two characters, to the 123 bytes it may have (RFC 6455 §5.5). */
export function closeReason(text: string): string {
  return cutToUtf8(text, 123);
}

/** RFC 6455 §7.4.2: 3000–3999 are registered by libraries and apps, 4000–4999 are private. */
function isOwnCloseCode(code: number): boolean {
  return Number.isInteger(code) && code >= 3000 && code <= 4999;
}

const rows: ReadonlyMap<number, CloseCode> = new Map(Object.values(closeCodes).map((row) => [row.code, row]));
