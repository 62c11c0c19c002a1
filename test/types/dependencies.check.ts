import {
  type App,
  type Context,
  type ContextOf,
  type ContractOf,
  createApp,
  type Dependencies,
  type Dependency,
  type DependencyOptions,
  dependency,
  endpoint,
  forbidden,
  type Given,
  type Handshake,
  type OfApp,
  type OfConnection,
  type RawContext,
  rawEndpoint,
  type Scope,
  TidingsError,
  type Values,
} from "tidings";
import { z } from "zod";
import { db, type Member, type Pool, type Row, user } from "./declarations.js";
import { is, isType } from "./is.js";

declare const app: App;
type Strings = Readonly<Record<string, string>>;
type Nothing = Record<never, never>;

// A dependency is what its `create` gives, at once or later, and lives as long as its scope.
is<Dependency<Pool, "app">>()(db);
is<Dependency<number, "connection">>()(dependency({ create: () => 7 }));
is<Dependency<{ n: number }, "connection">>()(dependency({ scope: "connection", create: async () => ({ n: 1 }) }));
is<Dependency<{ id: string } | undefined, "connection">>()(
  dependency({ create: ({ request }) => (request.address === "::1" ? { id: "me" } : undefined) }),
);
is<Dependency<void, "connection">>()(dependency({ create() {} }));
isType<Scope, "app" | "connection">(true);

// What it needs it is given by name, and what those need as well.
const account = dependency({
  needs: { user, db },
  async create({ user, db }) {
    is<Member>()(user);
    is<Pool>()(db);
    const [row] = await db.query("select …", [user.id]);
    if (row === undefined) throw new TidingsError("no_account", "There is no such account.");
    return { ...row, role: user.role };
  },
});
is<Dependency<{ role: "admin" | "member"; id: string; owner: string }, "connection">>()(account);
const admin = dependency({
  needs: { account },
  create({ account, request }) {
    is<string>()(request.address);
    if (account.role !== "admin") throw forbidden("Admin only");
    return account;
  },
});
is<Dependency<{ role: "admin" | "member"; id: string; owner: string }, "connection">>()(admin);

// Of a connection it can look at the handshake, and hear that nobody waits for it any more; of the app it can't.
dependency({
  create(given) {
    is<Nothing & OfConnection>()(given);
    is<App>()(given.app);
    is<Handshake>()(given.request);
    is<AbortSignal>()(given.signal);
  },
});
dependency({
  scope: "app",
  create(given) {
    is<Nothing & OfApp>()(given);
    is<App>()(given.app);
    isType<keyof typeof given, "app">(true);
  },
});
dependency({
  scope: "app",
  needs: { db },
  create(given) {
    is<Pool>()(given.db);
    isType<keyof typeof given, "app" | "db">(true);
  },
});
isType<Given<"app">, OfApp>(true);
isType<Given<"connection">, OfConnection>(true);
isType<Values<{ user: typeof user; db: typeof db }>, { readonly user: Member; readonly db: Pool }>(true);
isType<Values<undefined>, Nothing>(true);

// It is disposed of as what was made, not as the promise of it.
dependency({ create: async () => ({ n: 1 }), dispose: (value) => is<{ n: number }>()(value) });
dependency({ create: () => "text", dispose: async (value) => is<string>()(value) });
dependency({ scope: "app", needs: { db }, create: ({ db }) => db, dispose: (value) => is<Pool>()(value) });
is<Dependency<Disposable, "connection">>()(dependency({ create: (): Disposable => ({ [Symbol.dispose]() {} }) }));

// Every option, each of them undefined.
const bare = dependency({
  needs: undefined,
  scope: undefined,
  create(given) {
    is<Nothing & OfConnection>()(given);
    return 1;
  },
  dispose: undefined,
});
is<Dependency<number, "connection">>()(bare);

// A scope that is not known when the program is compiled may be either.
export const somewhere = (scope: Scope) => is<Dependency<number, Scope>>()(dependency({ scope, create: () => 1 }));

// Where it is declared in place, its scope is the one that is written, not one that would do there.
const inPlace = dependency({
  needs: { address: dependency({ create: ({ request }) => request.address }), db },
  create: ({ address }) => is<string>()(address),
});
is<Dependency<void, "connection">>()(inPlace);
endpoint("/ws", {
  needs: { until: dependency({ create: ({ signal }) => ({ signal }) }) },
  open: ({ until }) => is<{ signal: AbortSignal }>()(until),
});
const declared: Dependency<number> = dependency({ create: ({ request }) => request.url.href.length });
is<Dependency<number>>()(declared);
isType<Dependency<Row, "app"> extends Dependency<Row> ? true : false, true>(true);

