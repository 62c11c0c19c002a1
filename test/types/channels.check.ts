import {
  type App,
  type ChannelGiven,
  type ChannelOptions,
  type ChannelRef,
  type ContractOf,
  channel,
  dependency,
  type EventOf,
  endpoint,
  type HistoryOptions,
  type HistoryRequest,
  type May,
  type MayPublish,
  type Overflow,
  type Published,
  type PublishOptions,
  type RefWithPresence,
  type SnapshotGiven,
  type StateAt,
  type Stored,
  stateAt,
} from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";
import { db, type Member, type Pool, user as plainUser, type Row } from "./declarations.js";
import { is, isType } from "./is.js";

declare const app: App;
declare function load(symbol: string): Promise<{ price: number; at: Date }>;
const said = z.object({ text: z.string() });
const moved = z.object({ at: z.date(), by: z.string().transform((name) => name.length) });
const events = { said, moved };
type MemberIn<Family> = ContractOf<Family> extends { readonly member: infer Shown } ? Shown : "no channel";
type StateIn<Family> = ContractOf<Family> extends { readonly state: infer State } ? State : "no channel";

// All that a channel can have, as README has it.
const user = jwt({
  secret: "s",
  claims: z.object({ sub: z.string(), name: z.string(), plan: z.enum(["free", "pro"]) }),
});
export const prices = channel("prices/:symbol", {
  needs: { user, db },
  events: { tick: z.object({ price: z.number() }), halt: z.object({ why: z.string() }) },
  history: { size: 100, ttl: "5m" },
  presence: ({ user }) => ({ id: user.id, name: user.name }),
  snapshot: ({ params }) => load(params.symbol),
  overflow: { keepLatestBy: (event) => event.type },
  allow: { subscribe: ({ user }) => user.plan !== "free" },
});
isType<
  ContractOf<typeof prices>,
  {
    pattern: "prices/:symbol";
    publishes: { tick: { price: number }; halt: { why: string } };
    events: { tick: { price: number }; halt: { why: string } };
    member: { readonly id: string; name: string };
    state: { price: number; at: string };
    history: true;
  }
>(true);

// Every option may be undefined, and left out means the same.
const bare = channel("bare", { events });
const undefineds = channel("bare", {
  events,
  needs: undefined,
  history: undefined,
  presence: undefined,
  snapshot: undefined,
  overflow: undefined,
  allow: undefined,
});
isType<ContractOf<typeof undefineds>, ContractOf<typeof bare>>(true);
channel("bare", { events, allow: { subscribe: undefined, publish: undefined } });
isType<MemberIn<typeof bare>, never>(true);
isType<StateIn<typeof bare>, never>(true);

// A member is known by its id, and by what `presence` gives beside it, as JSON leaves it.
const seen = channel("seen", { events, presence: true });
const named = channel("named/:room", {
  events,
  needs: { user: plainUser },
  presence({ user, params }) {
    is<Member>()(user);
    is<{ readonly room: string }>()(params);
    return { name: user.name, since: new Date(), room: params.room };
  },
});
const whole = channel("whole", { presence: ({ user }) => user, events, needs: { user: plainUser } });
const either = channel("either", {
  events,
  needs: { user: plainUser },
  presence: ({ user }): { name: string } | { robot: true; model?: string } =>
    user.role === "admin" ? { robot: true } : { name: user.name },
});
const numbered = channel("numbered", { events, presence: () => ({ id: 7, n: 7 }) });
const blank = channel("blank", { events, presence: () => ({}) });
isType<MemberIn<typeof seen>, { readonly id: string }>(true);
isType<MemberIn<typeof named>, { readonly id: string; name: string; since: string; room: string }>(true);
isType<MemberIn<typeof whole>, { readonly id: string; sub: string; name: string; role: "admin" | "member" }>(true);
isType<
  MemberIn<typeof either>,
  { readonly id: string; name: string } | { readonly id: string; robot: true; model?: string }
>(true);
isType<MemberIn<typeof numbered>, { readonly id: string; n: number }>(true);
isType<MemberIn<typeof blank>, { readonly id: string }>(true);

