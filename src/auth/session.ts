import { checkOptions, requireOption } from "../base/options.js";
import { credential, type Dependency } from "../declare/dependency.js";
import type { Identity } from "../declare/identity.js";
import { type ExpiresAt, expiresAtOf, type Found, type LookupGiven, LookupVerifier } from "./lookup.js";
import { cookieWay } from "./token-places.js";

/** What `session` takes. */
export interface SessionOptions<User extends Identity> {
  /** The name of the cookie that holds the session's id (RFC 6265). Default `session_id`. */
  cookie?: string | undefined;
  /**
   * The user of a session; `null` and `undefined` refuse with `unauthorized`. A `TidingsError` it throws refuses with its
   * code; anything else means that the store is away: it goes to `onError` and refuses with `unavailable`.
   */
  lookup: (id: string, given: LookupGiven) => Found<User>;
  /**
   * When it expires: the connection closes 25 s later, unless it was refreshed. Default: it does not while somebody is
   * connected.
   */
  expiresAt?: ExpiresAt<User> | undefined;
}

/**
 * The session of a cookie, as a web framework gives it. `app.revoke({ tokenId })` takes the session's id.
 *
 * @throws {ConfigError} `invalid_cookie_name` for a name that is not a token (RFC 6265 §4.1.1).
 */
export function session<User extends Identity>(options: SessionOptions<User>): Dependency<User, "connection"> {
  checkOptions("session()", options, { cookie: "text", lookup: "function", expiresAt: "function" });
  requireOption("session()", options, "lookup", "function");
  const { cookie = "session_id" } = options;
  const verifier = new LookupVerifier(
    "session()'s `lookup`",
    (id, given) => options.lookup(id, given),
    expiresAtOf(options),
  );
  return credential<User>([cookieWay("session()", cookie, verifier)]);
}
