import {
  type App,
  type ContextOf,
  type Dependency,
  dependency,
  endpoint,
  type OfConnection,
  rawEndpoint,
} from "tidings";
import { jwt } from "tidings/auth";
import { db, type Pool, user } from "../declarations.js";

const account = dependency({ needs: { user, db }, create: ({ user }) => ({ id: user.id, plan: "free" }) });
const shape = { auth: account, needs: { db } };
declare const app: App;
declare const ctx: ContextOf<typeof shape>;

// @ts-expect-error something has to make it
dependency({});
// @ts-expect-error a function, not the value
dependency({ create: 7 });
// @ts-expect-error no such scope
dependency({ scope: "request", create: () => 1 });
// @ts-expect-error no such option
dependency({ create: () => 1, destroy() {} });
// @ts-expect-error dependencies by name, not in a list
dependency({ needs: [db], create: () => 1 });
// @ts-expect-error a value is no dependency
dependency({ needs: { size: 7 }, create: () => 1 });
// @ts-expect-error `jwt` is called
dependency({ needs: { jwt }, create: () => 1 });
// @ts-expect-error an endpoint is no dependency
dependency({ needs: { room: endpoint("/b", {}) }, create: () => 1 });
// @ts-expect-error another name than it is needed by
dependency({ needs: { db }, create: ({ pool }) => pool });
// @ts-expect-error what is not needed is not given
dependency({ create: ({ db }) => db });
// @ts-expect-error a need of a need is not given
dependency({ needs: { account }, create: ({ db }) => db });
// @ts-expect-error no such key of what is needed
dependency({ needs: { account }, create: ({ account }) => account.role });
// @ts-expect-error there is no connection yet
dependency({ create: ({ connection }) => connection });
// @ts-expect-error its values are read only
dependency({ needs: { account }, create: (given) => (given.account = { id: "a", plan: "pro" }) });
// @ts-expect-error what is disposed of is what was made
dependency({ create: () => 7, dispose: (value: string) => value });
// @ts-expect-error not the promise of it
dependency({ create: async () => 7, dispose: (value) => value.then() });
// @ts-expect-error no such key of what was made
dependency({ create: () => ({ n: 7 }), dispose: (value) => value.m });

// @ts-expect-error the app has no connection's user
dependency({ scope: "app", needs: { user }, create: ({ user }) => user.name });
// @ts-expect-error nor what was made of one
dependency({ scope: "app", needs: { db, account }, create: () => 1 });
// @ts-expect-error not even where that is declared in place
dependency({ scope: "app", needs: { n: dependency({ create: () => 1 }) }, create: () => 1 });
// @ts-expect-error no handshake
dependency({ scope: "app", create: ({ request }) => request });
// @ts-expect-error nobody who could leave
dependency({ scope: "app", create: ({ signal }) => signal });
// @ts-expect-error what belongs to a connection is not the app's
export const ofApp: Dependency<number, "app"> = dependency({ create: () => 1 });
// @ts-expect-error nor one of a value the same as one of another
export const ofText: Dependency<string> = dependency({ create: () => 1 });

// @ts-expect-error dependencies by name, not in a list
endpoint("/a", { needs: [db] });
// @ts-expect-error one needs a name
endpoint("/a", { needs: db });
// @ts-expect-error a value is no dependency
endpoint("/a", { needs: { size: 7 } });
// @ts-expect-error a function is none either
rawEndpoint("/a", { needs: { size: () => 7 } });
// @ts-expect-error another name than it is needed by
endpoint("/a", { needs: { db }, open: ({ pool }) => pool });
// @ts-expect-error a need of a need is not in the context
endpoint("/a", { needs: { account }, open: ({ db }) => db });
// @ts-expect-error nor what only `auth` needs
endpoint("/a", { auth: account, open: ({ db }) => db });
// @ts-expect-error no such key of what is needed
endpoint("/a", { needs: { account }, open: ({ account }) => account.role });
// @ts-expect-error not enough for this query
endpoint("/a", { needs: { db }, open: ({ db }) => db.query("select …") });
// @ts-expect-error nothing more where there are none
endpoint("/a", { needs: undefined, open: ({ db }) => db });
// @ts-expect-error nor in a loop
rawEndpoint("/a", { needs: undefined, run: async ({ db }) => db });
// @ts-expect-error its context is read only
endpoint("/a", { needs: { account }, open: (ctx) => (ctx.account = { id: "a", plan: "pro" }) });
// @ts-expect-error who is asked for is not given by what is needed
endpoint("/a", { needs: { account }, open: ({ user }) => user.id });
// @ts-expect-error in `allow` there are no others either
endpoint("/a", { needs: { db }, allow: ({ account }) => account.plan === "free" });

// @ts-expect-error the context has a user already
endpoint("/a", { needs: { user } });
// @ts-expect-error beside names of one's own as well
endpoint("/a", { needs: { user, db }, open: ({ db }) => db.query("", []) });
// @ts-expect-error and an app
endpoint("/a", { needs: { app: db } });
// @ts-expect-error a connection
rawEndpoint("/a", { needs: { connection: db } });
// @ts-expect-error params
endpoint("/a", { needs: { params: db } });
// @ts-expect-error a query
rawEndpoint("/a", { needs: { query: db } });
// @ts-expect-error and, where entry is asked for, a request
endpoint("/a", { needs: { request: db } });

// @ts-expect-error the app has not what each connection has its own of
app.get(user);
// @ts-expect-error nor what was made of that
app.get(account);
// @ts-expect-error not even where it is declared in place
app.get(dependency({ create: () => 1 }));
// @ts-expect-error a dependency, not its name
app.get("db");
// @ts-expect-error it has to be awaited
app.get(db).query("", []);

// @ts-expect-error no such need of the shape
ctx.account;
// @ts-expect-error no such key of the shape's user
ctx.user.role;
// @ts-expect-error a handler made for what this endpoint does not need
endpoint("/a", { auth: account, open: (_: ContextOf<typeof shape, "/a">) => 1 });
// @ts-expect-error nor one for the connection's end
endpoint("/a", { auth: account, close: (_: ContextOf<typeof shape, "/a">) => 1 });
// @ts-expect-error nor one that makes a value of more than there is
dependency({ create: (given: OfConnection & { readonly db: Pool }) => given.db });
// @ts-expect-error `create` is given a request already
dependency({ needs: { request: db }, create: () => 1 });
// @ts-expect-error and an app, whatever the scope
dependency({ scope: "app", needs: { app: db }, create: () => 1 });