// An endpoint's handlers see what it needs by name, beside all that every context has.
const orders = endpoint("/ws/orders/:order", {
  auth: account,
  needs: { admin, db, bare, nobody: dependency({ create: (): Row | undefined => undefined }) },
  receives: { ban: z.object({ user: z.string() }) },
  sends: { hint: z.object({ text: z.string() }) },
  use: [
    ({ admin, db, user }, _message, next) => {
      is<string>()(admin.owner);
      is<Pool>()(db);
      is<"admin" | "member">()(user.role);
      return next();
    },
  ],
  async allow({ admin, app, db, params, query, request, user }) {
    is<"admin" | "member">()(admin.role);
    is<App>()(app);
    is<Row[]>()(await db.query("select …", [user.id]));
    is<{ readonly order: string }>()(params);
    is<Strings>()(query);
    is<Handshake>()(request);
    is<string>()(user.owner);
    return admin.id === user.id;
  },
  open(ctx) {
    is<string>()(ctx.admin.owner);
    is<Pool>()(ctx.db);
    is<number>()(ctx.bare);
    is<Row | undefined>()(ctx.nobody);
    is<string>()(ctx.user.owner);
    is<{ readonly order: string }>()(ctx.params);
    isType<keyof typeof ctx, "app" | "connection" | "params" | "query" | "user" | "admin" | "db" | "bare" | "nobody">(
      true,
    );
  },
  on: {
    async ban({ admin, app, db, user }, { user: banned }) {
      is<Pool>()(db);
      is<string>()(user.owner);
      await app.disconnectUser(banned);
      return { by: admin.id, at: new Date() };
    },
  },
  close({ admin, db }, { code }) {
    is<string>()(admin.owner);
    is<Pool>()(db);
    is<number>()(code);
  },
});
isType<ContractOf<typeof orders>["replies"], { ban: { by: string; at: string } }>(true);

rawEndpoint("/ws/files/:file", {
  auth: user,
  needs: { account, db },
  allow({ account, db, request, user }) {
    is<string>()(account.owner);
    is<Pool>()(db);
    is<Handshake>()(request);
    return user.id === account.id;
  },
  open(ctx) {
    is<Pool>()(ctx.db);
    is<Member>()(ctx.user);
    isType<keyof typeof ctx, "app" | "connection" | "params" | "query" | "user" | "account" | "db">(true);
  },
  text({ account, db }, text) {
    is<string>()(account.owner);
    is<Pool>()(db);
    is<string>()(text);
  },
  binary: ({ db }) => is<Pool>()(db),
  close: ({ account }) => is<string>()(account.owner),
});
rawEndpoint("/ws/files", {
  needs: { db },
  async run(ctx) {
    is<RawContext<Nothing, Strings, undefined, { readonly db: Pool }>>()(ctx);
    for await (const frame of ctx.connection.frames()) is<string | Uint8Array>()(frame);
  },
});

// Without needs there is nothing more in a context.
endpoint("/ws", {
  needs: undefined,
  open: (ctx) => is<Context<Nothing, Strings, undefined, Nothing, Nothing, never>>()(ctx),
});
endpoint("/ws", {
  needs: {},
  open: (ctx) => isType<keyof typeof ctx, "app" | "connection" | "params" | "query" | "user">(true),
});
rawEndpoint("/ws", {
  needs: undefined,
  open: (ctx) => is<RawContext<Nothing, Strings, undefined, Nothing>>()(ctx),
});

// A handler in another file has them in its context as well.
const shape = { auth: account, needs: { db, admin } };
type OfShape = ContextOf<typeof shape, "/ws/:order">;
isType<OfShape["user"], { role: "admin" | "member"; id: string; owner: string }>(true);
isType<OfShape["db"], Pool>(true);
isType<OfShape["admin"]["owner"], string>(true);
isType<OfShape["params"], { readonly order: string }>(true);
const ofNobody = { auth: undefined, needs: undefined };
isType<
  ContextOf<typeof ofNobody, "/ws/:order">,
  Context<{ readonly order: string }, Strings, undefined, Nothing, Nothing, never>
>(true);
declare const perhaps: { readonly auth: typeof user | undefined };
isType<ContextOf<typeof perhaps>["user"], Member | undefined>(true);

// Outside of handlers the app gives what is its own.
is<Promise<Pool>>()(app.get(db));
is<Promise<Row[]>>()((await app.get(db)).query("select …", []));
is<Promise<number>>()(app.get(dependency({ scope: "app", create: async () => 1 })));

// What is wrong is told in a sentence, in the place of the dependency.
type NeedsOf<Needs extends Dependencies, Where extends Scope> = NonNullable<
  DependencyOptions<Needs, Where, unknown>["needs"]
>;
interface WrongScope {
  readonly user: "A dependency of the app cannot need one of a connection.";
}
isType<NeedsOf<{ db: typeof db; user: typeof user }, "app">["user"], typeof user & WrongScope["user"]>(true);
isType<NeedsOf<{ db: typeof db; user: typeof user }, "app">["db"], typeof db>(true);
isType<NeedsOf<{ user: typeof user }, "connection">["user"], typeof user>(true);
declare const told: typeof db & "The context has this name already: choose another.";
endpoint("/ws", { needs: { app: told, connection: told, params: told, query: told, user: told, request: told } });
rawEndpoint("/ws", { needs: { app: told, connection: told, params: told, query: told, user: told, request: told } });

// The app's type knows nothing of it.
is<App>()(createApp({ endpoints: [orders] }));
