import { expect, test } from "vitest";
import { sign } from "./signature.js";

const secret = "for tests only: thirty-two bytes or more";

test("the signature is the HMAC of the time in seconds, a dot and the body", () => {
  // openssl: printf '1767225600.{"hook":"connect"}' | openssl dgst -sha256 -hmac "$secret"
  expect(sign('{"hook":"connect"}', { secret, atMs: 1_767_225_600_999 })).toBe(
    "t=1767225600,v1=5b1d04c5ac0cc4cc13362c11388e44d6bb10e177768e5e9cdf283d5ec9656276",
  );
});

test("another body, another time and another secret have another signature", () => {
  const signatures = [
    sign("{}", { secret, atMs: 1_000 }),
    sign("{ }", { secret, atMs: 1_000 }),
    sign("{}", { secret, atMs: 2_000 }),
    sign("{}", { secret: `${secret}!`, atMs: 1_000 }),
  ].map((header) => header.split("v1=")[1]);
  expect(new Set(signatures).size).toBe(4);
});
