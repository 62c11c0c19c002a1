import { randomBytes } from "node:crypto";
import { SignJWT } from "jose";

const visitors = [
  { sub: "alice", name: "Alice" },
  { sub: "bob", name: "Bob" },
  { sub: "admin", name: "Admin", role: "admin" },
];

// Something that is set but empty counts as not set.
const givenSecret = process.env.TIDINGS_JWT_SECRET || undefined;

/** Nobody else can know one that is made up here: 32 bytes, as much as HS256 makes use of (RFC 7518 §3.2). */
export const secret = givenSecret ?? randomBytes(32).toString("base64url");

/** A token for each visitor, good for a day; none where somebody has the secret, and signs tokens with it. */
export async function signTokens(): Promise<{ readonly sub: string; readonly token: string }[]> {
  if (givenSecret !== undefined) return [];
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
  return `${url}#token=${token}`;
}
