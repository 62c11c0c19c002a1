import { type Connection, type Context, type ContextOf, type ContractOf, endpoint, type Params } from "tidings";
import { z } from "zod";
import { is, isType } from "../is.js";
import { move } from "./move.js";
import { shape } from "./shape.js";

export const game = endpoint("/ws/games/:game", {
  ...shape,
  on: {
    move,
    chat(ctx, { text }) {
      is<ContextOf<typeof shape, "/ws/games/:game">>()(ctx);
      return ctx.user.name + text;
    },
  },
});
isType<ContractOf<typeof game>["replies"], { move: { x: number }; chat: string }>(true);
isType<ContractOf<typeof game>["receives"], { readonly move: { x: number }; readonly chat: { text: string } }>(true);

// A shape needs no `auth`, `sends` or `channels` for its handlers to fit.
const small = { receives: { say: z.object({ text: z.string() }) } };
function say({ user, connection }: ContextOf<typeof small, "/ws/small">, { text }: { text: string }): string {
  is<undefined>()(user);
  is<Connection<undefined, Record<never, never>, never>>()(connection);
  return text;
}
endpoint("/ws/small", { ...small, on: { say } });

// A shape of nothing is the context of an endpoint of nothing.
type Bare = ContextOf<Record<never, never>, "/ws/:a">;
isType<Bare, Context<Params<"/ws/:a">, Readonly<Record<string, string>>, undefined, Record<never, never>, never>>(true);
isType<ContextOf<Record<never, never>>["params"], Readonly<Record<string, string>>>(true);

// Params with a schema are what it makes of them, here as well.
const typed = { params: z.object({ order: z.coerce.number() }) };
isType<ContextOf<typeof typed, "/ws/:order">["params"], { order: number }>(true);
