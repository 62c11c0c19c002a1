import { createHmac } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { errors, type JWTPayload, jwtVerify } from "jose";
import { SharedSecret } from "../../../src/auth/shared-secret.js";
import { hold, type Target } from "../target.js";

const KEY = Buffer.from("for tests only: forty characters or more");
const ALGORITHMS = ["HS256", "HS384"] as const;
/** What the clock shows while tokens are read. */
const NOW = new Date(1_767_225_600_000);

export const tokens: Target = {
  about:
    "a JSON Web Token: header, claims and signature a line each, signed well where there is no third; a line with = is not encoded",
  words: [
    ..."alg typ kid crit b64 jku jwk HS256 HS384 HS512 RS256 none JWT sub exp nbf iat iss aud jti = . ana".split(" "),
    ..."1767225600 1767225599 1767225601 1e999 -1 true null".split(" "),
  ],
  batch: 64,
  open: () => {
    const ours = new SharedSecret(KEY, ALGORITHMS);
    return { read: (input) => compare(ours, tokenOf(input.toString().split("\n"))) };
  },
};

function tokenOf([header = "", payload = "", signature = "", ...more]: readonly string[]): string {
  const encode = (line: string) => (line.startsWith("=") ? line.slice(1) : Buffer.from(line).toString("base64url"));
  const signed = `${encode(header)}.${encode(payload)}`;
  const hash = header.includes("HS384") ? "sha384" : header.includes("HS512") ? "sha512" : "sha256";
  const good = createHmac(hash, KEY).update(signed).digest("base64url");
  return [signed, signature === "" ? good : signature, ...more].join(".");
}

/** All of jose's own checks, and ours: what one takes the other takes, and reads alike. */
async function compare(ours: SharedSecret, token: string): Promise<void> {
  const read = open(ours, token);
  const expected = await jwtVerify(token, KEY, { algorithms: [...ALGORITHMS], currentDate: NOW }).then(
    ({ payload }) => payload,
    () => undefined,
  );
  hold(read === undefined || expected !== undefined, "no token is taken that jose refuses", token);
  // Extensions that it must understand we take for none of ours, also the one that jose knows.
  const isExtended =
    token.split(".")[0]?.length !== 0 && /"crit"/.test(Buffer.from(token.split(".")[0] ?? "", "base64url").toString());
  hold(isExtended || expected === undefined || read !== undefined, "no token is refused that jose takes", token);
  const isAlike = read === undefined || isDeepStrictEqual(JSON.stringify(read), JSON.stringify(expected));
  hold(isAlike, "claims are read alike", { read, expected });
}

function open(ours: SharedSecret, token: string): JWTPayload | undefined {
  try {
    return ours.open(token, { currentDate: NOW });
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
