import { dependency, forbidden } from "tidings";
import { firstOf, jwt, session } from "tidings/auth";
import { z } from "zod";
import { sessionCookie, sessions } from "./sessions.js";
import { secret } from "./tokens.js";

const claims = z.object({ sub: z.string(), name: z.string(), role: z.string().optional() });

/** Who has a token: in a header, the subprotocol or the query. */
export const user = jwt({ secret, claims });

/** Who has signed in, and has the cookie for it. */
export const member = session({ cookie: sessionCookie, lookup: (id) => sessions.find(id) });

/**
 * Either: a token in any place there is (a page can send no header, and not everybody wants a token in an address), or
 * the cookie.
 */
export const visitor = firstOf(jwt({ secret, claims, from: ["query", "header", "subprotocol", "message"] }), member);

/** What visitors may ask, at more than one endpoint. */
export const whoami = z.object({}).meta({ description: "Who am I, to this server?" });

/** What it throws refuses the handshake, here with 403. */
export const admin = dependency({
  needs: { user },
  create({ user }) {
    if (user.role !== "admin") throw forbidden("Admin only");
    return user;
  },
});
