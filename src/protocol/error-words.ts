import { clientCodes, errorCodes, isErrorCode } from "./error-codes.js";
import { isRefusalReason, refusals } from "./refusals.js";

/**
 * What people are told of an error: its own message, or what its code means where it has none; of an app's own code that is
 * the code. It takes whatever was caught: what has no code is told in its own words. The texts are not in the error's class, for a
 * page that has the class need not load them all.
 */
export function wordsOf(error: unknown): string {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown };
  if (typeof message !== "string") return String(error);
  if (typeof code !== "string") return message;
  if (message !== code) return message;
  if (isErrorCode(code)) return errorCodes[code].meaning;
  if (Object.hasOwn(clientCodes, code)) return clientCodes[code as keyof typeof clientCodes];
  return isRefusalReason(code) ? refusals[code].message : code;
}
