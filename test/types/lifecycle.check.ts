import {
  type AnyConnection,
  type App,
  type Closed,
  type Connection,
  type Context,
  endpoint,
  type RawConnection,
  type RawContext,
  type RawEndpoint,
  rawEndpoint,
} from "tidings";
import { type Member, user } from "./declarations.js";
import { is } from "./is.js";

type Strings = Readonly<Record<string, string>>;
type Nothing = Record<never, never>;

// An endpoint of nothing but its path: nobody is known, nothing may be sent, no channel may be joined.
endpoint("/ws", {
  open(ctx) {
    is<Context<Nothing, Strings, undefined, Nothing, Nothing, never>>()(ctx);
    is<App>()(ctx.app);
    is<Connection<undefined, Nothing, never>>()(ctx.connection);
    is<Nothing>()(ctx.params);
    is<Strings>()(ctx.query);
    is<undefined>()(ctx.user);
  },
  close(ctx, closed) {
    is<Context<Nothing, Strings, undefined, Nothing, Nothing, never>>()(ctx);
    is<Closed>()(closed);
    is<number>()(closed.code);
    is<string>()(closed.reason);
  },
});

// `auth` gives the user, to every handler and to the connection.
endpoint("/ws/:place", {
  auth: user,
  async open({ connection, params, user }) {
    is<Member>()(user);
    is<Member>()(connection.user);
    is<{ readonly place: string }>()(params);
    await fetch("https://example.org", { signal: connection.signal });
  },
  close({ connection, user }) {
    is<"admin" | "member">()(user.role);
    is<Member>()(connection.user);
  },
});

// What every connection has, whatever its endpoint speaks.
export function look(connection: AnyConnection): void {
  is<string>()(connection.id);
  is<string | undefined>()(connection.user?.id);
  is<ReadonlySet<string>>()(connection.channels);
  is<number>()(connection.bufferedBytes);
  is<AbortSignal>()(connection.signal);
  is<void>()(connection.close());
  is<void>()(connection.close(1000));
  is<void>()(connection.close(4000, "later"));
}
endpoint("/ws", { open: ({ connection }) => look(connection) });
rawEndpoint("/ws", { open: ({ connection }) => look(connection) });

// Frames as they are.
const echo = rawEndpoint("/ws/echo", {
  text({ connection }, text) {
    is<string>()(text);
    is<boolean>()(connection.send(text));
  },
  binary({ connection }, bytes) {
    is<Uint8Array>()(bytes);
    is<boolean>()(connection.send(bytes));
  },
});
is<RawEndpoint<"/ws/echo">>()(echo);

// Or as a loop.
const loop = rawEndpoint("/ws/loop/:name", {
  auth: user,
  async run(ctx) {
    is<RawContext<{ readonly name: string }, Strings, Member, Nothing>>()(ctx);
    is<RawConnection<Member>>()(ctx.connection);
    for await (const frame of ctx.connection.frames()) {
      is<string | Uint8Array>()(frame);
      ctx.connection.send(frame);
    }
  },
  close({ app, user, connection }, { code }) {
    is<App>()(app);
    is<Member>()(user);
    is<Member>()(connection.user);
    is<number>()(code);
  },
});
is<RawEndpoint<"/ws/loop/:name">>()(loop);
