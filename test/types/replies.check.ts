import { type App, type ContractOf, endpoint, type Json, type Reply } from "tidings";
import { startTestApp, type TestConnection } from "tidings/testing";
import * as v from "valibot";
import { z } from "zod";
import { is, isType } from "./is.js";

declare const app: App;
interface Tree {
  name: string;
  children: Tree[];
}
interface Log {
  at: Date;
  before?: Log;
}
declare const tree: Tree;

// What a handler returns is the reply, once it went through JSON.
const answers = endpoint("/ws/answers", {
  receives: {
    add: z.object({ a: z.number(), b: z.number() }),
    later: z.object({}),
    date: z.object({}),
    nothing: z.object({}),
    nobody: z.object({}),
    maybe: z.object({ there: z.boolean() }),
    either: z.object({ x: z.number() }),
    nested: z.object({}),
    loose: z.any(),
    open: z.unknown(),
    list: z.object({}),
    tree: z.object({}),
  },
  on: {
    add: (_, { a, b }) => a + b,
    later: async () => ({ state: "done" }),
    date: () => new Date(),
    nothing() {},
    nobody: async () => undefined,
    maybe: (_, { there }) => (there ? { name: "ana" } : undefined),
    either: (_, { x }) => (x > 0 ? { ok: true, x } : { ok: false, why: "negative" }),
    nested: ({ connection }) => ({ at: new Date(), by: { id: connection.id, since: new Date() as Date | null } }),
    loose: (_, payload) => payload,
    open: (_, payload) => payload,
    list: () => ["a", "b"],
    tree: () => tree,
  },
});
type Replies = ContractOf<typeof answers>["replies"];
isType<Replies["add"], number>(true);
isType<Replies["later"], { readonly state: "done" }>(true);
isType<Replies["date"], string>(true);
isType<Replies["nothing"], null>(true);
isType<Replies["nobody"], null>(true);
isType<Replies["maybe"], { readonly name: "ana" } | null>(true);
isType<Replies["nested"], { at: string; by: { id: string; since: string | null } }>(true);
isType<Replies["loose"], unknown>(true);
isType<Replies["open"], unknown>(true);
isType<Replies["list"], ["a", "b"]>(true);
isType<Replies["tree"], Tree>(true);

// With a schema in `replies` the handler gives what it takes, and the other side gets what it makes.
const declared = endpoint("/ws/declared", {
  receives: { sort: v.object({ tags: v.array(v.string()) }), at: z.object({}), count: z.object({}) },
  replies: {
    sort: z.object({ kind: z.enum(["few", "many"]), note: z.string().optional() }),
    at: v.object({ at: v.date() }),
    count: z.string().transform((text) => text.length),
  },
  on: {
    sort: (_, { tags }) => ({ kind: tags.length > 3 ? "many" : "few" }),
    at: async () => ({ at: new Date() }),
    count: () => "three",
  },
});
isType<
  ContractOf<typeof declared>["replies"],
  { sort: { kind: "few" | "many"; note?: string | undefined }; at: { at: string }; count: number }
>(true);

// One may be declared and the others left to their handlers.
const mixed = endpoint("/ws/mixed", {
  receives: { a: z.object({}), b: z.object({}) },
  replies: { a: z.object({ kind: z.literal("a") }) },
  on: { a: () => ({ kind: "a" }), b: ({ connection }) => connection.bufferedBytes },
});
isType<ContractOf<typeof mixed>["replies"], { a: { kind: "a" }; b: number }>(true);

// So it is for whoever asks.
await using server = await startTestApp(app);
const client = await server.connect<typeof answers>("/ws/answers");
is<TestConnection<ContractOf<typeof answers>>>()(client);
is<Promise<number>>()(client.request("add", { a: 1, b: 2 }));
is<Promise<null>>()(client.request("nothing"));
is<Promise<unknown>>()(client.request("loose", 1));
const either = await client.request("either", { x: 1 });
if (either.ok) is<number>()(either.x);
else is<"negative">()(either.why);

// What JSON makes of a value.
isType<Json<Date>, string>(true);
isType<Json<undefined>, undefined>(true);
isType<Json<{ readonly a: Date }>, { a: string }>(true);
isType<Json<{ a?: Date }>, { a?: string }>(true);
isType<Json<bigint>, never>(true);
isType<Json<Map<string, number>>, never>(true);
isType<Json<() => void>, never>(true);
isType<Json<{ toJSON(): { at: Date } }>, { at: string }>(true);
isType<Json<ReturnType<typeof JSON.parse>>, unknown>(true);
isType<Json<unknown>, unknown>(true);
isType<Reply<ReturnType<typeof JSON.parse>>, unknown>(true);
isType<Reply<void>, null>(true);
isType<Json<{ a: ReturnType<typeof JSON.parse> }>, { a: unknown }>(true);
isType<Json<ReturnType<typeof JSON.parse>[]>, unknown[]>(true);
isType<Json<[1, Date, boolean | Date]>, [1, string, boolean | string]>(true);
isType<Json<Record<string, Date>>, Record<string, string>>(true);
isType<Json<readonly string[]>, string[]>(true);

// A type may refer to itself, whether JSON leaves it as it is or not.
isType<Json<Tree>, Tree>(true);
isType<Json<z.core.util.JSONType>, z.core.util.JSONType>(true);
declare const log: Json<Log>;
is<string>()(log.at);
is<string | undefined>()(log.before?.before?.at);
