import {
  type App,
  type Arrivals,
  type Closed,
  type ContractOf,
  channel,
  createApp,
  dependency,
  endpoint,
  type Handshake,
  rawEndpoint,
  type TidingsError,
} from "tidings";
import { bearer, firstOf, jwt, session } from "tidings/auth";
import {
  type RawTestConnection,
  RefusedError,
  startTestApp,
  type TestApp,
  type TestArrival,
  type TestArrivals,
  type TestClock,
  type TestConnection,
  type TestEvent,
  type TestPosition,
} from "tidings/testing";
import { z } from "zod";
import { db, everyone, type Member, type Pool, user } from "./declarations.js";
import { is, isType } from "./is.js";

const guest = jwt({ secret: "s", claims: z.object({ sub: z.string(), table: z.number() }) });
const byCookie = session({ lookup: (id) => ({ id, name: `of ${id}` }) });
const either = firstOf(byCookie, bearer({ verify: (key) => ({ id: key, robot: true }) }));
const account = dependency({ needs: { user, db }, create: ({ user }) => ({ id: user.id, plan: "free" }) });
const news = channel("news", { events: { notice: z.object({ title: z.string() }), item: z.object({ at: z.date() }) } });
const desk = endpoint("/ws/desk", {
  auth: user,
  receives: { add: z.object({ a: z.number(), b: z.number() }), stop: z.object({ now: z.boolean().optional() }) },
  sends: { greeting: z.object({ name: z.string() }) },
  channels: [everyone, news],
  on: { add: (_, { a, b }) => a + b, stop() {} },
});
const echo = rawEndpoint("/ws/echo", { auth: guest });
const app = createApp({ endpoints: [desk, echo] });

// A fake stands for its credential, or for anything else that is made: it gives just what that gives, at once or later.
await using server = await startTestApp(app, {
  limits: { outbox: "1kb", connections: 2 },
  override: [
    [
      user,
      (given) => {
        is<string>()(given.token);
        is<Handshake>()(given.request);
        isType<keyof typeof given, "token" | "request">(true);
        return { id: given.token, sub: given.token, name: given.token, role: "admin" };
      },
    ],
    [guest, async ({ token }) => ({ id: token, sub: token, table: 7 })],
    [byCookie, ({ token }) => ({ id: token, name: "Ana" })],
    [either, ({ token }) => (token === "k" ? { id: token, robot: true } : { id: token, name: token })],
    [db, () => ({ query: async () => [{ id: "a", owner: "b" }], async end() {} })],
    [account, async ({ request, token }) => ({ id: token, plan: request.query.plan ?? "free" })],
    [dependency({ create: (): string | undefined => undefined }), () => undefined],
  ],
});
is<TestApp>()(server);
is<App>()(server.app);
is<TestClock>()(server.clock);
is<number>()(server.clock.now());
is<void>()(await server.clock.advance("31s"));
is<TestApp>()(await startTestApp(app));
is<TestApp>()(await startTestApp(app, { override: undefined, limits: undefined }));
is<TestApp>()(await startTestApp(app, { override: [] }));

// The endpoint's type is all a client needs.
const ana = await server.connect<typeof desk>("/ws/desk?x=1", {
  token: "ana",
  cookies: { session_id: "s1" },
  origin: "https://app.example",
  headers: { "x-forwarded-for": "10.0.0.2" },
  as: "browser",
  reading: false,
  answersPings: false,
  address: "10.0.0.1",
  since: { "prices/BTC": { epoch: "k3", offset: 41 } },
});
await server.connect<typeof desk>("/ws/desk", {
  token: undefined,
  cookies: undefined,
  origin: undefined,
  headers: undefined,
  as: undefined,
  reading: undefined,
  answersPings: undefined,
  address: undefined,
  since: undefined,
});
is<TestConnection<ContractOf<typeof desk>>>()(ana);
is<void>()(ana.send("add", { a: 1, b: 2 }));
is<Promise<number>>()(ana.request("add", { a: 1, b: 2 }));
is<Promise<null>>()(ana.request("stop"));
ana.send("stop");
ana.send("stop", {});
ana.send("stop", { now: true });
is<Promise<{ name: string }>>()(ana.next("greeting"));
is<Promise<{ id: string }>>()(ana.next("gone"));
is<Promise<{ at: string }>>()(ana.next("item"));
is<Promise<{ text: string } | { title: string }>>()(ana.next("notice"));
is<Promise<TidingsError>>()(ana.next("error"));
is<Promise<Closed>>()(ana.closed);
is<readonly TestArrival[]>()(ana.unread);
is<unknown>()(ana.unread[0]?.payload);
is<number | undefined>()(ana.unread[0]?.offset);
is<Promise<void>>()(ana.ping());
isType<keyof Arrivals<ContractOf<typeof desk>>, "greeting" | "notice" | "gone" | "item">(true);
isType<keyof TestArrivals<ContractOf<typeof desk>>, "greeting" | "notice" | "gone" | "item" | "error">(true);

