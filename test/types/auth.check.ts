import { endpoint, type Handshake, type Identity, rawEndpoint } from "tidings";
import {
  type Authenticated,
  type Credential,
  type CredentialRequest,
  jwt,
  type OfferedTokens,
  type TokenPlace,
  type UserOf,
} from "tidings/auth";
import * as v from "valibot";
import { z } from "zod";
import { type Member, user } from "./declarations.js";
import { is, isType } from "./is.js";

// Without `claims` a token names somebody by `sub`, and no more is known.
const anybody = jwt({ secret: "s" });
is<Credential<{ sub: string; readonly id: string }>>()(anybody);
is<Credential<{ readonly id: string }>>()(jwt({ secret: undefined, claims: undefined }));

// With them the user is what the schema makes of the claims, and an `id`.
is<Credential<Member>>()(user);
is<Credential<{ sub: string; readonly id: string }>>()(jwt({ secret: "s", claims: v.object({ sub: v.string() }) }));
is<Credential<{ sub: string; admin?: boolean | undefined; readonly id: string }>>()(
  jwt({ secret: "s", claims: z.object({ sub: z.string(), admin: z.boolean().optional() }) }),
);

// The claims' own `id` where that is a string, otherwise `sub` in its place.
is<Credential<{ id: string; sub: string }>>()(
  jwt({ secret: "s", claims: z.object({ id: z.string(), sub: z.string() }) }),
);
is<Credential<{ sub: string; readonly id: string }>>()(
  jwt({ secret: "s", claims: z.object({ id: z.number(), sub: z.string() }) }),
);
isType<UserOf<{ id: string }>, { id: string }>(true);
isType<UserOf<{ id: number; name: string }>, { name: string; readonly id: string }>(true);

// Every option, and each of them undefined.
jwt({ secret: "s", algorithms: ["HS256", "HS512"], issuer: "us", audience: "you", from: ["header", "query"] });
jwt({ secret: undefined, algorithms: undefined, issuer: undefined, audience: undefined, from: undefined });
isType<TokenPlace, "header" | "query">(true);

// A credential of one's own: whatever tells who it is.
interface Robot extends Identity {
  readonly model: string;
}
const byKey: Credential<Robot> = {
  "~is": "credential",
  places: ["header"],
  check() {},
  async authenticate(given) {
    is<CredentialRequest>()(given);
    is<Handshake>()(given.request);
    is<OfferedTokens>()(given.tokens);
    is<number>()(given.nowMs);
    return { user: { id: given.tokens.header ?? "nobody", model: "T" }, expiresAtMs: given.nowMs + 1 };
  },
};
is<Promise<Authenticated<Robot>>>()(byKey.authenticate({} as CredentialRequest));
endpoint("/ws", { auth: byKey, open: ({ user }) => is<Robot>()(user) });
rawEndpoint("/ws", { auth: byKey, open: ({ user }) => is<Robot>()(user) });
endpoint("/ws", { auth: undefined, open: ({ user }) => is<undefined>()(user) });

// The path names a user: their own door, and close codes of one's own.
endpoint("/ws/users/:user", {
  auth: user,
  allow: ({ user, params }) => user.id === params.user,
  closeCodes: { unauthorized: 4001, token_expired: 4002, forbidden: 4003 },
  refuse: "close",
});
rawEndpoint("/ws/users/:user", {
  auth: user,
  allow: async ({ user, params, query, request }) => {
    is<Member>()(user);
    is<{ readonly user: string }>()(params);
    is<Readonly<Record<string, string>>>()(query);
    is<Handshake>()(request);
    return user.role === "admin";
  },
  closeCodes: { forbidden: 4003 },
  refuse: "http",
});
