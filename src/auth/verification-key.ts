import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { type JWTClaimVerificationOptions, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { ConfigError } from "../base/config-error.js";
import type { Eventually } from "../base/eventually.js";
import type { StartupWarning } from "../declare/credential.js";
import type { PublicJwk, VerificationKeyOptions } from "./key-options.js";
import { KeySet } from "./key-set.js";
import { SharedSecret } from "./shared-secret.js";
import {
  algorithmsFor,
  checkAlgorithms,
  isJwtAlgorithm,
  isKeyKind,
  type JwtAlgorithm,
  type KeySource,
  secretBytesFor,
} from "./signature-algorithm.js";

export interface VerificationKey {
  readonly algorithms: readonly JwtAlgorithm[];
  readonly warnings: readonly StartupWarning[];
  /**
   * The claims of a token whose signature is good, at once where there is nothing to wait for. `nowMs` is milliseconds since
   * 1970. Throws, or rejects with, a `JOSEError` for what is wrong with the token.
   */
  open(token: string, nowMs: number, claims: JWTClaimVerificationOptions): Eventually<JWTPayload>;
}

/**
 * What is wrong however the environment is set.
 *
 * @throws {ConfigError} `ambiguous_key` for more than one, `invalid_algorithms` for those that do not go with it.
 */
export function checkKeyOptions(options: VerificationKeyOptions): void {
  const given = sources.filter((source) => isGiven(options[source]));
  if (given.length > 1) {
    throw new ConfigError("ambiguous_key", {
      message: `jwt() has ${given.map((source) => `\`${source}\``).join(" and ")}.`,
      fix: "Give it one of them; for tokens of two issuers, two jwt() in firstOf(), each with its place.",
    });
  }
  checkAlgorithms(sourceOf(options), options.algorithms);
}

/**
 * Reads the key. It comes from the environment as a rule, so it is read when the app starts, and not when a module loads.
 *
 * @throws {ConfigError} `missing_secret`, `invalid_key`, `invalid_jwks` or `invalid_algorithms`.
 */
export function readKey(options: VerificationKeyOptions): VerificationKey {
  const { secret, key, jwks, algorithms } = options;
  if (isGiven(secret)) return readSecret(secret, algorithms);
  if (isGiven(key)) return readPublicKey(key, algorithms);
  if (isGiven(jwks)) return readKeySet(jwks, algorithms);
  const source = sourceOf(options);
  throw new ConfigError("missing_secret", { message: `jwt() has no \`${source}\`.`, fix: howToGive[source] });
}

const sources = ["secret", "key", "jwks"] as const satisfies readonly KeySource[];

const howToGive: Readonly<Record<KeySource, string>> = {
  secret: "Give it one, for example from the environment: TIDINGS_JWT_SECRET=$(openssl rand -base64 32).",
  key: 'Give it the issuer\'s public key: a PEM that begins with "-----BEGIN PUBLIC KEY-----", line breaks included, or a JWK.',
  jwks: "Give it the https address of the issuer's key set, like https://login.example.com/.well-known/jwks.json.",
};

function isGiven<Value>(value: Value | undefined): value is Value {
  return value !== undefined && value !== "";
}

/** Which one is there, or, where it is missing, which one was meant. */
function sourceOf(options: VerificationKeyOptions): KeySource {
  const meant = sources.find((source) => isGiven(options[source])) ?? sources.find((source) => source in options);
  return meant ?? "secret";
}

function readSecret(secret: string, pinned: readonly JwtAlgorithm[] | undefined): VerificationKey {
  const bytes = new TextEncoder().encode(secret);
  const algorithms = algorithmsFor("secret", pinned);
  const neededBytes = secretBytesFor(algorithms);
  const isWeak = bytes.byteLength < neededBytes;
  const warning: StartupWarning = {
    code: "weak_secret",
    message: `jwt()'s \`secret\` has ${bytes.byteLength} bytes of the ${neededBytes} that ${algorithms.join(", ")} needs (RFC 7518 §3.2): whoever sees one token can search for it.`,
    fix: `Make a new one with openssl rand -base64 ${neededBytes}.`,
  };
  const shared = new SharedSecret(bytes, algorithms);
  return { algorithms, warnings: isWeak ? [warning] : [], open: (token, _nowMs, claims) => shared.open(token, claims) };
}

