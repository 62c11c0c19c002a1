import { errors, type JWTPayload, jwtVerify } from "jose";
import { ConfigError } from "../base/config-error.js";
import type {
  Authenticated,
  Credential,
  CredentialRequest,
  Identity,
  OfferedTokens,
  TokenPlace,
} from "../declare/credential.js";
import { TidingsError, unauthorized } from "../protocol/tidings-error.js";
import type { Output, Schema } from "../schema/standard.js";
import { validate } from "../schema/validate.js";

export type JwtAlgorithm = "HS256" | "HS384" | "HS512";

export interface JwtOptions<Claims extends Schema> {
  /** The shared secret, as UTF-8: 32 bytes or more for HS256 (RFC 7518 §3.2). Missing: a `ConfigError` at start-up. */
  secret: string | undefined;
  /** What a token may be signed with; anything else is refused, `none` always. Default `["HS256"]`. */
  algorithms?: readonly JwtAlgorithm[] | undefined;
  /** What `iss` must be (RFC 7519 §4.1.1). Default: not looked at. */
  issuer?: string | undefined;
  /** What `aud` must be or hold (RFC 7519 §4.1.3). Default: not looked at. */
  audience?: string | undefined;
  /** What the claims must be; its output is the user. Default: `sub` is a string. */
  claims?: (Claims & (Output<Claims> extends object ? unknown : "Claims are an object.")) | undefined;
  /** Where a token may be; the first place that holds one decides. Default `["header", "query"]`. */
  from?: readonly TokenPlace[] | undefined;
}

/** The claims and an `id`: their own where they declare a string, otherwise `sub`. */
export type UserOf<Claims> = Claims extends Identity
  ? Claims
  : { [Name in keyof (Omit<Claims, "id"> & Identity)]: (Omit<Claims, "id"> & Identity)[Name] };

/**
 * A JSON Web Token (RFC 7519), signed with a shared secret.
 *
 * It refuses with `unauthorized`, or `token_expired` where that is all that is wrong.
 */
export function jwt<Claims extends Schema = Schema<{ sub: string }>>(
  options: JwtOptions<Claims>,
): Credential<UserOf<Output<Claims>>> {
  // The user is what the claims' schema gives, with an `id`: that is what `UserOf` says.
  return new JwtCredential(options) as unknown as Credential<UserOf<Output<Claims>>>;
}

class JwtCredential implements Credential {
  readonly "~is" = "credential";
  readonly places: readonly TokenPlace[];
  readonly #options: JwtOptions<Schema>;
  readonly #key: Uint8Array;

  constructor(options: JwtOptions<Schema>) {
    this.#options = options;
    this.places = options.from ?? ["header", "query"];
    this.#key = new TextEncoder().encode(options.secret ?? "");
  }

  check(): void {
    if (this.#key.byteLength > 0) return;
    throw new ConfigError("missing_secret", {
      message: "jwt() has no `secret`.",
      fix: "Give it one, for example from the environment: JWT_SECRET=$(openssl rand -base64 32).",
    });
  }

  async authenticate({ tokens, nowMs }: CredentialRequest): Promise<Authenticated<Identity>> {
    const token = this.#find(tokens);
    if (token === undefined) throw unauthorized("A token is needed.");
    const payload = await this.#verify(token, nowMs);
    return { user: await this.#userFrom(payload), expiresAtMs: payload.exp && payload.exp * 1_000 };
  }

  #find(tokens: OfferedTokens): string | undefined {
    for (const place of this.places) {
      const token = place === "header" ? tokens.header : tokens.query[0];
      if (token !== undefined) return token;
    }
    return undefined;
  }

  async #verify(token: string, nowMs: number): Promise<JWTPayload> {
    const { algorithms, issuer, audience } = this.#options;
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: [...(algorithms ?? ["HS256"])],
        currentDate: new Date(nowMs),
        ...(issuer !== undefined && { issuer }),
        ...(audience !== undefined && { audience }),
      });
      return payload;
    } catch (cause) {
      if (cause instanceof errors.JWTExpired) throw new TidingsError("token_expired", undefined, { cause });
      // Which check failed is no business of whoever presents a bad token.
      if (cause instanceof errors.JOSEError)
        throw new TidingsError("unauthorized", "The token is not valid.", { cause });
      throw cause;
    }
  }

  async #userFrom(payload: JWTPayload): Promise<Identity> {
    const { claims } = this.#options;
    const validated = claims === undefined ? { value: payload } : await validate(claims, payload);
    if ("issues" in validated) throw unauthorized("The token's claims do not fit.");
    const user = validated.value as Readonly<Record<string, unknown>>;
    // An `id` that no schema asked for may be anything.
    const id = claims !== undefined && typeof user.id === "string" ? user.id : payload.sub;
    if (typeof id !== "string" || id === "") throw unauthorized("The token names nobody: it has no `sub`.");
    return { ...user, id };
  }
}
