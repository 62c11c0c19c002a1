import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { decodeProtectedHeader, errors, type JWTClaimVerificationOptions, type JWTPayload, UnsecuredJWT } from "jose";
import type { JwtAlgorithm } from "./signature-algorithm.js";

/**
 * Opens tokens that are signed with a shared secret (RFC 7515 §5.2, RFC 7518 §3.2).
 *
 * jose checks a signature in a thread of its own: for an HMAC over 200 bytes, of which a server has one at each handshake,
 * the way there and back costs ten times the HMAC. Here it is computed at once. All else is jose's: it reads the header,
 * and it checks the claims.
 */
export class SharedSecret {
  readonly #key: KeyObject;
  readonly #algorithms: readonly JwtAlgorithm[];
  /** An issuer writes the same header on all its tokens: the last good one is not read again. */
  #known: { readonly header: string; readonly hash: string } | undefined;

  /** @param algorithms `HS256`, `HS384`, `HS512`; a token says which, and no other counts */
  constructor(bytes: Uint8Array, algorithms: readonly JwtAlgorithm[]) {
    this.#key = createSecretKey(bytes);
    this.#algorithms = algorithms;
  }

  /**
   * The claims of a token whose signature is good.
   *
   * @throws {errors.JOSEError} What is wrong with it; the claims are looked at last, and of those the expiry.
   */
  open(token: string, claims: JWTClaimVerificationOptions): JWTPayload {
    const [header = "", payload = "", signature, ...more] = token.split(".");
    if (signature === undefined || more.length > 0) throw new errors.JWSInvalid("A token has three parts.");
    const hash = this.#known?.header === header ? this.#known.hash : this.#hashOf(token);
    const expected = Buffer.from(createHmac(hash, this.#key).update(`${header}.${payload}`).digest("base64url"));
    const given = Buffer.from(signature);
    // In time that tells nothing of how much of it was right.
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new errors.JWSSignatureVerificationFailed();
    }
    if (this.#known?.header !== header) this.#known = { header, hash };
    return UnsecuredJWT.decode(`${UNSECURED}.${payload}.`, claims).payload;
  }

  #hashOf(token: string): string {
    const { alg = "", crit } = readHeader(token);
    // What it says must be understood, we do not (RFC 7515 §4.1.11).
    if (crit !== undefined) throw new errors.JOSENotSupported("Extensions are not supported.");
    const algorithm = this.#algorithms.find((name) => name === alg);
    const hash = algorithm && HASHES[algorithm];
    if (hash === undefined) throw new errors.JOSEAlgNotAllowed("This algorithm is not pinned.");
    return hash;
  }
}

function readHeader(token: string): { readonly alg?: string; readonly crit?: unknown } {
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw new errors.JWSInvalid("The header can't be read.", { cause });
  }
}

const HASHES: Readonly<Partial<Record<JwtAlgorithm, string>>> = { HS256: "sha256", HS384: "sha384", HS512: "sha512" };

/** The header that lets jose read claims by themselves: their signature was checked. */
const UNSECURED = Buffer.from('{"alg":"none"}').toString("base64url");
