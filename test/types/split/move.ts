import type { ChannelRef, Connection, ContextOf, ContractOf } from "tidings";
import type { Member, Pool } from "../declarations.js";
import { is } from "../is.js";
import { board, type shape } from "./shape.js";

export async function move(
  { app, connection, user, db, params, query }: ContextOf<typeof shape, "/ws/games/:game">,
  { x }: { x: number },
) {
  is<Member>()(user);
  is<Pool>()(db);
  is<{ readonly game: string }>()(params);
  is<{ level: number }>()(query);
  is<Connection<Member, { readonly hint: { x: number } }, ChannelRef<ContractOf<typeof board>>>>()(connection);
  connection.join(board(params));
  connection.send("hint", { x });
  await app.publish(board(params), "moved", { x });
  return { x };
}
