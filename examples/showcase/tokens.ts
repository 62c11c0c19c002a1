import { randomBytes } from "node:crypto";
import { SignJWT } from "jose";

const visitors = [
  { sub: "alice", name: "Alice" },
  { sub: "bob", name: "Bob" },
  { sub: "admin", name: "Admin", role: "admin" },
];

/** 32 bytes, as much as HS256 makes use of (RFC 7518 §3.2). */
export function createSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** A token for each visitor, good for a day. */
export function signTokens(secret: string): Promise<{ readonly sub: string; readonly token: string }[]> {
  const key = new TextEncoder().encode(secret);
  return Promise.all(
    visitors.map(async ({ sub, ...claims }) => {
      const token = new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setSubject(sub);
      return { sub, token: await token.setIssuedAt().setExpirationTime("1d").sign(key) };
    }),
  );
}

/** In the fragment, which a browser keeps to itself: the token gets into no server's log and no Referer. */
export function linkWith(token: string, url: string): string {
  return `${url}/#token=${token}`;
}
