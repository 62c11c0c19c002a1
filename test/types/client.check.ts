import { type ContractOf, channel, endpoint, rawEndpoint } from "tidings";
import {
  type ChannelAt,
  type Client,
  type ClientFor,
  type Closed,
  type Connect,
  type ConnectOptions,
  connect,
  type Gap,
  type Heard,
  type OptionsOf,
  type Origin,
  type Presence,
  type RequestOptions,
  type Status,
  type SubscribeOptions,
  type Subscription,
  type SubscriptionStatus,
  type TaskFailure,
  type TaskId,
  type TaskState,
  type TaskStatus,
  type Tasks,
  type TasksOf,
  TidingsError,
  type Token,
  type UrlOf,
  whenLive,
} from "tidings/client";
import { startTask, tasks } from "tidings/tasks";
import { startTestApp } from "tidings/testing";
import { z } from "zod";
import { everyone, user } from "./declarations.js";
import { is, isType } from "./is.js";

const chat = channel("chat/:room", {
  events: { said: z.object({ from: z.string(), at: z.date() }), left: z.object({ name: z.string() }) },
  presence: ({ user }) => ({ name: user.name, since: new Date() }),
  needs: { user },
});
const prices = channel("prices/:symbol/:place", {
  events: { tick: z.object({ price: z.number() }), said: z.object({ loud: z.boolean() }) },
  history: { size: 100, ttl: "5m" },
  snapshot: () => ({ price: 1, at: new Date() }),
});
declare const keep: boolean;
const perhaps = channel("perhaps", {
  events: { item: z.object({ n: z.string().transform(Number) }) },
  history: keep ? { size: 1, ttl: "1m" } : undefined,
});
export const room = endpoint("/ws/rooms/:room/:seat", {
  auth: user,
  query: z.object({ page: z.string().transform(Number).optional(), lang: z.enum(["de", "en"]) }),
  receives: {
    say: z.object({ text: z.string(), at: z.string().transform((at) => new Date(at)) }),
    leave: z.object({}),
    list: z.object({ limit: z.number().optional() }),
    export: z.object({ pages: z.number() }),
    nothing: z.undefined(),
  },
  sends: { hint: z.object({ at: z.date() }), said: z.object({ whisper: z.string() }) },
  channels: [chat, prices, perhaps, everyone, tasks],
  on: {
    say: () => ({ id: 1 as number, at: new Date() }),
    leave: () => {},
    list: async () => [new Map([["a", 1]])].map(({ size }) => ({ size })),
    export: ({ app, user }, { pages }) => startTask(app, user.id, () => ({ pages, at: new Date() })),
    nothing: () => undefined,
  },
});
type Room = ContractOf<typeof room>;

// The address is the endpoint's path, wherever its server is; the options are its query and the client's own.
const client = connect<typeof room>("/ws/rooms/lobby/7", {
  query: { lang: "de", page: "3" },
  token: async () => undefined,
  timeout: "1.5m",
  queue: 5,
  retryOn: [4001],
});
connect<typeof room>("wss://app.example/base/ws/rooms/lobby/7");
connect<typeof room>(`https://app.example/ws/rooms/${"lobby" as string}/7`, undefined);
is<ClientFor<typeof room>>()(client);
isType<ClientFor<typeof room>, Client<Room>>(true);
isType<UrlOf<typeof room>, `${string}/ws/rooms/${string}/${string}`>(true);
isType<UrlOf<never>, "Say which endpoint: connect<typeof room>(url)">(true);
isType<OptionsOf<typeof room>, ConnectOptions<Room["query"]>>(true);
isType<NonNullable<ConnectOptions<{ lang: string }>["query"]>, { lang: string }>(true);
isType<keyof ConnectOptions, "token" | "query" | "timeout" | "queue" | "retryOn">(true);
isType<Token, string | undefined | null>(true);
isType<Required<ConnectOptions>["token"], string | undefined | (() => Token | Promise<Token>)>(true);
is<Connect>()(connect);
connect<typeof room>("/ws/rooms/a/b", {
  token: undefined,
  query: undefined,
  timeout: undefined,
  queue: undefined,
  retryOn: undefined,
});

