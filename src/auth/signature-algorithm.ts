import { ConfigError } from "../base/config-error.js";

/** What a JSON Web Token may be signed with (RFC 7518 §3.1, RFC 8037, RFC 9864). `none` is not among them. */
export type JwtAlgorithm =
  | "HS256"
  | "HS384"
  | "HS512"
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "ES512"
  | "EdDSA"
  | "Ed25519";

/** Where the key comes from. */
export type KeySource = "secret" | "key" | "jwks";

/** What a key is, as an algorithm needs it: RSA, or the name of its curve as OpenSSL has it. */
export type KeyKind = "secret" | "rsa" | "prime256v1" | "secp384r1" | "secp521r1" | "ed25519";

const kindOf: Readonly<Record<JwtAlgorithm, KeyKind>> = {
  HS256: "secret",
  HS384: "secret",
  HS512: "secret",
  RS256: "rsa",
  RS384: "rsa",
  RS512: "rsa",
  PS256: "rsa",
  PS384: "rsa",
  PS512: "rsa",
  ES256: "prime256v1",
  ES384: "secp384r1",
  ES512: "secp521r1",
  EdDSA: "ed25519",
  Ed25519: "ed25519",
};

const usualForKind: Readonly<Record<KeyKind, readonly JwtAlgorithm[]>> = {
  secret: ["HS256"],
  rsa: ["RS256", "PS256"],
  prime256v1: ["ES256"],
  secp384r1: ["ES384"],
  secp521r1: ["ES512"],
  ed25519: ["EdDSA"],
};

const usualForKeySet: readonly JwtAlgorithm[] = ["RS256", "PS256", "ES256", "EdDSA"];

/**
 * The algorithms for a key of this kind: those that are pinned, or the usual ones. `"any public"` is a key set.
 *
 * @throws {ConfigError} `invalid_algorithms` for one that does not go with the key.
 */
export function algorithmsFor(
  kind: KeyKind | "any public",
  pinned: readonly JwtAlgorithm[] | undefined,
): readonly JwtAlgorithm[] {
  const usual = kind === "any public" ? usualForKeySet : usualForKind[kind];
  const unfit = (pinned ?? usual).find((name) => !fits(kind, name));
  if (unfit === undefined && pinned?.length !== 0) return pinned ?? usual;
  throw new ConfigError("invalid_algorithms", {
    message: unfit
      ? `jwt() is told to accept the algorithm ${JSON.stringify(unfit)}, which does not go with ${wordsFor(kind)}.`
      : "jwt() is told to accept no algorithm at all.",
    fix: `Leave \`algorithms\` out for ${usual.join(", ")}, or name others that go with ${wordsFor(kind)}.`,
  });
}

/**
 * Refuses what can be refused before the key is read: a public key that an HMAC algorithm takes for a secret is how
 * tokens are forged (RFC 8725 §2.1).
 *
 * @throws {ConfigError} `invalid_algorithms`
 */
export function checkAlgorithms(source: KeySource, pinned: readonly JwtAlgorithm[] | undefined): void {
  algorithmsFor(source === "secret" ? "secret" : "any public", pinned);
}

/** How long a secret must be, in bytes: as long as the hash (RFC 7518 §3.2). */
export function secretBytesFor(algorithms: readonly JwtAlgorithm[]): number {
  return Math.max(...algorithms.map((name) => Number(name.slice(2)) / 8));
}

export function isKeyKind(kind: string | undefined): kind is KeyKind {
  return kind !== undefined && Object.hasOwn(usualForKind, kind);
}

export function isJwtAlgorithm(name: unknown): name is JwtAlgorithm {
  return typeof name === "string" && Object.hasOwn(kindOf, name);
}

function fits(kind: KeyKind | "any public", name: JwtAlgorithm): boolean {
  if (!isJwtAlgorithm(name)) return false; // JavaScript, or a cast, may name any
  return kind === "any public" ? kindOf[name] !== "secret" : kindOf[name] === kind;
}

function wordsFor(kind: KeyKind | "any public"): string {
  if (kind === "secret") return "a shared secret";
  return kind === "any public" ? "public keys" : `a public key of type ${kind}`;
}
