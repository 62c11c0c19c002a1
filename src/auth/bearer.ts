import { checkOptions, type OptionKind, requireOption } from "../base/options.js";
import { credential, type Dependency } from "../declare/dependency.js";
import type { Identity } from "../declare/identity.js";
import { type ExpiresAt, expiresAtOf, type Found, type LookupGiven, LookupVerifier } from "./lookup.js";
import { type TokenPlaces, waysFrom } from "./token-places.js";

/** What `bearer` takes, with where a token may be. */
export interface BearerOptions<User extends Identity> extends TokenPlaces {
  /**
   * The user of a token; `null` and `undefined` refuse with `unauthorized`. A `TidingsError` it throws refuses with its
   * code; anything else means that whom it asks is away: it goes to `onError` and refuses with `unavailable`.
   */
  verify: (token: string, given: LookupGiven) => Found<User>;
  /**
   * When it expires: the connection closes 25 s later, unless it was refreshed. Default: it does not while somebody is
   * connected.
   */
  expiresAt?: ExpiresAt<User> | undefined;
}

/**
 * A token that only its issuer can read, such as an API key (RFC 6750). `app.revoke({ tokenId })` takes the token.
 *
 * @throws {ConfigError} `invalid_places`, `invalid_cookie_name` or `invalid_duration`.
 */
export function bearer<User extends Identity>(options: BearerOptions<User>): Dependency<User, "connection"> {
  checkOptions("bearer()", options, OPTIONS);
  requireOption("bearer()", options, "verify", "function");
  const verifier = new LookupVerifier(
    "bearer()'s `verify`",
    (token, given) => options.verify(token, given),
    expiresAtOf(options),
  );
  return credential<User>(waysFrom("bearer()", options, verifier));
}

const OPTIONS: Readonly<Record<string, OptionKind>> = {
  verify: "function",
  expiresAt: "function",
  from: "list",
  cookie: "text",
  deadline: "text",
};