// One that is made elsewhere fits, whatever else it could look at.
const faceOf = ({ user }: ChannelGiven<{ user: typeof plainUser }, string>) => ({ name: user.name });
const elsewhere = channel("else/:a", { events, needs: { user: plainUser, db }, presence: faceOf });
isType<MemberIn<typeof elsewhere>, { readonly id: string; name: string }>(true);
declare const isWatched: boolean;
const perhaps = channel("perhaps", { events, presence: isWatched ? true : undefined });
isType<MemberIn<typeof perhaps>, { readonly id: string }>(true);

// A state is what JSON makes of what is loaded: at once or later, with the offset that it goes up to or without.
const [atOnce, later, exact, exactLater, sometimes, lookalike, nothing] = [
  channel("a", { events, snapshot: () => ({ at: new Date() }) }),
  channel("a", { events, snapshot: async () => ({ at: new Date() }) }),
  channel("a", { events, snapshot: () => stateAt({ epoch: "k3", offset: 7 }, { at: new Date() }) }),
  channel("a", { events, snapshot: async () => stateAt({ epoch: "k3", offset: 7 }, { at: new Date() }) }),
  channel("a", {
    events,
    snapshot: async () => (isWatched ? stateAt({ epoch: "k3", offset: 7 }, { at: new Date() }) : undefined),
  }),
  channel("a", { events, snapshot: () => ({ offset: 7, state: new Date() }) }),
  channel("a", { events, snapshot() {} }),
] as const;
isType<StateIn<typeof atOnce>, { at: string }>(true);
isType<StateIn<typeof later>, { at: string }>(true);
isType<StateIn<typeof exact>, { at: string }>(true);
isType<StateIn<typeof exactLater>, { at: string }>(true);
isType<StateIn<typeof sometimes>, { at: string } | null>(true);
isType<StateIn<typeof lookalike>, { offset: number; state: string }>(true);
isType<StateIn<typeof nothing>, null>(true);
is<StateAt<number[]>>()(stateAt({ epoch: "k3", offset: 0 }, [1]));
isType<MemberIn<typeof exact>, never>(true);
isType<StateIn<typeof seen>, never>(true);

// It is loaded for all who arrive: it sees the app, the params, and what is the app's.
const rows = channel("rows/:table", {
  events,
  needs: { user: plainUser, db, clock: dependency({ scope: "app", create: () => Date.now() }) },
  snapshot(given) {
    is<App>()(given.app);
    is<Pool>()(given.db);
    is<number>()(given.clock);
    is<{ readonly table: string }>()(given.params);
    isType<keyof typeof given, "app" | "params" | "db" | "clock">(true);
    return given.db.query("select …", [given.params.table]);
  },
});
isType<StateIn<typeof rows>, Row[]>(true);
const alone = channel("alone", {
  events,
  async snapshot(given) {
    isType<keyof typeof given, "app" | "params">(true);
    return (await given.app.get(db)).query("select …", []);
  },
});
isType<StateIn<typeof alone>, Row[]>(true);
isType<SnapshotGiven<{ user: typeof plainUser; db: typeof db }, "a/:b">["db"], Pool>(true);

// What may be said, and what waits, is looked at as its schema made it: its type tells its payload.
channel("board/:game", {
  events,
  needs: { user: plainUser, db },
  overflow: {
    keepLatestBy(event) {
      isType<typeof event, Validated>(true);
      is<"said" | "moved">()(event.type);
      return event.type === "said" ? event.payload.text : event.payload.at.toISOString();
    },
  },
  allow: {
    subscribe(given) {
      is<Member>()(given.user);
      is<{ readonly game: string }>()(given.params);
      isType<keyof typeof given, "user" | "db" | "params">(true);
      return given.user.role === "admin";
    },
    async publish({ user, db, params }, event) {
      isType<typeof event, Validated>(true);
      const [row] = await db.query("select …", [params.game]);
      return event.type === "moved" ? event.payload.at < new Date() : row?.owner === user.id;
    },
  },
});
type Validated =
  | { readonly type: "said"; readonly payload: { text: string } }
  | { readonly type: "moved"; readonly payload: { at: Date; by: number } };
