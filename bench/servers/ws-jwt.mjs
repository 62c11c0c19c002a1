// `ws`, and a JWT's signature and dates checked before the handshake, by hand.
import { createHmac, timingSafeEqual } from "node:crypto";
import { SECRET } from "../secret.mjs";
import { createWsServer } from "./ws-server.mjs";

createWsServer({ read: JSON.parse, mayEnter: (request) => verify(request.headers.authorization?.slice(7) ?? "") });

function verify(token) {
  const [head, claims, signature] = token.split(".");
  if (signature === undefined) return false;
  const expected = createHmac("sha256", SECRET).update(`${head}.${claims}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) return false;
  if (JSON.parse(Buffer.from(head, "base64url")).alg !== "HS256") return false;
  const { exp, sub } = JSON.parse(Buffer.from(claims, "base64url"));
  return typeof sub === "string" && exp * 1000 > Date.now();
}
