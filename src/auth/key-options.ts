import type { JwtAlgorithm } from "./signature-algorithm.js";

/** A public key as JSON (RFC 7517): RSA, EC or Ed25519. */
export interface PublicJwk {
  readonly kty?: string | undefined;
  /** What it is for. Where it says so, other algorithms are not accepted. */
  readonly alg?: string | undefined;
  readonly use?: string | undefined;
  readonly key_ops?: readonly string[] | undefined;
  readonly kid?: string | undefined;
  readonly crv?: string | undefined;
  readonly x?: string | undefined;
  readonly y?: string | undefined;
  readonly n?: string | undefined;
  readonly e?: string | undefined;
}

/** With what the signature of a token is checked: one of `secret`, `key` and `jwks`. */
export interface VerificationKeyOptions {
  /** A shared secret, as UTF-8: 32 bytes or more for HS256 (RFC 7518 §3.2). */
  secret?: string | undefined;
  /** The issuer's public key: a PEM that begins with `-----BEGIN PUBLIC KEY-----` (SPKI), or a JWK (RFC 7517). */
  key?: string | PublicJwk | undefined;
  /**
   * The https address of the issuer's key set (RFC 7517 §5); http for this machine alone. Fetched when the first token
   * comes, then every 10 minutes, and for a key that is not known, every 30 seconds at most.
   */
  jwks?: string | URL | undefined;
  /**
   * What a token may be signed with; anything else is refused, `none` always. Default `["HS256"]` with a secret, what goes
   * with the key with one key, and `["RS256", "PS256", "ES256", "EdDSA"]` with a key set.
   */
  algorithms?: readonly JwtAlgorithm[] | undefined;
}
