import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { SignJWT } from "jose";
import { durationMs } from "../base/duration.js";
import { ConfigError, type Duration } from "../index.js";
import type { Streams } from "./terminal.js";

export interface TokenOptions {
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  /** Default `"1h"`; `"never"`: it does not. */
  readonly expires?: Duration | "never" | undefined;
  readonly algorithm?: string | undefined;
  /** Default: what TIDINGS_JWT_SECRET holds, or JWT_SECRET. */
  readonly secret?: string | undefined;
  /** The file of a private key, in the place of a secret. */
  readonly keyFile?: string | undefined;
}

/**
 * A JSON Web Token (RFC 7519) that a server with the same secret takes for the user's. Its `jti` is for `app.revoke`.
 *
 * `iss` and `aud` are what TIDINGS_JWT_ISSUER and TIDINGS_JWT_AUDIENCE hold, unless the claims say so themselves.
 *
 * @throws {ConfigError} `missing_secret`, `invalid_key`, `invalid_algorithms`, `invalid_duration`
 */
export async function signedToken(user: string, options: TokenOptions, env: Streams["env"]): Promise<string> {
  const { claims, expires = "1h" } = options;
  const { key, algorithm } = readSigner(options, env);
  const { TIDINGS_JWT_ISSUER: iss, TIDINGS_JWT_AUDIENCE: aud } = env;
  const issuedAt = Math.floor(Date.now() / 1_000);
  const token = new SignJWT({
    ...(iss && { iss }),
    ...(aud && { aud }),
    jti: crypto.randomUUID(),
    ...claims,
    sub: user,
  }).setProtectedHeader({ alg: algorithm, typ: "JWT" });
  if (claims?.iat === undefined) token.setIssuedAt(issuedAt);
  if (expires !== "never" && claims?.exp === undefined) {
    token.setExpirationTime(issuedAt + Math.ceil(durationMs(expires, "--expires") / 1_000));
  }
  return await token.sign(key);
}

interface Signer {
  readonly key: KeyObject | Uint8Array;
  readonly algorithm: string;
}

function readSigner({ secret, keyFile, algorithm }: TokenOptions, env: Streams["env"]): Signer {
  if (keyFile !== undefined) return readPrivateKey(keyFile, algorithm);
  const text = secret ?? (env.TIDINGS_JWT_SECRET || env.JWT_SECRET);
  if (!text) {
    throw new ConfigError("missing_secret", {
      message: "There is no secret to sign a token with.",
      fix: "Give it the server's: TIDINGS_JWT_SECRET in the environment or in .env, or --secret. A new one: TIDINGS_JWT_SECRET=$(openssl rand -base64 32).",
    });
  }
  return { key: new TextEncoder().encode(text), algorithm: pick(algorithm, ["HS256", "HS384", "HS512"], "a secret") };
}

function readPrivateKey(file: string, algorithm: string | undefined): Signer {
  const key = parsePrivateKey(file);
  const kind = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? "";
  const algorithms = ALGORITHMS[kind];
  if (algorithms === undefined) throw invalidKey(file, `is of type ${kind}, which no algorithm here is for`);
  return { key, algorithm: pick(algorithm, algorithms, "this key") };
}

/** The default is the first (RFC 7518 §3.1, RFC 8037 §3.1). */
const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  rsa: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  prime256v1: ["ES256"],
  secp384r1: ["ES384"],
  secp521r1: ["ES512"],
  ed25519: ["EdDSA", "Ed25519"],
};

function parsePrivateKey(file: string): KeyObject {
  try {
    return createPrivateKey(readFileSync(file));
  } catch (cause) {
    // What OpenSSL says of it nobody can read; what the file system says they can.
    const isMissing = "code" in (cause as object) && (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw invalidKey(file, isMissing ? "is not there" : "can't be read as a PEM of a private key without a password");
  }
}

function invalidKey(file: string, what: string): ConfigError {
  return new ConfigError("invalid_key", {
    message: `The key ${file} ${what}.`,
    fix: "Name a PEM, such as openssl genpkey -algorithm ed25519 makes; its public half is the server's.",
  });
}

function pick(asked: string | undefined, known: readonly string[], of: string): string {
  const algorithm = asked === undefined ? known[0] : known.find((name) => name === asked);
  if (algorithm !== undefined) return algorithm;
  throw new ConfigError("invalid_algorithms", {
    message: `Nothing is signed by ${asked} with ${of}.`,
    fix: `Say one of ${known.join(", ")}.`,
  });
}