// How it stands.
isType<Status, "connecting" | "open" | "waiting" | "closed">(true);
is<Status>()(client.status);
is<number | undefined>()(client.retryAtMs);
is<{ readonly id: string } | undefined>()(client.user);
is<Promise<Closed>>()(client.closed);
isType<Closed, { readonly code: number; readonly reason: string }>(true);
is<() => void>()(
  client.onStatus((status, why) => {
    is<Status>()(status);
    is<Closed | undefined>()(why);
  }),
);
is<void>()(client.close(4000, "done"));
client.close();
is<void>()(client.reconnect());
{
  using ended = client;
  is<Client<Room>>()(ended);
}

// What arrives is as JSON leaves it, and of one name in several places it is any of them.
client.on("hint", (payload, origin) => {
  is<{ at: string }>()(payload);
  is<Origin>()(origin);
});
client.on("left", (payload) => is<{ name: string }>()(payload));
client.on("item", ({ n }) => is<number>()(n));
client.on("notice", ({ text }) => is<string>()(text));
client.on("said", (payload) => is<{ whisper: string } | { from: string; at: string } | { loud: boolean }>()(payload));
client.on("error", (error) => is<TidingsError>()(error));
client.on("gap", (gap, { channel }) => {
  is<Gap>()(gap);
  is<string | undefined>()(channel);
});
isType<Gap, { readonly offset: number | undefined }>(true);
isType<Origin, { readonly channel?: string | undefined; readonly offset?: number | undefined }>(true);
const stop = client.on("hint", () => {});
is<() => void>()(stop);
type Names = "hint" | "said" | "left" | "tick" | "item" | "notice" | "gone" | "gap" | "error" | TaskNames;
type TaskNames = `task_${"queued" | "started" | "progress" | "completed" | "failed" | "cancelled"}`;
isType<keyof Heard<Room>, Names>(true);

// What is said is what a client gives, and what it gets back is as JSON leaves it.
is<boolean>()(client.send("say", { text: "hi", at: "2026-01-02" }));
client.send("leave");
client.send("leave", {});
client.send("list", { limit: undefined });
client.send("nothing", undefined);
is<Promise<{ id: number; at: string }>>()(client.request("say", { text: "hi", at: "2026-01-02" }));
is<Promise<null>>()(client.request("leave"));
is<Promise<null>>()(client.request("nothing", undefined));
is<Promise<{ size: number }[]>>()(client.request("list", undefined, { timeout: "1s" }));
client.request("say", { text: "hi", at: "" }, { signal: new AbortController().signal, timeout: undefined });
isType<keyof RequestOptions, "signal" | "timeout">(true);

// A channel is named by its pattern and what fills it.
const lobby = client.subscribe("chat/:room", { room: "lobby" });
client.subscribe("chat/:room", { room: "lobby" }, { presence: true, rewind: 5, onGap: undefined, onState: undefined });
is<Subscription<ContractOf<typeof chat>>>()(lobby);
isType<ChannelAt<Room, "chat/:room">, ContractOf<typeof chat>>(true);
isType<SubscriptionStatus, "subscribing" | "live" | "lost">(true);
is<string>()(lobby.name);
is<SubscriptionStatus>()(lobby.status);
is<TidingsError | undefined>()(lobby.error);
is<Promise<void>>()(whenLive(lobby));
is<Promise<void>>()(lobby.unsubscribe());
lobby.onStatus((status, error) => {
  is<SubscriptionStatus>()(status);
  is<TidingsError | undefined>()(error);
});
const stopHearing = lobby.on("said", ({ from, at }, { offset }) => {
  is<string>()(from);
  is<string>()(at);
  is<number | undefined>()(offset);
});
is<() => void>()(stopHearing);
is<Promise<{ readonly offset: number | undefined }>>()(lobby.publish("said", { from: "ana", at: new Date() }));
lobby.publish("left", { name: "ana" }, { timeout: "1m" });

