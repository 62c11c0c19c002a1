import { createHmac, sign } from "node:crypto";

export const secret = "for tests only: forty characters or more";

export interface TokenOptions {
  readonly alg?: string;
  readonly key?: string;
  /** In the place of a signature with `key`. */
  readonly signature?: string;
}

/** A JSON Web Token (RFC 7519), however good or bad. By default HS256 with `secret`. */
export function signToken(claims: object, { alg = "HS256", key = secret, signature }: TokenOptions = {}): string {
  const signed = `${encode({ alg, typ: "JWT" })}.${encode(claims)}`;
  return `${signed}.${signature ?? signatureOf(alg, key, signed)}`;
}

/** The time so many seconds from now, as claims tell it. */
export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1_000) + seconds;
}

function signatureOf(alg: string, key: string, signed: string): string {
  if (alg.startsWith("RS")) return sign(`sha${alg.slice(2)}`, Buffer.from(signed), key).toString("base64url");
  return createHmac(`sha${alg.slice(2)}`, key)
    .update(signed)
    .digest("base64url");
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
