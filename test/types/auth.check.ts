import {
  type Connection,
  type Dependency,
  dependency,
  endpoint,
  type Handshake,
  type Identity,
  rawEndpoint,
} from "tidings";
import {
  type Identity as AuthIdentity,
  bearer,
  firstOf,
  jwt,
  session,
  type TokenPlace,
  type UserOf,
} from "tidings/auth";
import * as v from "valibot";
import { z } from "zod";
import { db, type Member, user } from "./declarations.js";
import { is, isType } from "./is.js";

interface Account {
  id: string;
  email: string;
}
declare const accounts: ReadonlyMap<string, Account>;
type OfSub = { sub: string; readonly id: string };

// Without `claims` a token names somebody by `sub`, and no more is known.
is<Dependency<OfSub, "connection">>()(jwt({ secret: "s" }));
is<Dependency<{ readonly id: string }, "connection">>()(jwt({ secret: undefined, claims: undefined }));

// With them the user is what the schema makes of the claims, and an `id`.
is<Dependency<Member, "connection">>()(user);
is<Dependency<OfSub, "connection">>()(jwt({ secret: "s", claims: v.object({ sub: v.string() }) }));
is<Dependency<{ sub: string; level: number; readonly id: string }, "connection">>()(
  jwt({ secret: "s", claims: v.object({ sub: v.string(), level: v.pipe(v.string(), v.transform(Number)) }) }),
);
is<Dependency<{ sub: string; admin?: boolean | undefined; readonly id: string }, "connection">>()(
  jwt({ secret: "s", claims: z.object({ sub: z.string(), admin: z.boolean().optional() }) }),
);

// The claims' own `id` where that is a string, otherwise `sub` in its place.
is<Dependency<{ id: string; sub: string }, "connection">>()(
  jwt({ secret: "s", claims: z.object({ id: z.string(), sub: z.string() }) }),
);
is<Dependency<OfSub, "connection">>()(jwt({ secret: "s", claims: z.object({ id: z.number(), sub: z.string() }) }));
isType<UserOf<{ id: string }>, { id: string }>(true);
isType<UserOf<{ id: number; name: string }>, { name: string; readonly id: string }>(true);

// Every option, and each of them undefined.
jwt({
  secret: "s",
  algorithms: ["HS256", "HS512"],
  issuer: "us",
  audience: "you",
  clockSkew: "5s",
  from: ["header", "subprotocol", "query", "cookie", "message"],
  cookie: "token",
  deadline: "10s",
});
jwt({ key: "-----BEGIN PUBLIC KEY-----", algorithms: ["RS256", "ES256", "EdDSA"] });
jwt({ key: { kty: "EC", crv: "P-256", x: "…", y: undefined } });
jwt({ jwks: "https://issuer.example/jwks.json" });
jwt({ jwks: new URL("https://issuer.example/jwks.json") });
jwt({ secret: undefined, key: undefined, jwks: undefined, algorithms: undefined, issuer: undefined });
jwt({ audience: undefined, clockSkew: undefined, from: undefined, cookie: undefined, deadline: undefined });
isType<TokenPlace, "header" | "subprotocol" | "query" | "cookie" | "message">(true);
isType<AuthIdentity, Identity>(true);

// A session's user is whom `lookup` finds, at once or later; nobody is no user.
const bySession = session({
  cookie: "session_id",
  lookup(id, given) {
    is<string>()(id);
    is<Handshake>()(given.request);
    is<AbortSignal>()(given.signal);
    return accounts.get(id);
  },
});
is<Dependency<Account, "connection">>()(bySession);
is<Dependency<Account, "connection">>()(session({ cookie: undefined, lookup: async (id) => accounts.get(id) ?? null }));

// So is a bearer's.
const byKey = bearer({
  verify: async (token, { request, signal }) => {
    is<string>()(token);
    is<Handshake>()(request);
    is<AbortSignal>()(signal);
    return token === "k" ? { id: "robot", robot: true } : undefined;
  },
});
is<Dependency<{ id: string; robot: boolean }, "connection">>()(byKey);
bearer({ from: ["message", "cookie"], cookie: "key", deadline: "3s", verify: () => null });
bearer({ from: undefined, cookie: undefined, deadline: undefined, verify: () => undefined });

// The first of several gives one of their users.
const either = firstOf(bySession, byKey);
is<Dependency<Account | { id: string; robot: boolean }, "connection">>()(either);
is<Dependency<Account, "connection">>()(firstOf(bySession));
is<Dependency<Account | Member | OfSub, "connection">>()(firstOf(firstOf(bySession, user), jwt({ secret: "s" })));
endpoint("/ws", {
  auth: either,
  open({ connection, user }) {
    is<Connection<Account | { id: string; robot: boolean }, Record<never, never>, never>>()(connection);
    is<string>()(user.id);
    if ("email" in user) is<Account>()(user);
    else is<boolean>()(user.robot);
  },
});

// Whoever is looked up by a token is a user like any other: all that it takes is an `id`.
const account = dependency({
  needs: { user, db },
  async create({ user, db }) {
    const [row] = await db.query("select …", [user.id]);
    return { id: user.id, owner: row?.owner };
  },
});
endpoint("/ws", {
  auth: account,
  open({ connection, user }) {
    is<{ id: string; owner: string | undefined }>()(user);
    is<{ id: string; owner: string | undefined }>()(connection.user);
  },
});
rawEndpoint("/ws", { auth: account, open: ({ user }) => is<{ id: string; owner: string | undefined }>()(user) });
endpoint("/ws", {
  auth: dependency({ create: ({ request }) => ({ id: request.address, isLocal: request.address === "::1" }) }),
  open: ({ user }) => is<{ id: string; isLocal: boolean }>()(user),
});
endpoint("/ws", {
  auth: dependency({ scope: "app", create: () => ({ id: "everybody" }) }),
  open: ({ user }) => is<{ id: string }>()(user),
});
class Robot implements Identity {
  readonly id = "T-1000";
  readonly #serial = 7;
  get serial(): number {
    return this.#serial;
  }
}
rawEndpoint("/ws", { auth: dependency({ create: () => new Robot() }), open: ({ user }) => is<Robot>()(user) });

// Without `auth` nobody is known, and where it may be missing, perhaps nobody.
declare const perhaps: typeof user | undefined;
endpoint("/ws", { auth: undefined, open: ({ user }) => is<undefined>()(user) });
rawEndpoint("/ws", { auth: undefined, open: ({ connection }) => is<undefined>()(connection.user) });
endpoint("/ws", {
  auth: perhaps,
  open({ connection, user }) {
    is<Member | undefined>()(user);
    is<Member | undefined>()(connection.user);
  },
});
rawEndpoint("/ws", { auth: perhaps, allow: ({ user }) => is<Member | undefined>()(user) === undefined });

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
    is<Readonly<Record<string, string>>>()(request.cookies);
    return user.role === "admin";
  },
  closeCodes: { unauthorized: undefined, token_expired: undefined, forbidden: 4003 },
  refuse: "http",
});
