import {
  type AnyConnection,
  type AnyContext,
  type App,
  createApp,
  endpoint,
  type Identity,
  type Message,
  type Middleware,
} from "tidings";
import { z } from "zod";
import { type Member, user } from "./declarations.js";
import { is } from "./is.js";

// One for every endpoint sees what every endpoint has.
const logged: Middleware = async (ctx, message, next) => {
  is<AnyContext>()(ctx);
  is<App>()(ctx.app);
  is<AnyConnection>()(ctx.connection);
  is<Identity | undefined>()(ctx.user);
  is<unknown>()(ctx.params);
  is<unknown>()(ctx.query);
  is<Message>()(message);
  is<string>()(message.type);
  is<unknown>()(message.payload);
  is<string | number | undefined>()(message.id);
  is<() => Promise<void>>()(next);
  is<void>()(await next());
};

// One of an endpoint sees its user, params and query.
endpoint("/ws/:room", {
  auth: user,
  params: z.object({ room: z.coerce.number() }),
  sends: { busy: z.object({ ms: z.number() }) },
  receives: { add: z.object({ a: z.number() }) },
  use: [
    logged,
    (ctx, message, next) => {
      is<Member>()(ctx.user);
      is<{ room: number }>()(ctx.params);
      is<Message>()(message);
      ctx.connection.send("busy", { ms: 1 });
      return ctx.user.role === "admin" ? next() : undefined;
    },
  ],
  on: { add: (_, { a }) => is<number>()(a) },
});

// One that asks for a user fits wherever there is one like it.
const adminsOnly: Middleware<{ readonly user: { role: string } }> = ({ user }, _message, next) =>
  user.role === "admin" ? next() : undefined;
endpoint("/ws", { auth: user, receives: { ban: z.object({}) }, use: [adminsOnly, logged], on: { ban() {} } });

createApp({ endpoints: [], use: [logged, (ctx) => is<AnyContext>()(ctx)] });
