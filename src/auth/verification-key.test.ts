import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import type { PublicJwk } from "./key-options.js";
import type { JwtAlgorithm } from "./signature-algorithm.js";
import { checkKeyOptions, readKey } from "./verification-key.js";

const pairs = {
  rsa: generateKeyPairSync("rsa", { modulusLength: 2_048 }),
  p256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  p384: generateKeyPairSync("ec", { namedCurve: "P-384" }),
  p521: generateKeyPairSync("ec", { namedCurve: "P-521" }),
  ed25519: generateKeyPairSync("ed25519"),
};
const other = generateKeyPairSync("ec", { namedCurve: "P-256" });

const pemOf = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();
const jwkOf = (key: KeyObject) => key.export({ format: "jwk" }) as PublicJwk;
const sign = (key: KeyObject, alg: string) => new SignJWT({ sub: "ana" }).setProtectedHeader({ alg }).sign(key);

async function isGood(token: string, key: string | PublicJwk, algorithms?: readonly JwtAlgorithm[]): Promise<boolean> {
  const read = readKey({ key, algorithms });
  return Promise.resolve(read.open(token, 0, {})).then(
    () => true,
    () => false,
  );
}

describe.each<[keyof typeof pairs, JwtAlgorithm[], JwtAlgorithm[]]>([
  ["rsa", ["RS256", "PS256"], ["RS384", "RS512", "PS384", "PS512"]],
  ["p256", ["ES256"], []],
  ["p384", ["ES384"], []],
  ["p521", ["ES512"], []],
  ["ed25519", ["EdDSA"], ["Ed25519"]],
])("a public key of type %s", (type, usual, onlyIfPinned) => {
  const { publicKey, privateKey } = pairs[type];

  test("is for its own algorithms, as a PEM and as a JWK", async () => {
    expect(readKey({ key: pemOf(publicKey) })).toMatchObject({ algorithms: usual, warnings: [] });
    for (const algorithm of usual) {
      const token = await sign(privateKey, algorithm);
      expect(await isGood(token, pemOf(publicKey))).toBe(true);
      expect(await isGood(token, `\n${pemOf(publicKey)}\n`)).toBe(true);
      expect(await isGood(token, jwkOf(publicKey))).toBe(true);
      expect(await isGood(token, pemOf(other.publicKey))).toBe(false);
    }
  });

  test("takes others of its type where they are pinned, and only those", async () => {
    for (const algorithm of onlyIfPinned) {
      const token = await sign(privateKey, algorithm);
      expect(await isGood(token, pemOf(publicKey))).toBe(false);
      expect(await isGood(token, pemOf(publicKey), [algorithm])).toBe(true);
      expect(await isGood(token, { ...jwkOf(publicKey), alg: algorithm })).toBe(true);
      for (const usualOne of usual) {
        expect(await isGood(await sign(privateKey, usualOne), pemOf(publicKey), [algorithm])).toBe(false);
      }
    }
  });

  test("is no secret: a token that is signed with it by HMAC is not good (RFC 8725 §2.1)", async () => {
    const pem = pemOf(publicKey);
    for (const secret of [pem, pem.trim(), JSON.stringify(jwkOf(publicKey))]) {
      const signed = `${encode({ alg: "HS256" })}.${encode({ sub: "root" })}`;
      const token = `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
      expect(await isGood(token, pem)).toBe(false);
      expect(await isGood(token, jwkOf(publicKey))).toBe(false);
    }
  });
});

const rsa = jwkOf(pairs.rsa.publicKey);
const weak = generateKeyPairSync("rsa", { modulusLength: 1_024 });
test.each<[string, string | PublicJwk, JwtAlgorithm[] | undefined, string]>([
  ["is not a key", "a key", undefined, "invalid_key"],
  ["has lost its line breaks", pemOf(pairs.rsa.publicKey).replaceAll("\n", "\\n"), undefined, "invalid_key"],
  ["is cut off", `${pemOf(pairs.p256.publicKey).slice(0, 60)}\n-----END PUBLIC KEY-----`, undefined, "invalid_key"],
  ["is private", privatePem(pairs.p256.privateKey), undefined, "invalid_key"],
  [
    "has the private one after it",
    `${pemOf(pairs.p256.publicKey)}${privatePem(pairs.p256.privateKey)}`,
    undefined,
    "invalid_key",
  ],
  [
    "is a PEM of another form",
    pairs.rsa.publicKey.export({ type: "pkcs1", format: "pem" }).toString(),
    undefined,
    "invalid_key",
  ],
  ["is a private JWK", jwkOf(pairs.p256.privateKey), undefined, "invalid_key"],
  ["is a secret as a JWK", { kty: "oct", k: "c2VjcmV0" } as PublicJwk, undefined, "invalid_key"],
  ["is an empty JWK", {}, undefined, "invalid_key"],
  ["is a JWK without its numbers", { kty: "RSA" }, undefined, "invalid_key"],
  ["is for encryption", { ...rsa, use: "enc" }, undefined, "invalid_key"],
  ["is for another operation", { ...rsa, key_ops: ["encrypt"] }, undefined, "invalid_key"],
  ["is for an algorithm we do not know", { ...rsa, alg: "RSA-OAEP" }, undefined, "invalid_key"],
  ["is for HMAC, as it says", { ...rsa, alg: "HS256" }, undefined, "invalid_algorithms"],
  ["is for another algorithm than is pinned", { ...rsa, alg: "RS256" }, ["RS512"], "invalid_key"],
  ["has too few bits", pemOf(weak.publicKey), undefined, "invalid_key"],
  ["is of a curve we do not know", pemOf(generateKeyPairSync("ed448").publicKey), undefined, "invalid_key"],
  ["does not go with what is pinned", pemOf(pairs.p384.publicKey), ["ES256"], "invalid_algorithms"],
  ["goes with some of what is pinned", pemOf(pairs.rsa.publicKey), ["RS256", "ES256"], "invalid_algorithms"],
])("a key that %s is a ConfigError when the app starts", (_, key, algorithms, code) => {
  checkKeyOptions({ key, algorithms });
  expect(() => readKey({ key, algorithms })).toThrow(expect.objectContaining({ name: "ConfigError", code }));
});

test.each([
  ["https://id.test/keys", true],
  [new URL("https://id.test/keys"), true],
  ["http://localhost:8080/keys", true],
  ["http://id.localhost/keys", true],
  ["http://127.0.0.1/keys", true],
  ["http://127.9.9.9/keys", true],
  ["http://[::1]:8080/keys", true],
  ["http://id.test/keys", false],
  [new URL("http://id.test/keys"), false],
  ["http://localhost.id.test/keys", false],
  ["http://notlocalhost/keys", false],
  ["http://127.0.0.1.id.test/keys", false],
  ["http://[::2]/keys", false],
  ["http://0.0.0.0/keys", false],
  ["file:///etc/keys", false],
  ["data:application/json,{}", false],
  ["/keys", false],
  ["id.test/keys", false],
  ["https://me:hunter2@id.test/keys", false],
])("a key set at %s can be asked: %s", (jwks, isSafe) => {
  checkKeyOptions({ jwks });
  if (isSafe) expect(readKey({ jwks }).algorithms).toEqual(["RS256", "PS256", "ES256", "EdDSA"]);
  else {
    const invalid = expect.objectContaining({ name: "ConfigError", code: "invalid_jwks" });
    expect(() => readKey({ jwks })).toThrow(invalid);
    expect(() => readKey({ jwks })).not.toThrow("hunter2");
  }
});

function privatePem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