function readPublicKey(key: string | PublicJwk, pinned: readonly JwtAlgorithm[] | undefined): VerificationKey {
  const publicKey = parsePublicKey(key);
  const kind = publicKey.asymmetricKeyDetails?.namedCurve ?? publicKey.asymmetricKeyType;
  if (!isKeyKind(kind)) throw invalidKey(`is of type ${kind}, which no algorithm here is for`);
  const { modulusLength } = publicKey.asymmetricKeyDetails ?? {};
  if (kind === "rsa" && (modulusLength ?? 0) < 2_048) {
    throw invalidKey(`has ${modulusLength} bits of the 2048 that RSA needs (RFC 7518 §3.3)`);
  }
  const own = typeof key === "object" ? key.alg : undefined;
  if (own !== undefined && !isJwtAlgorithm(own)) throw invalidKey(`is for the algorithm ${JSON.stringify(own)}`);
  if (own !== undefined && pinned?.some((name) => name !== own)) {
    throw invalidKey(`is for ${own}, and \`algorithms\` has others`);
  }
  const algorithms = algorithmsFor(kind, own === undefined ? pinned : [own]);
  return { algorithms, warnings: [], open: openWith(algorithms, () => async () => publicKey) };
}

function parsePublicKey(key: string | PublicJwk): KeyObject {
  if (typeof key === "string") {
    const pem = key.trim();
    // Node would derive the public key from a private one, and take a certificate without a look at its dates.
    if (pem.includes("PRIVATE KEY")) throw invalidKey("is a private key, which a verifier must not have");
    if (!pem.startsWith("-----BEGIN PUBLIC KEY-----")) throw invalidKey("is not a PEM of a public key");
    return parse(() => createPublicKey(pem));
  }
  if ("d" in key) throw invalidKey("is a private key, which a verifier must not have");
  const isForVerifying = (key.use ?? "sig") === "sig" && (key.key_ops?.includes("verify") ?? true);
  if (!isForVerifying) throw invalidKey("is not for verifying signatures");
  // Node's type knows no `undefined`; Node does, and looks at every parameter it reads.
  return parse(() => createPublicKey({ key: key as JsonWebKey, format: "jwk" }));
}

function parse(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch (cause) {
    throw invalidKey("can't be read", cause);
  }
}

function readKeySet(jwks: string | URL, pinned: readonly JwtAlgorithm[] | undefined): VerificationKey {
  const algorithms = algorithmsFor("any public", pinned);
  const keys = new KeySet(parseAddress(jwks));
  const keyAt = (nowMs: number): JWTVerifyGetKey => {
    return (header, token) => keys.find(header, token, nowMs);
  };
  return { algorithms, warnings: [], open: openWith(algorithms, keyAt) };
}

function openWith(
  algorithms: readonly JwtAlgorithm[],
  keyAt: (nowMs: number) => JWTVerifyGetKey,
): VerificationKey["open"] {
  return async (token, nowMs, claims) => {
    const { payload } = await jwtVerify(token, keyAt(nowMs), { ...claims, algorithms: [...algorithms] });
    return payload;
  };
}

function parseAddress(jwks: string | URL): URL {
  const address = String(jwks);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (url && isSafe && url.username === "" && url.password === "") return url;
  throw new ConfigError("invalid_jwks", {
    // Without the address itself: it may hold a password.
    message: `jwt()'s \`jwks\` ${whatIsWrong(url, isSafe)}.`,
    fix: howToGive.jwks,
  });
}

function whatIsWrong(url: URL | undefined, isSafe: boolean): string {
  if (url === undefined) return "is not an address";
  return isSafe
    ? "has a user name or a password in it"
    : `is asked by ${url.protocol.slice(0, -1)}, where anybody may answer`;
}

/** Nobody stands between us and our own machine (RFC 6761 §6.3 for the names). */
function isLoopback(hostname: string): boolean {
  return hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname) || /(^|\.)localhost$/.test(hostname);
}

function invalidKey(what: string, cause?: unknown): ConfigError {
  return new ConfigError("invalid_key", { message: `jwt()'s \`key\` ${what}.`, fix: howToGive.key, cause });
}
