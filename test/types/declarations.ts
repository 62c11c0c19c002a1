import { channel, dependency } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

/** What the other files of this folder declare their endpoints with. */
export const user = jwt({
  secret: process.env.TIDINGS_JWT_SECRET,
  claims: z.object({ sub: z.string(), name: z.string(), role: z.enum(["admin", "member"]).default("member") }),
});

/** Something of the app's. */
export const db = dependency({ scope: "app", create: () => openPool(), dispose: (pool) => pool.end() });

/** Everybody, and a user's inbox: channels like any other. */
export const everyone = channel("everyone", {
  events: { notice: z.object({ text: z.string() }), gone: z.object({ id: z.string() }) },
});
export const inbox = channel("inbox/:user", { events: { notice: z.object({ text: z.string() }) } });

/** What `db` gives. */
export interface Pool {
  query(sql: string, values: readonly unknown[]): Promise<Row[]>;
  end(): Promise<void>;
}
export interface Row {
  id: string;
  owner: string;
}
declare function openPool(): Promise<Pool>;

/** Who `user` lets in. */
export interface Member {
  readonly id: string;
  sub: string;
  name: string;
  role: "admin" | "member";
}
