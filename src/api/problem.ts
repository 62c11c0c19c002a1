import { STATUS_CODES } from "node:http";
import { isErrorCode } from "../protocol/error-codes.js";
import { wordsOf } from "../protocol/error-words.js";
import { isRefusalReason, refusalOf } from "../protocol/refusals.js";
import { type Issue, TidingsError } from "../protocol/tidings-error.js";

/** Why something was not done, as RFC 9457 has it: the one form of all that goes wrong here. */
export interface Problem {
  /** There is nothing to be read behind it: `code` says which it is. */
  readonly type: "about:blank";
  /** What the status means, to everybody (RFC 9457 §4.2.1). */
  readonly title: string;
  readonly status: number;
  /** For people. */
  readonly detail: string;
  /** For programs: one of the protocol's, or an app's own. */
  readonly code: string;
  /** What does not fit, and where. */
  readonly issues?: readonly Issue[] | undefined;
  /** How long to wait before it is worth trying again. */
  readonly retryAfterMs?: number | undefined;
}

/** What is told of an error, which may be any: what is no `TidingsError` is ours, and not told of. */
export function problemOf(error: unknown, maxIssues: number): Problem {
  const told = error instanceof TidingsError ? error : new TidingsError("internal");
  const { code, issues, retryAfterMs } = told;
  const status = statusOf(code);
  return {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail: wordsOf(told),
    code,
    ...(issues !== undefined && { issues: issues.slice(0, maxIssues) }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** One of ours, or `app` for every code that an app made up. */
export function knownCode(code: string): string {
  return isErrorCode(code) || isRefusalReason(code) || OWN.has(code) ? code : "app";
}

/** Also of what only HTTP can refuse. */
function statusOf(code: string): number {
  return OWN.get(code) ?? refusalOf(code).http;
}

const OWN: ReadonlyMap<string, number> = new Map([
  ["body_timeout", 408],
  ["body_too_big", 413],
  ["method_not_allowed", 405],
  ["unsupported_media_type", 415],
]);
