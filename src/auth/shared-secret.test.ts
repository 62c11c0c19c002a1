import { createHmac } from "node:crypto";
import { errors, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { SharedSecret } from "./shared-secret.js";
import type { JwtAlgorithm } from "./signature-algorithm.js";

const BYTES = new TextEncoder().encode("a secret of sixty-four bytes, which is enough for any of the HSs");
const NOW = new Date(Date.UTC(2026, 0, 1));
const hashes = { HS256: "sha256", HS384: "sha384", HS512: "sha512" } as const;

const open = (token: string, algorithms: readonly JwtAlgorithm[] = ["HS256"]) => {
  return new SharedSecret(BYTES, algorithms).open(token, { currentDate: NOW });
};
const encode = (text: string) => Buffer.from(text).toString("base64url");

/** A token with any header, which jose might not make. */
function signText(header: string, claims: string, hash = "sha256"): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createHmac(hash, BYTES).update(signed).digest("base64url")}`;
}

describe.each(["HS256", "HS384", "HS512"] as const)("%s", (alg) => {
  test("what jose signs with it is opened, where it is pinned, and nowhere else", async () => {
    const token = await new SignJWT({ sub: "ana", name: "Ána" }).setProtectedHeader({ alg, typ: "JWT" }).sign(BYTES);
    expect(open(token, [alg])).toEqual({ sub: "ana", name: "Ána" });
    expect(open(token, ["HS256", "HS384", "HS512"])).toEqual({ sub: "ana", name: "Ána" });
    const others = (["HS256", "HS384", "HS512"] as const).filter((each) => each !== alg);
    expect(() => open(token, others)).toThrow(errors.JOSEAlgNotAllowed);
  });

  test("the hash is that of its name", () => {
    for (const [name, hash] of Object.entries(hashes)) {
      const token = signText(`{"alg":"${alg}"}`, '{"sub":"ana"}', hash);
      if (name === alg) expect(open(token, [alg])).toEqual({ sub: "ana" });
      else expect(() => open(token, [alg])).toThrow(errors.JWSSignatureVerificationFailed);
    }
  });
});

const good = signText('{"alg":"HS256"}', '{"sub":"ana"}');
const [head = "", claims = "", signature = ""] = good.split(".");

test.each<[string, string]>([
  ["none", ""],
  ["cut", signature.slice(0, -1)],
  ["longer", `${signature}A`],
  ["padded", `${signature}=`],
  ["in the alphabet of base64", signature.replaceAll("-", "+").replaceAll("_", "/").concat(" ")],
  ["of other letters", "A".repeat(signature.length)],
  ["of letters of two bytes", "é".repeat(signature.length)],
  ["the same bytes, written otherwise", sameBytes(signature)],
])("a signature that is %s is refused", (_, given) => {
  expect(() => open(`${head}.${claims}.${given}`)).toThrow(errors.JWSSignatureVerificationFailed);
});

test.each<[string, string]>([
  ["an algorithm that is not pinned", '{"alg":"HS512"}'],
  ["the algorithm none", '{"alg":"none"}'],
  ["the algorithm of a public key", '{"alg":"RS256"}'],
  ["a word that every object has for its algorithm", '{"alg":"constructor"}'],
  ["no algorithm", "{}"],
  ["a list for its algorithm", '{"alg":["HS256"]}'],
  ["an extension", '{"alg":"HS256","crit":["exp"],"exp":1}'],
  ["claims that are not encoded", '{"alg":"HS256","crit":["b64"],"b64":false}'],
  ["no extension, but a list for them", '{"alg":"HS256","crit":[]}'],
  ["no JSON in its header", "HS256"],
  ["a list in its header", '["HS256"]'],
])("a token that has %s is refused, however it is signed", (_, header) => {
  expect(() => open(signText(header, '{"sub":"ana"}'))).toThrow(errors.JOSEError);
});

test.each(["", "a", "a.b", `${head}.${claims}`, `${good}.`, `${good}.x`, `.${claims}.${signature}`, `${head}..`])(
  "what has not three parts that say something is refused: %j",
  (token) => {
    expect(() => open(token)).toThrow(errors.JOSEError);
  },
);

test("a header that is known already lets nothing through", () => {
  const secret = new SharedSecret(BYTES, ["HS256"]);
  const take = (token: string) => secret.open(token, { currentDate: NOW });
  expect(take(good)).toEqual({ sub: "ana" });
  expect(() => take(`${head}.${encode('{"sub":"root"}')}.${signature}`)).toThrow(errors.JWSSignatureVerificationFailed);
  expect(() => take(signText('{"alg":"HS512"}', '{"sub":"ana"}', "sha512"))).toThrow(errors.JOSEAlgNotAllowed);
  expect(take(good)).toEqual({ sub: "ana" });
});

test("the claims are looked at after the signature", () => {
  const expired = signText('{"alg":"HS256"}', '{"sub":"ana","exp":1}');
  expect(() => open(expired)).toThrow(errors.JWTExpired);
  expect(() => open(`${expired.slice(0, -4)}AAAA`)).toThrow(errors.JWSSignatureVerificationFailed);
  expect(() => open(signText('{"alg":"HS256"}', '["ana"]'))).toThrow(errors.JWTInvalid);
  expect(() => open(signText('{"alg":"HS256"}', '{"sub":'))).toThrow(errors.JWTInvalid);
});

/** In base64url the last of 43 letters has two bits that carry nothing. */
function sameBytes(text: string): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const other = `${text.slice(0, -1)}${letters[letters.indexOf(text.at(-1) ?? "") ^ 1]}`;
  if (!Buffer.from(other, "base64url").equals(Buffer.from(text, "base64url"))) throw new Error("They are others.");
  return other;
}
