import { errors, type JWTClaimVerificationOptions, type JWTPayload } from "jose";
import { type Duration, durationMs } from "../base/duration.js";
import { type Eventually, isPending, whenThere } from "../base/eventually.js";
import { checkOptions, type OptionKind } from "../base/options.js";
import type { Authenticated, StartupWarning, TokenCheck, TokenVerifier } from "../declare/credential.js";
import { credential, type Dependency } from "../declare/dependency.js";
import type { Identity } from "../declare/identity.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Output, Schema } from "../schema/standard.js";
import { validate } from "../schema/validate.js";
import { checkTimes, DISTANT_EXPIRY, isDistant, namesNobody, notValid } from "./claim-faults.js";
import type { VerificationKeyOptions } from "./key-options.js";
import { type TokenPlaces, waysFrom } from "./token-places.js";
import { checkKeyOptions, readKey, type VerificationKey } from "./verification-key.js";

/** What `jwt` takes: the key, where a token may be, and what must be said in it. */
export interface JwtOptions<Claims extends Schema> extends VerificationKeyOptions, TokenPlaces {
  /** What `iss` must be (RFC 7519 §4.1.1). Default: not looked at. */
  issuer?: string | undefined;
  /** What `aud` must be or hold (RFC 7519 §4.1.3). Default: not looked at. */
  audience?: string | undefined;
  /** What the claims must be; its output is the user. Default: `sub` is a string. */
  claims?: (Claims & (Output<Claims> extends object ? unknown : "Claims are an object.")) | undefined;
  /** By how much the issuer's clock may differ, for `exp`, `nbf` and `iat` (RFC 7519 §4.1): a token expires so much later. Default `"0s"`. */
  clockSkew?: Duration | undefined;
}

/** The claims and an `id`: their own where they declare a string, otherwise `sub`. */
export type UserOf<Claims> = Claims extends Identity
  ? Claims
  : { [Name in keyof (Omit<Claims, "id"> & Identity)]: (Omit<Claims, "id"> & Identity)[Name] };

/**
 * A JSON Web Token (RFC 7519), signed with a shared secret, one key, or a key of a set.
 *
 * It refuses with `unauthorized`, with `token_expired` where that is all that is wrong, and with `unavailable` where the
 * key set can't be fetched. `app.revoke({ tokenId })` takes its `jti`.
 *
 * A `secret`, `key` or `jwks` that is missing or can't be used is a `ConfigError` when the app starts.
 *
 * @throws {ConfigError} `ambiguous_key`, `invalid_algorithms`, `invalid_places`, `invalid_cookie_name` or `invalid_duration`.
 */
export function jwt<Claims extends Schema = Schema<{ sub: string }>>(
  options: JwtOptions<Claims>,
): Dependency<UserOf<Output<Claims>>, "connection"> {
  checkOptions("jwt()", options, OPTIONS);
  const made = credential(waysFrom("jwt()", options, new JwtVerifier(options)));
  // The user is what the claims' schema gives, with an `id`: that is what `UserOf` says.
  return made as Dependency<unknown, "connection"> as Dependency<UserOf<Output<Claims>>, "connection">;
}

const OPTIONS: Readonly<Record<string, OptionKind>> = {
  secret: "anything",
  key: "anything",
  jwks: "anything",
  algorithms: "list",
  issuer: "text",
  audience: "text",
  claims: "anything",
  clockSkew: "text",
  from: "list",
  cookie: "text",
  deadline: "text",
};

class JwtVerifier implements TokenVerifier {
  readonly looksAtRequest = false;
  readonly #options: JwtOptions<Schema>;
  readonly #skewMs: number;
  #readKey: VerificationKey | undefined;
  #hasWarned = false;

  constructor(options: JwtOptions<Schema>) {
    checkKeyOptions(options);
    this.#options = options;
    this.#skewMs = durationMs(options.clockSkew ?? "0s", "jwt()'s `clockSkew`");
  }

  check(): readonly StartupWarning[] {
    return this.#key().warnings;
  }

  verify(asked: TokenCheck): Eventually<Authenticated> {
    return whenThere(this.#open(asked.token, asked.nowMs), (opened) => this.#accept(opened, asked));
  }

  #accept({ payload, expiry }: Opened, asked: TokenCheck): Eventually<Authenticated> {
    const { exp, iat = 0, jti } = payload;
    checkTimes(payload, asked.nowMs, this.#skewMs);
    return whenThere(this.#userFrom(payload), (user) => {
      // Last, since a client fetches a fresh token for it: that does not help where more is wrong.
      if (expiry !== undefined) throw new TidingsError("token_expired", undefined, { cause: expiry });
      if (exp !== undefined && isDistant(exp, asked.nowMs)) this.#warnOnce(asked);
      return {
        user,
        // By then we are sure, whatever the issuer's clock shows.
        expiresAtMs: exp === undefined ? undefined : exp * 1_000 + this.#skewMs,
        // One that does not say when it was issued counts as older than any revocation.
        issuedAtMs: iat * 1_000,
        seenAtMs: iat * 1_000 > asked.nowMs ? asked.nowMs : undefined,
        tokenId: typeof jti === "string" ? jti : undefined,
      };
    });
  }

  #warnOnce(asked: TokenCheck): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    asked.warn?.(DISTANT_EXPIRY);
  }

  /** The claims of a token that is good, but for its expiry. */
  #open(token: string, nowMs: number): Eventually<Opened> {
    try {
      const payload = this.#key().open(token, nowMs, this.#claimsAt(nowMs));
      return isPending(payload) ? payload.then((later) => ({ payload: later }), expiredOnly) : { payload };
    } catch (cause) {
      return expiredOnly(cause);
    }
  }

  #claimsAt(nowMs: number): JWTClaimVerificationOptions {
    const { issuer, audience } = this.#options;
    return {
      currentDate: new Date(nowMs),
      clockTolerance: this.#skewMs / 1_000,
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    };
  }

  #userFrom(payload: JWTPayload): Eventually<Identity> {
    const { claims } = this.#options;
    if (claims === undefined) return identify(payload, payload);
    return whenThere(validate(claims, payload), (validated) => {
      if ("value" in validated) return identify(validated.value, payload, claims);
      const misfits = validated.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
      const cause = new Error(misfits.slice(0, 3).join("; "));
      throw new TidingsError("unauthorized", "The token's claims do not fit.", { cause });
    });
  }

  #key(): VerificationKey {
    return (this.#readKey ??= readKey(this.#options));
  }
}

/** A token whose signature is good; `expiry` where that is all that is wrong. */
interface Opened {
  readonly payload: JWTPayload;
  readonly expiry?: errors.JWTExpired;
}

/** jose looks at the expiry after the signature and all other claims. */
function expiredOnly(cause: unknown): Opened {
  if (cause instanceof errors.JWTExpired) return { payload: cause.payload, expiry: cause };
  throw cause instanceof errors.JOSEError ? notValid(cause) : cause;
}

function identify(given: unknown, payload: JWTPayload, claims?: Schema): Identity {
  // `claims` gives an object: its type says so.
  const user = given as Readonly<Record<string, unknown>>;
  // An `id` that no schema asked for may be anything.
  const id = claims !== undefined && typeof user.id === "string" ? user.id : payload.sub;
  if (typeof id !== "string" || id === "") throw namesNobody(payload.sub);
  // Not by a spread: what that makes of an object of many shapes has a shape of its own each time, 170 bytes more.
  return Object.assign({}, user, { id });
}
