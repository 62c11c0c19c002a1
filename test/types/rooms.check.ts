import {
  type AnyConnection,
  type App,
  type Channel,
  type ChannelRef,
  type ContractOf,
  channel,
  endpoint,
  type Params,
  type Published,
  type SendFunction,
} from "tidings";
import { z } from "zod";
import { everyone, inbox, user } from "./declarations.js";
import { is, isType } from "./is.js";

type Everyone = ContractOf<typeof everyone>;
type Inbox = ContractOf<typeof inbox>;
declare const app: App;

// A channel knows its pattern, its params and its events.
is<Channel<Everyone>>()(everyone);
is<"everyone">()(everyone.pattern);
is<"inbox/:user">()(inbox.pattern);
is<ChannelRef<Everyone>>()(everyone());
is<ChannelRef<Inbox>>()(inbox({ user: "alice" }));
is<"inbox/:user">()(inbox({ user: "alice" }).pattern);
is<string>()(inbox({ user: "alice" }).channel);
isType<Parameters<typeof everyone>, []>(true);
isType<Parameters<typeof inbox>, [params: { readonly user: string }]>(true);
isType<Everyone["events"], { notice: { text: string }; gone: { id: string } }>(true);
isType<Everyone["publishes"], { notice: { text: string }; gone: { id: string } }>(true);

// Of a channel's params none is lost, however many there are.
const cell = channel("game/:id/cell/:n", { events: { moved: z.object({ x: z.number() }) } });
isType<Parameters<typeof cell>, [params: { readonly id: string; readonly n: string }]>(true);
isType<Params<"/ws/:a/y/:b/z">, { readonly a: string; readonly b: string }>(true);
isType<Params<"/ws">, Record<never, never>>(true);
isType<Params<string>, Readonly<Record<string, string>>>(true);

// A publisher gives what the schema takes, a listener gets what JSON makes of what it gives.
const status = channel("status", {
  events: { changed: z.object({ at: z.date(), by: z.string().transform((name) => name.length) }) },
});
isType<ContractOf<typeof status>["publishes"], { changed: { at: Date; by: string } }>(true);
isType<ContractOf<typeof status>["events"], { changed: { at: string; by: number } }>(true);
is<Promise<Published>>()(app.publish(status(), "changed", { at: new Date(), by: "ana" }));
is<number | undefined>()((await app.publish(everyone(), "notice", { text: "hi" })).offset);
await app.publish(inbox({ user: "alice" }), "notice", { text: "hi" }, { except: { id: "c1" } });
await app.publish(everyone(), "notice", { text: "hi" }, { except: undefined });

// One event of several names, and one name of several: each with its own payload.
export function tell(event: "notice", payload: { text: string }): Promise<Published> {
  return app.publish(everyone(), event, payload);
}

// A connection joins what its endpoint lists, and hears all of it.
const lobby = endpoint("/ws", {
  auth: user,
  sends: { greeting: z.object({ name: z.string() }), bye: z.object({}) },
  channels: [everyone, inbox],
  open({ connection, user }) {
    is<Promise<void>>()(connection.join(everyone(), inbox({ user: user.id })));
    is<Promise<void>>()(connection.leave(everyone()));
    is<boolean>()(connection.send("greeting", { name: user.name }));
    is<boolean>()(connection.send("bye"));
    connection.send("bye", {});
    connection.join(...[everyone(), inbox({ user: user.id })]);
    is<SendFunction<{ greeting: { name: string }; bye: Record<string, never> }>>()(connection.send);
  },
  async close({ app, connection }) {
    is<Published>()(await app.publish(everyone(), "gone", { id: connection.id }, { except: connection }));
  },
});
isType<ContractOf<typeof lobby>["channels"], { everyone: Everyone; "inbox/:user": Inbox }>(true);
isType<ContractOf<typeof lobby>["sends"], { greeting: { name: string }; bye: Record<string, never> }>(true);

// Users and connections, by the app.
is<boolean>()(await app.isConnected("alice"));
is<void>()(await app.disconnectUser("alice"));
is<void>()(await app.disconnectUser("alice", { code: 1008, reason: "forbidden" }));
for (const connection of app.connections()) is<AnyConnection>()(connection);
