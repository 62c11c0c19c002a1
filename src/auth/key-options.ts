import type { JwtAlgorithm } from "./signature-algorithm.js";

/** A public key as JSON (RFC 7517): RSA, EC or Ed25519. */
export interface PublicJwk {
  /** Its kind: `RSA`, `EC` or `OKP`. */
  readonly kty?: string | undefined;
  /** What it is for. Where it says so, other algorithms are not accepted. */
  readonly alg?: string | undefined;
  /** `sig` where it says so: a key for encryption is not taken. */
  readonly use?: string | undefined;
  /** What may be done with it: `verify` among it, where it says so. */
  readonly key_ops?: readonly string[] | undefined;
  /** Its name, which a token's header repeats. */
  readonly kid?: string | undefined;
  /** The curve of an EC or an Ed25519 key, such as `P-256`. */
  readonly crv?: string | undefined;
  /** Of an EC or an Ed25519 key, in base64url. */
  readonly x?: string | undefined;
  /** Of an EC key, in base64url. */
  readonly y?: string | undefined;
  /** The modulus of an RSA key, in base64url. */
  readonly n?: string | undefined;
  /** The exponent of an RSA key, in base64url. */
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
