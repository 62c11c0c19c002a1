import type { JWTPayload } from "jose";
import type { StartupWarning } from "../declare/credential.js";
import { TidingsError } from "../protocol/tidings-error.js";

/** A token of the next minute comes from a clock that is a little fast, a later one from a clock that is wrong. */
const EARLY_MS = 60_000;
const TEN_YEARS_MS = 10 * 365 * 86_400_000;

/** Which check failed is no business of whoever presents a bad token; the log knows it by the cause. */
export function notValid(cause: unknown): TidingsError {
  return new TidingsError("unauthorized", "The token is not valid.", { cause });
}

/**
 * Times that no token can have, beside what jose looks at.
 *
 * @param skewMs by how much the issuer's clock may differ
 * @throws {TidingsError} `unauthorized`
 */
export function checkTimes({ exp = 0, iat = 0 }: JWTPayload, nowMs: number, skewMs: number): void {
  // JSON has numbers like 1e999, which are read as endless.
  if (!Number.isFinite(exp) || !Number.isFinite(iat)) {
    throw notValid(new Error("Its `exp` or its `iat` is no number with an end."));
  }
  const aheadMs = iat * 1_000 - nowMs;
  if (aheadMs > skewMs + EARLY_MS) throw notValid(new Error(`Its \`iat\` ${earlyFault(aheadMs, skewMs + EARLY_MS)}`));
}

function earlyFault(aheadMs: number, allowedMs: number): string {
  if (aheadMs > TEN_YEARS_MS) return "is in milliseconds, as it seems: it counts seconds since 1970.";
  const [ahead, allowed] = [Math.ceil(aheadMs / 1_000), Math.floor(allowedMs / 1_000)];
  return `is ${ahead} s ahead of this clock, and may be ${allowed} s: set the clocks, or raise \`clockSkew\`.`;
}

/** The refusal of a token that is good, and says of nobody whose it is. */
export function namesNobody(sub: unknown): TidingsError {
  if (sub === undefined) return refusal("it has no `sub`");
  if (sub === "") return refusal("its `sub` is empty");
  const text =
    typeof sub === "number" ? `the number ${sub}: sign it as "${sub}".` : `of type ${typeof sub}: sign a text.`;
  return refusal("its `sub` is no text", new Error(`Its \`sub\` is ${text}`));
}

function refusal(what: string, cause?: Error): TidingsError {
  return new TidingsError("unauthorized", `The token names nobody: ${what}.`, { cause });
}

/** Is it so late that whoever signed it must have meant another time? */
export function isDistant(exp: number, nowMs: number): boolean {
  return exp * 1_000 - nowMs > TEN_YEARS_MS;
}

export const DISTANT_EXPIRY: StartupWarning = {
  code: "distant_expiry",
  message: "A token expires more than ten years from now: who has it is let in for good.",
  fix: "`exp` counts seconds since 1970: is it in milliseconds? Write Math.floor(Date.now() / 1_000) + 3_600, say.",
};
