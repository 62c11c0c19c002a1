import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { SignJWT } from "jose";
import { jwt } from "tidings/auth";
import { z } from "zod";

/** Nobody else can know one that is made up here. Several processes, or lives of one, need it from without. */
const secret = process.env.TIDINGS_JWT_SECRET || randomBytes(32).toString("base64url");

const visitor = z.object({
  // Letters, digits, signs and spaces. No slash, and more than dots: what can be a part of a channel's name.
  name: z
    .string()
    .trim()
    .regex(/^(?!\.+$)[^\p{C}/]{1,32}$/u),
  role: z
    .string()
    .regex(/^[a-z]{1,16}$/)
    .optional(),
});

/** Whoever has a token from here. Their `id` is their name. */
export const user = jwt({ secret, claims: z.object({ sub: z.string(), role: z.string().optional() }) });

/**
 * Answers `GET /token?name=Ana` with a token for Ana, and perhaps for a role of hers: it takes everybody's word for who they
 * are. This is where a real app looks at a session, or asks for a password. False: the request is not for it.
 */
export async function signIn(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const [path, query] = (request.url ?? "/").split("?", 2);
  if (request.method !== "GET" || path !== "/token") return false;
  const asked = visitor.safeParse(Object.fromEntries(new URLSearchParams(query)));
  const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
  if (asked.success) response.writeHead(200, headers).end(await signToken(asked.data));
  else response.writeHead(400, headers).end("A name has 1 to 32 characters, and no slash.\n");
  return true;
}

/** Good for ten minutes. The client fetches the next by itself, before that is over. */
function signToken({ name, role }: z.infer<typeof visitor>): Promise<string> {
  const token = new SignJWT({ role }).setProtectedHeader({ alg: "HS256" }).setSubject(name);
  return token.setIssuedAt().setExpirationTime("10m").sign(new TextEncoder().encode(secret));
}
