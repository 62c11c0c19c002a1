import { endpoint, rawEndpoint } from "tidings";
import { type Credential, jwt } from "tidings/auth";
import { z } from "zod";
import { user } from "../declarations.js";

declare const byName: Omit<Credential, "authenticate"> & { authenticate(): Promise<{ user: { name: string } }> };
declare const byNumber: Omit<Credential, "authenticate"> & { authenticate(): Promise<{ user: { id: number } }> };

// @ts-expect-error whoever is let in has an `id`
endpoint("/a", { auth: byName });
// @ts-expect-error which is a string
endpoint("/a", { auth: byNumber });
// @ts-expect-error for frames no less than for messages
rawEndpoint("/a", { auth: byName });
// @ts-expect-error a credential of somebody without an `id` has no type
export type Nameless = Credential<{ name: string }>;
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
// @ts-expect-error no such way to refuse
endpoint("/a", { refuse: "drop" });

// @ts-expect-error a secret is needed, if only as undefined
jwt({});
// @ts-expect-error a secret is a string
jwt({ secret: 3 });
// @ts-expect-error claims are an object
jwt({ secret: "s", claims: z.string() });
// @ts-expect-error a function is no schema
jwt({ secret: "s", claims: (claims: object) => claims });
// @ts-expect-error an algorithm without a shared secret
jwt({ secret: "s", algorithms: ["RS256"] });
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
