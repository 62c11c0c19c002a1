import { type Connection, type Context, type ContextOf, type ContractOf, endpoint, type Params } from "tidings";
import { z } from "zod";
import type { Pool } from "../declarations.js";
import { is, isType } from "../is.js";
import { move } from "./move.js";
import { shape } from "./shape.js";

export const game = endpoint("/ws/games/:game", {
  ...shape,
  on: {
    move,
    chat(ctx, { text }) {
      is<ContextOf<typeof shape, "/ws/games/:game">>()(ctx);
      is<Pool>()(ctx.db);
      return ctx.user.name + text;
    },
  },
});
isType<ContractOf<typeof game>["replies"], { move: { x: number }; chat: string }>(true);
isType<ContractOf<typeof game>["receives"], { readonly move: { x: number }; readonly chat: { text: string } }>(true);

// A shape needs no `auth`, `needs`, `sends` or `channels` for its handlers to fit.
const small = { receives: { say: z.object({ text: z.string() }) } };
function say({ user, connection }: ContextOf<typeof small, "/ws/small">, { text }: { text: string }): string {
  is<undefined>()(user);
  is<Connection<undefined, Record<never, never>, never>>()(connection);
  return text;
}
endpoint("/ws/small", { ...small, on: { say } });

// A shape of nothing is the context of an endpoint of nothing.
type Strings = Readonly<Record<string, string>>;
type Nothing = Record<never, never>;
type Bare = ContextOf<Nothing, "/ws/:a">;
isType<Bare, Context<Params<"/ws/:a">, Strings, undefined, Nothing, Nothing, never>>(true);
isType<ContextOf<Record<never, never>>["params"], Readonly<Record<string, string>>>(true);

// Params with a schema are what it makes of them, here as well.
const typed = { params: z.object({ order: z.coerce.number() }) };
isType<ContextOf<typeof typed, "/ws/:order">["params"], { order: number }>(true);