// Channels are named by their declarations, and what is told of one is typed by it.
const prices = channel("prices/:symbol", {
  events: { tick: z.object({ price: z.number(), at: z.date() }), halt: z.object({ why: z.string() }) },
  history: { size: 10, ttl: "5m" },
  needs: { user },
  presence: ({ user }) => ({ name: user.name, since: new Date() }),
  snapshot: async () => ({ price: 3, at: new Date() }),
});
const topics = endpoint("/ws/topics", { auth: user, channels: [prices, news] });
const bob = await server.connect<typeof topics>("/ws/topics");
const btc = prices({ symbol: "BTC" });
const told = await bob.subscribe(btc, { since: { epoch: "k3", offset: 41 }, presence: true });
is<string | undefined>()(told.epoch);
is<number | undefined>()(told.offset);
is<boolean | undefined>()(told.recovered);
is<readonly { readonly id: string; name: string; since: string }[] | undefined>()(told.members);
is<number | undefined>()(told.count);
is<{ price: number; at: string } | undefined>()(told.state);
const plainTold = await bob.subscribe(news(), { since: undefined, rewind: undefined, presence: undefined });
is<readonly never[] | undefined>()(plainTold.members);
is<undefined>()(plainTold.state);
is<void>()(await bob.unsubscribe(btc));
is<Promise<{ readonly offset: number | undefined }>>()(bob.publish(btc, "tick", { price: 1, at: new Date() }));
bob.publish(btc, "halt", { why: "x" }, { key: "k" });
bob.publish(news(), "item", { at: new Date() }, { key: undefined });
const { members, count } = await bob.presence(btc, { watch: true });
is<readonly { readonly id: string; name: string; since: string }[] | undefined>()(members);
is<number>()(count);
const { epoch, events } = await bob.history(btc, { limit: 10, before: 40 });
is<string>()(epoch);
is<"tick" | "halt" | undefined>()(events[0]?.type);
is<number | undefined>()(events[0]?.offset);
const [event] = events;
if (event?.type === "tick") is<{ price: number; at: string }>()(event.payload);
is<Promise<TestEvent<{ price: number; at: string }>>>()(bob.nextOn(btc, "tick"));
is<{ why: string }>()((await bob.nextOn(btc, "halt")).payload);
is<number | undefined>()((await bob.nextOn(btc, "halt")).offset);
const gap = await bob.nextOn(btc, "gap");
is<string | undefined>()(gap.epoch);
is<{ price: number; at: string } | undefined>()(gap.state);
const change = await bob.nextOn(btc, "presence");
is<readonly { readonly id: string; name: string; since: string }[] | undefined>()(change.joined);
is<readonly { readonly id: string; name: string; since: string }[] | undefined>()(change.left);
is<readonly { readonly id: string; name: string; since: string }[] | undefined>()(change.members);
is<number | undefined>()(change.count);
is<boolean | undefined>()((await bob.nextOn(btc, "subscribed")).recovered);
is<"forbidden" | "left">()((await bob.nextOn(btc, "unsubscribed")).code);

// What tells a position is one as it stands.
isType<keyof TestPosition, "epoch" | "offset">(true);
bob.subscribe(btc, { since: told });
bob.subscribe(btc, { since: gap });
bob.subscribe(btc, { since: await app.publish(btc, "halt", { why: "x" }) });
server.connect<typeof topics>("/ws/topics", { since: { [btc.channel]: told } });

// One of several channels will do as well.
for (const each of [btc, news()]) {
  is<string | undefined>()((await bob.subscribe(each)).epoch);
  bob.unsubscribe(each);
}

// A raw endpoint's client has frames, and so has one of a path alone.
const raw = await server.connect<typeof echo>("/ws/echo", { as: "plain" });
is<RawTestConnection>()(raw);
is<RawTestConnection>()(await server.connect("/ws/echo"));
is<string | Uint8Array>()(await raw.next());
is<readonly (string | Uint8Array)[]>()(raw.unread);
is<Promise<Closed>>()(raw.closed);
is<void>()(raw.send(new Uint8Array(2)));

// What a refused client can know.
const refused = new RefusedError({ status: 401, code: "unauthorized", closeCode: 1006 });
is<number | undefined>()(refused.status);
is<string | undefined>()(refused.code);
is<number>()(refused.closeCode);

// Overrides that were put together elsewhere.
const fakeUser = ({ token }: { readonly token: string }): Member => ({
  id: token,
  sub: token,
  name: token,
  role: "member",
});
declare const pool: Pool;
const overrides = [[user, fakeUser] as const, [db, () => pool] as const] as const;
await startTestApp(app, { override: [[user, fakeUser]] });
await startTestApp(app, { override: overrides });