// Who is there, only where that is shown; without it there are words of advice.
is<Presence<{ readonly id: string; name: string; since: string }>>()(lobby.presence);
is<readonly { readonly id: string; name: string; since: string }[]>()(lobby.presence.members);
is<number>()(lobby.presence.count);
is<() => void>()(
  lobby.presence.on("change", (members, count) => {
    is<readonly { readonly id: string; name: string; since: string }[]>()(members);
    is<number>()(count);
  }),
);
is<"Give this channel a `presence` first.">()(client.subscribe("everyone").presence);
is<undefined>()(lobby.state);

// Where there is a history `onGap` is asked for; where there may be none it is not.
const btc = client.subscribe(
  "prices/:symbol/:place",
  { symbol: "BTC", place: "x" },
  {
    onGap: (gap) => is<Gap>()(gap),
    onState: (state) => is<{ price: number; at: string }>()(state),
  },
);
is<{ price: number; at: string } | undefined>()(btc.state);
const events = await btc.history({ limit: 5, before: 7 });
for (const event of events) {
  is<number>()(event.offset);
  if (event.type === "tick") is<{ price: number }>()(event.payload);
  else is<{ loud: boolean }>()(event.payload);
}
client.subscribe("everyone");
client.subscribe("everyone", undefined);
client.subscribe("everyone", { onGap: undefined });
isType<Required<SubscribeOptions<ContractOf<typeof btcChannel>>>["rewind"], number | undefined>(true);
declare const btcChannel: typeof prices;
isType<keyof SubscribeOptions, "rewind" | "presence" | "onGap" | "onState">(true);

// One that may have a history is taken for one that has.
client.subscribe("perhaps", { onGap: () => {} });

// Tasks, only where the endpoint lists them; their id remembers the result.
is<Tasks>()(client.tasks);
const id = await client.request("export", { pages: 3 });
is<TaskId<{ pages: number; at: string }>>()(id);
is<Promise<{ pages: number; at: string }>>()(client.tasks.done(id));
is<Promise<unknown>>()(client.tasks.done("t1"));
is<Promise<void>>()(client.tasks.cancel(id));
is<ReadonlyMap<string, TaskState>>()(client.tasks.all);
is<() => void>()(client.tasks.on("progress", (task) => is<TaskState>()(task)));
isType<Parameters<Tasks["on"]>[0], TaskStatus | "progress" | "change">(true);
isType<TaskState["error"], TaskFailure | undefined>(true);
isType<TaskState["result"], unknown>(true);
isType<TasksOf<ContractOf<typeof bare>>, "List `tasks` in the endpoint's channels first.">(true);

// An endpoint with nothing of all that has a client too.
const bare = endpoint("/", {});
const plain = connect<typeof bare>("/");
isType<keyof Heard<ContractOf<typeof bare>>, "error" | "gap">(true);
is<"List `tasks` in the endpoint's channels first.">()(plain.tasks);

// What nobody checked is unknown, and never `any`.
const unchecked = endpoint("/ws", {
  receives: { say: z.any() },
  sends: { hint: z.any() },
  channels: [channel("loose", { events: { said: z.any() }, presence: true, snapshot: () => JSON.parse("{}") })],
  on: { say: () => JSON.parse("{}") },
});
const loose = connect<typeof unchecked>("/ws");
is<Promise<unknown>>()(loose.request("say"));
loose.on("hint", (payload) => is<unknown>()(payload));
const looseChannel = loose.subscribe("loose");
looseChannel.on("said", (payload) => is<unknown>()(payload));
is<unknown>()(looseChannel.state);
is<readonly { readonly id: string }[]>()(looseChannel.presence.members);

// A library may take any client, and an error is one of the same class everywhere.
declare function show(client: Pick<Client, "status" | "onStatus" | "close">): void;
show(client);
show(plain);
is<TidingsError>()(new TidingsError("unauthorized", "Sign in."));

// The testing kit's is the same.
await using server = await startTestApp(await import("./first-screen.js").then(({ app }) => app));
is<ClientFor<typeof room>>()(server.client<typeof room>("/ws/rooms/lobby/7", { query: { lang: "en" } }));

// A raw endpoint has none: it speaks no messages.
export const raw = rawEndpoint("/raw", { text: () => {} });
