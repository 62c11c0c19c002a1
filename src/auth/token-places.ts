import { ConfigError } from "../base/config-error.js";
import { type Duration, durationMs } from "../base/duration.js";
import type { CredentialWay, TokenPlace, TokenVerifier } from "../declare/credential.js";

/** Where a token may be, for every kind of token. */
export interface TokenPlaces {
  /**
   * Where to look; the first place that holds a token decides, and a bad one is refused.
   * Default `["header", "subprotocol", "query"]`. With `"message"` who shows none is accepted, and asked for one.
   */
  from?: readonly TokenPlace[] | undefined;
  /** The name of the cookie that holds it: goes with `"cookie"` in `from`. */
  cookie?: string | undefined;
  /** How long a token may take that comes by message: goes with `"message"` in `from`. Default `limits.auth`. */
  deadline?: Duration | undefined;
}

const defaultPlaces: readonly TokenPlace[] = ["header", "subprotocol", "query"];
const everyPlace: readonly TokenPlace[] = [...defaultPlaces, "cookie", "message"];

/**
 * One way per place, in their order. `maker` is the function's name, like `jwt()`, for the errors.
 *
 * @throws {ConfigError} `invalid_places`, `invalid_cookie_name` or `invalid_duration`.
 */
export function waysFrom(
  maker: string,
  { from = defaultPlaces, cookie, deadline }: TokenPlaces,
  verifier: TokenVerifier,
): readonly CredentialWay[] {
  checkPlaces(maker, from);
  checkCompanion(maker, from, "cookie", "cookie", cookie);
  checkCompanion(maker, from, "message", "deadline", deadline);
  const deadlineMs = deadline === undefined ? undefined : durationMs(deadline, `${maker}'s \`deadline\``);
  return from.map((place): CredentialWay => {
    if (place === "cookie") return cookieWay(maker, cookie, verifier);
    return place === "message" ? { place, deadlineMs, verifier } : { place, verifier };
  });
}

/**
 * The way of a token that is in a cookie.
 *
 * @throws {ConfigError} `invalid_cookie_name` for a name that is missing or not a token (RFC 6265 §4.1.1).
 */
export function cookieWay(maker: string, cookie: string | undefined, verifier: TokenVerifier): CredentialWay {
  if (cookie !== undefined && /^[\w!#$%&'*+\-.^`|~]+$/.test(cookie)) return { place: "cookie", cookie, verifier };
  throw new ConfigError("invalid_cookie_name", {
    message: `${maker} looks for a cookie, and its name is ${JSON.stringify(cookie) ?? "missing"}.`,
    fix: 'Name it with letters, digits and no space or separator, like cookie: "session_id".',
  });
}

function checkPlaces(maker: string, from: readonly TokenPlace[]): void {
  const isKnown = from.length > 0 && from.every((place) => everyPlace.includes(place));
  if (isKnown && new Set(from).size === from.length) return;
  throw new ConfigError("invalid_places", {
    message: `${maker} is told to look for a token in ${JSON.stringify(from)}.`,
    fix: `Name one or more of ${everyPlace.join(", ")}, each once.`,
  });
}

/** An option for a place that is not looked at would do nothing, and its author thinks it does. */
function checkCompanion(
  maker: string,
  from: readonly TokenPlace[],
  place: TokenPlace,
  option: string,
  value: unknown,
): void {
  if (value === undefined || from.includes(place)) return;
  throw new ConfigError("invalid_places", {
    message: `${maker} has a \`${option}\`, and does not look in the place it is for.`,
    fix: `Add "${place}" to \`from\`, or leave \`${option}\` out.`,
  });
}
