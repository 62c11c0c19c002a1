import { clientCodes, errorCodes, isErrorCode } from "./error-codes.js";
import { isRefusalReason, refusals } from "./refusals.js";

/**
 * What people are told of an error: its own message, or what its code means where it has none; of an app's own code that is
 * the code. The texts are not in the error's class, for a page that has the class need not load them all.
 */
export function wordsOf({ code, message }: { readonly code: string; readonly message: string }): string {
  if (message !== code) return message;
  if (isErrorCode(code)) return errorCodes[code].meaning;
  if (Object.hasOwn(clientCodes, code)) return clientCodes[code as keyof typeof clientCodes];
  return isRefusalReason(code) ? refusals[code].message : code;
}
