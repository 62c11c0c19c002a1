import { createHmac } from "node:crypto";

/** The header that shows a request to come from who knows the secret: `t=1767225600,v1=5f2d…`. */
export const signatureHeader = "tidings-signature";

/**
 * `t` is when it was sent, in seconds since 1970, and `v1` the HMAC-SHA-256 (RFC 2104) of `t`, a dot and the body, in hex:
 * a body that is sent anew later does not fit its time, which whoever gets it looks at.
 */
export function sign(body: string, { secret, atMs }: { readonly secret: string; readonly atMs: number }): string {
  const seconds = Math.floor(atMs / 1_000);
  const mac = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  return `t=${seconds},v1=${mac}`;
}
