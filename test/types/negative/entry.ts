import { dependency, endpoint, rawEndpoint } from "tidings";
import { bearer, firstOf, jwt, session } from "tidings/auth";
import { z } from "zod";
import { db, type Member, user } from "../declarations.js";

const byName = dependency({ create: () => ({ name: "ana" }) });
const byNumber = dependency({ create: () => ({ id: 7 }) });
const byChance = dependency({ create: ({ request }) => (request.address === "::1" ? { id: "ana" } : undefined) });
const bySession = session({ lookup: (id) => ({ id, name: "ana" }) });
const byKey = bearer({ verify: (key) => ({ id: key, robot: true }) });
const either = firstOf(bySession, byKey);
declare const perhaps: typeof user | undefined;

// @ts-expect-error whoever is let in has an `id`
endpoint("/a", { auth: byName });
// @ts-expect-error which is a string
endpoint("/a", { auth: byNumber });
// @ts-expect-error for frames no less than for messages
rawEndpoint("/a", { auth: byName });
// @ts-expect-error declared in place as well
endpoint("/a", { auth: dependency({ create: () => ({ name: "ana" }) }), open: ({ user }) => user.name });
// @ts-expect-error later as well
rawEndpoint("/a", { auth: dependency({ create: async () => ({ name: "ana" }) }) });
// @ts-expect-error whoever may be nobody is nobody
endpoint("/a", { auth: byChance });
// @ts-expect-error a pool of connections is nobody
endpoint("/a", { auth: db });
// @ts-expect-error one of them
endpoint("/a", { auth: [bySession, byKey] });
// @ts-expect-error `session` is called
endpoint("/a", { auth: session });
// @ts-expect-error a schema lets nobody in
endpoint("/a", { auth: z.object({ sub: z.string() }) });
// @ts-expect-error `jwt` is called
endpoint("/a", { auth: jwt });
// @ts-expect-error nor does a function
endpoint("/a", { auth: () => ({ id: "ana" }) });
// @ts-expect-error without `auth` nobody is known
endpoint("/a", { open: ({ user }) => user.id });
// @ts-expect-error and no connection knows anybody
endpoint("/a", { open: ({ connection }) => connection.user.id });
// @ts-expect-error no such claim
endpoint("/a", { auth: user, open: ({ user }) => user.email });
// @ts-expect-error one of two users, who has not all that either has
endpoint("/a", { auth: either, open: ({ user }) => user.robot });
// @ts-expect-error nobody, where `auth` may be missing
endpoint("/a", { auth: perhaps, open: ({ user }) => user.name });
// @ts-expect-error nor does the connection know more
rawEndpoint("/a", { auth: perhaps, open: ({ connection }) => connection.user.name });
// @ts-expect-error a handler made for another user
endpoint("/a", { auth: bySession, open: ({ user }: { user: Member }) => user.role });
// @ts-expect-error a role that is none
endpoint("/a", { auth: user, allow: ({ user }) => user.role === "owner" });

// @ts-expect-error the answer is yes or no
endpoint("/a", { auth: user, allow: ({ user }) => user.name });
// @ts-expect-error nobody is connected yet
endpoint("/a", { allow: ({ connection }) => connection.id === "c1" });
// @ts-expect-error no such param
endpoint("/a/:room", { allow: ({ params }) => params.rom === "lobby" });
// @ts-expect-error no such reason
endpoint("/a", { closeCodes: { forbiden: 4003 } });
// @ts-expect-error a code is a number
endpoint("/a", { closeCodes: { forbidden: "4003" } });
// @ts-expect-error a code for what is refused in another way
endpoint("/a", { closeCodes: { rate_limited: 4008 } });
// @ts-expect-error no such way to refuse
endpoint("/a", { refuse: "drop" });

// @ts-expect-error options are needed
jwt();
// @ts-expect-error a secret is a string
jwt({ secret: 3 });
// @ts-expect-error claims are an object
jwt({ secret: "s", claims: z.string() });
// @ts-expect-error a function is no schema
jwt({ secret: "s", claims: (claims: object) => claims });
// @ts-expect-error a key is a PEM or a JWK
jwt({ key: 3 });
// @ts-expect-error a certificate as bytes
jwt({ key: new Uint8Array(3) });
// @ts-expect-error the part of a JWK that is nobody's business
jwt({ key: { kty: "RSA", d: "…" } });
// @ts-expect-error the address of a key set, not the set
jwt({ jwks: { keys: [] } });
// @ts-expect-error a duration has a unit
jwt({ secret: "s", clockSkew: 5 });
// @ts-expect-error no such unit of time
jwt({ secret: "s", from: ["message"], deadline: "10 seconds" });
// @ts-expect-error a cookie has a name
jwt({ secret: "s", from: ["cookie"], cookie: true });
// @ts-expect-error an algorithm that nobody has heard of
jwt({ secret: "s", algorithms: ["HS257"] });
// @ts-expect-error no signature at all
jwt({ secret: "s", algorithms: ["none"] });
// @ts-expect-error a list of algorithms
jwt({ secret: "s", algorithms: "HS256" });
// @ts-expect-error no place for a token
jwt({ secret: "s", from: ["body"] });
// @ts-expect-error a list of places
jwt({ secret: "s", from: "header" });
// @ts-expect-error an issuer is a string
jwt({ secret: "s", issuer: new URL("https://issuer.example") });
// @ts-expect-error an audience is a string
jwt({ secret: "s", audience: 7 });
// @ts-expect-error no such option
jwt({ secret: "s", algorithm: "HS256" });

// @ts-expect-error `lookup` is needed
session({});
// @ts-expect-error whom it finds has an `id`
session({ lookup: () => ({ name: "ana" }) });
// @ts-expect-error which is a string
session({ lookup: async (id) => ({ id: 3, name: id }) });
// @ts-expect-error true is nobody
session({ lookup: () => true });
// @ts-expect-error a session's id is a string
session({ lookup: (id: number) => ({ id: String(id) }) });
// @ts-expect-error nothing else is given to it
session({ lookup: (id, { tokens }) => ({ id: tokens ?? id }) });
// @ts-expect-error a cookie has a name
session({ cookie: 7, lookup: (id) => ({ id }) });
// @ts-expect-error a session is in a cookie, and nowhere else
session({ from: ["header"], lookup: (id) => ({ id }) });
// @ts-expect-error `verify` is needed
bearer({ from: ["header"] });
// @ts-expect-error whom it finds has an `id`
bearer({ verify: () => ({ name: "ana" }) });
// @ts-expect-error which is a string
bearer({ verify: async () => ({ id: 3 }) });
// @ts-expect-error a yes is nobody
bearer({ verify: (token) => token === "k" });
// @ts-expect-error no place for a token
bearer({ from: ["body"], verify: (token) => ({ id: token }) });
// @ts-expect-error a list of places
bearer({ from: "cookie", verify: (token) => ({ id: token }) });
// @ts-expect-error who is somebody else
firstOf(bySession, byName);
// @ts-expect-error something of the app is nobody
firstOf(db);
// @ts-expect-error each on its own
firstOf([bySession, byKey]);
// @ts-expect-error `jwt` is called
firstOf(bySession, jwt);
