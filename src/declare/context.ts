import type { Input, Output } from "../schema/standard.js";
import type { App } from "./app.js";
import type { AnyChannel, ChannelRef } from "./channel.js";
import type { AnyConnection, Connection, RawConnection } from "./connection.js";
import type { At, ContractOf, Params } from "./contract.js";
import type { Dependency, Values } from "./dependency.js";
import type { Handshake } from "./handshake.js";
import type { Identity } from "./identity.js";

/** What every handler gets first. */
export interface Facts<Names, Query, User, Conn> {
  readonly app: App;
  readonly connection: Conn;
  readonly params: Names;
  readonly query: Query;
  readonly user: User;
}
/** What a handler of messages gets first: facts about the connection, and what it needs by its names. */
export type Context<Names, Query, User extends Identity | undefined, Needs, Sends, Ref> = Facts<
  Names,
  Query,
  User,
  Connection<User, Sends, Ref>
> &
  Needs;
/** The same for handlers of frames. */
export type RawContext<Names, Query, User extends Identity | undefined, Needs> = Facts<
  Names,
  Query,
  User,
  RawConnection<User>
> &
  Needs;

/** Who asks to enter, before there is a connection. */
export type Entry<Ctx> = Omit<Ctx, "connection"> & { readonly request: Handshake };

/** What a middleware sees: less than a handler does, so that it fits every endpoint. */
export type AnyContext = Facts<unknown, unknown, Identity | undefined, AnyConnection>;

/** A message as a middleware sees it: validated, not yet handled. */
export interface Message {
  readonly type: string;
  readonly payload: unknown;
  /** What the client knows the reply by; without it none is sent. */
  readonly id?: string | number | undefined;
}

/**
 * Around each message: it observes, or refuses by throwing. It adds nothing to the context and can't change a reply.
 * A middleware that never calls `next` keeps the message from its handler; the reply is then `null`.
 */
export type Middleware<Ctx = AnyContext> = (ctx: Ctx, message: Message, next: () => Promise<void>) => unknown;

export type RefOf<C> = C extends AnyChannel ? ChannelRef<ContractOf<C>> : never;
export type Inputs<Messages> = { [Type in keyof Messages]: Input<Messages[Type]> };

/** Whom an `auth` gives; nobody without one. */
export type AuthUser<Auth> = Auth extends Dependency<infer User extends Identity> ? User : undefined;

/** The context of handlers that live in another file: `ContextOf<typeof shape, "/ws/rooms/:room">`. */
export type ContextOf<Shape, Path extends string = string> = Context<
  At<Shape, "params"> extends never ? Params<Path> : Output<At<Shape, "params">>,
  At<Shape, "query"> extends never ? Readonly<Record<string, string>> : Output<At<Shape, "query">>,
  AuthUser<At<Shape, "auth", undefined>>,
  Values<At<Shape, "needs", undefined>>,
  Inputs<At<Shape, "sends", Record<never, never>>>,
  At<Shape, "channels"> extends readonly (infer C)[] ? RefOf<C> : never
>;