isType<EventOf<{ said: { text: string }; moved: { at: Date; by: number } }>, Validated>(true);
channel("a", { events, allow: { subscribe: true, publish: false } });
channel("a", { events, allow: { subscribe: isWatched, publish: isWatched } });
channel("a", { events, allow: { publish: ({ params }, { type }) => type in params } });
channel("a", { events, overflow: "disconnect" });
channel("a", { events, overflow: "drop-oldest" });
channel("a", { events, overflow: "drop-newest" });
channel("a", { events, overflow: "catch-up", history: { size: 1, ttl: "1d" } });

// What allows may live in another file.
type Needs = { user: typeof plainUser };
const isAdmin: May<ChannelGiven<Needs, "a/:b">> = ({ user, params }) => user.role === "admin" || params.b === "open";
const isShort: MayPublish<ChannelGiven<undefined, "a/:b">, Validated> = (_, event) =>
  event.type === "moved" || event.payload.text.length < 80;
const latest: Overflow<Validated> = { keepLatestBy: (event) => event.type };
const history: HistoryOptions = { size: 100, ttl: "5m" };
channel("a/:b", {
  events,
  history,
  needs: { user: plainUser },
  overflow: latest,
  allow: { subscribe: isAdmin, publish: isShort },
});
isType<keyof ChannelOptions<"a", typeof events, undefined, undefined, never, never>, Option>(true);
type Option = "summary" | "events" | "needs" | "history" | "presence" | "snapshot" | "overflow" | "allow";

// The app asks for members and for what is kept, and says a thing once.
const symbol = prices({ symbol: "BTC" });
is<Promise<readonly { readonly id: string; name: string }[]>>()(app.presence(symbol));
is<Promise<readonly { readonly id: string }[]>>()(app.presence(seen()));
isType<RefWithPresence<ContractOf<typeof seen>>, ChannelRef<ContractOf<typeof seen>>>(true);
is<readonly Stored<ContractOf<typeof prices>["events"]>[]>()(await app.history(symbol));
is<readonly Stored<ContractOf<typeof named>["events"]>[]>()(await app.history(named({ room: "a" }), { limit: 50 }));
await app.history(symbol, { limit: undefined, before: undefined });
isType<Required<HistoryRequest>, { limit: number | undefined; before: number | undefined }>(true);
for (const event of await app.history(named({ room: "a" }), { limit: 50, before: 7 })) {
  is<number>()(event.offset);
  if (event.type === "said") is<{ text: string }>()(event.payload);
  else is<{ at: string; by: number }>()(event.payload);
}
is<Promise<Published>>()(app.publish(symbol, "tick", { price: 1 }, { key: "t1" }));
app.publish(symbol, "tick", { price: 1 }, { key: undefined, except: undefined });
isType<keyof PublishOptions, "except" | "key">(true);

// An endpoint lists them as they are, whatever they need.
const feed = endpoint("/ws/:room", {
  channels: [prices, bare, named, rows],
  open: ({ connection, params }) => connection.join(symbol, bare(), named(params)),
});
isType<ContractOf<typeof feed>["channels"]["prices/:symbol"], ContractOf<typeof prices>>(true);

// What nobody checked is unknown, and never `any`.
const unchecked = channel("a", {
  events: { said: z.any() },
  presence: () => JSON.parse("{}"),
  snapshot: () => JSON.parse("{}"),
});
isType<MemberIn<typeof unchecked>, { readonly id: string }>(true);
isType<StateIn<typeof unchecked>, unknown>(true);
is<unknown>()((await app.history(unchecked()))[0]?.payload);

// A channel may be declared where it is listed.
const inline = endpoint("/ws", { channels: [channel("days", { events, presence: true })] });
isType<ContractOf<typeof inline>["channels"]["days"]["member"], { readonly id: string }>(true);
isType<ContractOf<typeof inline>["channels"]["days"]["state"], never>(true);
