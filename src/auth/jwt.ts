import { errors, type JWTPayload, jwtVerify } from "jose";
import { type Duration, durationMs } from "../base/duration.js";
import { checkOptions, type OptionKind } from "../base/options.js";
import type { Authenticated, StartupWarning, TokenCheck, TokenVerifier } from "../declare/credential.js";
import { credential, type Dependency } from "../declare/dependency.js";
import type { Identity } from "../declare/identity.js";
import { TidingsError, unauthorized } from "../protocol/tidings-error.js";
import type { Output, Schema } from "../schema/standard.js";
import { validate } from "../schema/validate.js";
import type { VerificationKeyOptions } from "./key-options.js";
import { type TokenPlaces, waysFrom } from "./token-places.js";
import { checkKeyOptions, readKey, type VerificationKey } from "./verification-key.js";

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

/** A token of the next minute comes from a clock that is a little fast, a later one from a clock that is wrong. */
const earlyMs = 60_000;

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
  readonly #options: JwtOptions<Schema>;
  readonly #skewMs: number;
  #readKey: VerificationKey | undefined;

  constructor(options: JwtOptions<Schema>) {
    checkKeyOptions(options);
    this.#options = options;
    this.#skewMs = durationMs(options.clockSkew ?? "0s", "jwt()'s `clockSkew`");
  }

  check(): readonly StartupWarning[] {
    return this.#key().warnings;
  }

  async verify({ token, nowMs }: TokenCheck): Promise<Authenticated> {
    const { payload, expiry } = await this.#open(token, nowMs);
    const { exp, iat = 0, jti } = payload;
    // JSON has numbers like 1e999, which are read as endless.
    if (!Number.isFinite(exp ?? 0) || !Number.isFinite(iat)) throw notValid();
    if (iat * 1_000 > nowMs + this.#skewMs + earlyMs) throw notValid();
    const user = await this.#userFrom(payload);
    // Last, since a client fetches a fresh token for it: that does not help where more is wrong.
    if (expiry !== undefined) throw new TidingsError("token_expired", undefined, { cause: expiry });
    return {
      user,
      // By then we are sure, whatever the issuer's clock shows.
      expiresAtMs: exp === undefined ? undefined : exp * 1_000 + this.#skewMs,
      // One that does not say when it was issued counts as older than any revocation.
      issuedAtMs: iat * 1_000,
      tokenId: typeof jti === "string" ? jti : undefined,
    };
  }

  /** The claims of a token that is good, but for its expiry. */
  async #open(token: string, nowMs: number): Promise<{ payload: JWTPayload; expiry?: errors.JWTExpired }> {
    const { issuer, audience } = this.#options;
    const { algorithms, keyAt } = this.#key();
    try {
      return await jwtVerify(token, keyAt(nowMs), {
        algorithms: [...algorithms],
        currentDate: new Date(nowMs),
        clockTolerance: this.#skewMs / 1_000,
        ...(issuer !== undefined && { issuer }),
        ...(audience !== undefined && { audience }),
      });
    } catch (cause) {
      // jose looks at the expiry after the signature and all other claims.
      if (cause instanceof errors.JWTExpired) return { payload: cause.payload, expiry: cause };
      throw cause instanceof errors.JOSEError ? notValid(cause) : cause;
    }
  }

  async #userFrom(payload: JWTPayload): Promise<Identity> {
    const { claims } = this.#options;
    const validated = claims === undefined ? { value: payload } : await validate(claims, payload);
    if ("issues" in validated) {
      const misfits = validated.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
      const cause = new Error(misfits.slice(0, 3).join("; "));
      throw new TidingsError("unauthorized", "The token's claims do not fit.", { cause });
    }
    // `claims` gives an object: its type says so.
    const user = validated.value as Readonly<Record<string, unknown>>;
    // An `id` that no schema asked for may be anything.
    const id = claims !== undefined && typeof user.id === "string" ? user.id : payload.sub;
    if (typeof id !== "string" || id === "") throw unauthorized("The token names nobody: it has no `sub`.");
    return { ...user, id };
  }

  #key(): VerificationKey {
    return (this.#readKey ??= readKey(this.#options));
  }
}

/** Which check failed is no business of whoever presents a bad token. */
function notValid(cause?: unknown): TidingsError {
  return new TidingsError("unauthorized", "The token is not valid.", { cause });
}
