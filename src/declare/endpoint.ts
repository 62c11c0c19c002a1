import { ConfigError } from "../base/config-error.js";
import { checkOptions, type OptionKind } from "../base/options.js";
import { describeGiven } from "../base/quantity.js";
import { ANY_TYPE } from "../protocol/any-type.js";
import { isMessageType, isReserved, type ReservedFromClients, type ReservedFromServers } from "../protocol/names.js";
import type { Json, Reply } from "../schema/json.js";
import { type Input, isSchema, type Output, type Schema, type Schemas } from "../schema/standard.js";
import type { KnownNames, Refuse } from "./advice.js";
import type { AnyChannel, ChannelDefinition } from "./channel.js";
import type { Closed } from "./closed.js";
import type { AnyContext, AuthUser, Context, Entry, Inputs, Middleware, RawContext, RefOf } from "./context.js";
import type { Carries, ContractOf, EndpointContract, Params, WithAny } from "./contract.js";
import type { Dependencies, Dependency, DependencyDefinition, Values } from "./dependency.js";
import { authOf } from "./endpoint-auth.js";
import type { Identity } from "./identity.js";
import type { EndpointLimits } from "./limits.js";
import { PathPattern } from "./path-pattern.js";

/** What `createApp` takes. */
export interface AnyEndpoint {
  readonly "~is": "endpoint";
  readonly path: string;
  readonly "~definition": EndpointDefinition;
}
/** A declared endpoint that speaks messages. Its contract is all that the other side needs of it. */
export interface Endpoint<Contract extends EndpointContract = EndpointContract> extends AnyEndpoint, Carries<Contract> {
  readonly path: Contract["path"];
}
/** A declared endpoint that hands on frames. */
export interface RawEndpoint<Path extends string = string> extends AnyEndpoint {
  readonly path: Path;
  readonly raw: true;
}

/** What both kinds of endpoint take. */
export interface EndpointBase<
  Names extends Schema,
  Query extends Schema,
  Auth extends Dependency<Identity> | undefined,
  Needs extends Dependencies | undefined,
  Ctx,
> {
  /** What it is for, in a sentence: the document and the console show it. */
  summary?: string | undefined;
  /**
   * Who it is, asked before the handshake is accepted: a credential, or any dependency whose value has an `id`. Default: anybody
   * may connect, and there is no user.
   */
  // Where it may be undefined, so may the user: the type must not lose it.
  auth?: Auth;
  /** What handlers need, by the name they see it under. Made after `auth`, in this order, before the handshake is accepted. */
  needs?:
    | (Needs & Refuse<KnownNames<Needs> & TakenName, "The context has this name already: choose another.">)
    | undefined;
  /** Makes the path's params what handlers see; without it they are strings. */
  params?: Names | undefined;
  /** Makes the query what handlers see; without it it is strings, of a repeated key the last. */
  query?: Query | undefined;
  /** May they enter? Asked before the handshake is accepted; false is `forbidden`. Default: all of them may. */
  allow?: ((entry: Entry<Ctx>) => boolean | Promise<boolean>) | undefined;
  /** Close codes in the place of 1008, each 3000–4999. Default: none. */
  closeCodes?: CloseCodes | undefined;
  /** How plain clients are refused: by an HTTP status (default), or by a handshake that is closed at once. */
  refuse?: "http" | "close" | undefined;
  /** The endpoint's own subprotocols, offered beside `tidings.v1`. Default: none. */
  subprotocols?: readonly string[] | undefined;
  /** What one connection may use up. Default: the group's, and then the app's. */
  limits?: EndpointLimits | undefined;
  /** Runs before any message is handled. What it throws closes the connection. */
  open?: ((ctx: Ctx) => unknown) | undefined;
  /** Runs exactly once for every connection whose `open` began, when it has left its channels. */
  close?: ((ctx: Ctx, closed: Closed) => unknown) | undefined;
}
/** The names that every context has. */
export type TakenName = "app" | "connection" | "params" | "query" | "user" | "request";
/** An app's own close codes, for clients that go by the number. What is left out stays 1008. */
export interface CloseCodes {
  /** For who shows no valid credential. */
  unauthorized?: number | undefined;
  /** For whose credential has expired. */
  token_expired?: number | undefined;
  /** For who may not be here, or do it. */
  forbidden?: number | undefined;
}

/** What `endpoint` takes beside the path. */
export interface EndpointOptions<
  Names extends Schema,
  Query extends Schema,
  Auth extends Dependency<Identity> | undefined,
  Needs extends Dependencies | undefined,
  Receives extends Schemas,
  Replies extends Schemas,
  Sends extends Schemas,
  Channels extends readonly AnyChannel[],
  Returns,
  Ctx,
> extends EndpointBase<Names, Query, Auth, Needs, Ctx> {
  /** What a client may say: message → schema. `"*"`: any other message. Default: nothing. */
  receives?: (Receives & Refuse<keyof Receives & ReservedFromClients, ReservedAdvice>) | undefined;
  /** What it is answered: message → schema. Without it the handler's return type is the reply's. */
  replies?:
    | (Replies & Refuse<Exclude<keyof Replies, keyof NoInfer<Receives>>, "Declare this message in `receives` first.">)
    | undefined;
  /** What `connection.send` may say: message → schema. Default: nothing. */
  sends?: (Sends & Refuse<keyof Sends & ReservedFromServers, ReservedAdvice>) | undefined;
  /** The channels whose events may arrive here. Default: none. */
  channels?: Channels | undefined;
  /** Around each message, the first outermost. */
  use?: readonly Middleware<Ctx>[] | undefined;
  /** A handler for each message of `receives`. What it returns is the reply to a message with an `id`. */
  on?:
    | ({
        [Type in keyof Returns]: Handler<
          Ctx,
          PayloadOf<NoInfer<Receives>, Type>,
          Type extends keyof NoInfer<Replies> ? MaybePromise<Input<NoInfer<Replies>[Type]>> : Returns[Type]
        >;
      } & { [Type in keyof NoInfer<Receives>]: unknown } & Refuse<
          Exclude<keyof Returns, keyof NoInfer<Receives>>,
          "Declare this message in `receives` first."
        >)
    | undefined;
}
/** `type` is told apart only where one handler takes more than one, as that of `"*"` does. */
export type Handler<Ctx, Payload, Returns> = (ctx: Ctx, payload: Payload, type: string) => Returns;
export type PayloadOf<Receives, Type> = Type extends keyof Receives ? Output<Receives[Type]> : never;
export type MaybePromise<T> = T | Promise<T>;
export type ReservedAdvice = "The protocol uses this name itself: choose another.";
/** Params and query without a schema of their own. */
export type Strings = Schema<Readonly<Record<string, string>>>;

/**
 * Declares an endpoint that speaks messages: JSON in text frames, `{ type, payload }` (PROTOCOL.md).
 *
 * @throws ConfigError for a pattern, a name or a set of handlers that cannot be
 */
export function endpoint<
  const Path extends string,
  Auth extends Dependency<Identity> | undefined = undefined,
  Needs extends Dependencies | undefined = undefined,
  Names extends Schema = Schema<Params<Path>>,
  Query extends Schema = Strings,
  Receives extends Schemas = Record<never, never>,
  Replies extends Schemas = Record<never, never>,
  Sends extends Schemas = Record<never, never>,
  const Channels extends readonly AnyChannel[] = readonly never[],
  const Returns = Record<never, never>,
>(
  path: Path,
  options: EndpointOptions<
    Names,
    Query,
    Auth,
    Needs,
    Receives,
    Replies,
    Sends,
    Channels,
    Returns,
    Context<
      Output<NoInfer<Names>>,
      Output<NoInfer<Query>>,
      AuthUser<Auth>,
      Values<NoInfer<Needs>>,
      Inputs<NoInfer<Sends>>,
      RefOf<NoInfer<Channels>[number]>
    >
  >,
): Endpoint<{
  path: Path;
  query: Input<Query>;
  receives: WithAny<{ [Type in keyof Receives]: Input<Receives[Type]> }>;
  replies: WithAny<{
    -readonly [Type in keyof Returns]: Type extends keyof Replies
      ? Json<Output<Replies[Type]>>
      : Reply<Awaited<Returns[Type]>>;
  }>;
  sends: { [Type in keyof Sends]: Json<Output<Sends[Type]>> };
  channels: { [Each in ContractOf<Channels[number]> as Each["pattern"]]: Each };
}> {
  // What the types have tied together above is read back here by name, as the core needs it.
  const given = options as unknown as UntypedOptions;
  checkOptions(path, given, MESSAGE_OPTIONS);
  checkSchemas(path, { ...given.receives, ...given.replies, ...given.sends });
  const receives = new Map<string, Received>();
  const handlers = given.on ?? {};
  for (const [type, schema] of Object.entries(given.receives ?? {})) {
    checkMessageName(path, type, "from-clients");
    const handle = Object.hasOwn(handlers, type) ? handlers[type] : undefined;
    if (typeof handle !== "function") throw missingHandler(path, type);
    const reply = Object.hasOwn(given.replies ?? {}, type) ? given.replies?.[type] : undefined;
    receives.set(type, { label: `message "${type}"`, schema, reply, handle });
  }
  for (const type of Object.keys({ ...handlers, ...given.replies })) {
    if (!receives.has(type)) throw undeclaredMessage(path, type);
  }
  for (const type of Object.keys(given.sends ?? {})) checkMessageName(path, type, "from-servers");

  return {
    "~is": "endpoint",
    path,
    "~definition": {
      ...definitionOf(path, given),
      speaks: {
        kind: "messages",
        receives,
        sends: new Map(Object.entries(given.sends ?? {})),
        channels: (given.channels ?? []).map((each) => channelOf(path, each)),
        use: given.use ?? [],
      },
    },
  };
}

/** What `rawEndpoint` takes beside the path. */
export interface RawEndpointOptions<
  Names extends Schema,
  Query extends Schema,
  Auth extends Dependency<Identity> | undefined,
  Needs extends Dependencies | undefined,
  Ctx,
> extends EndpointBase<Names, Query, Auth, Needs, Ctx> {
  /** Called with each text message, one after the other. Without it they are dropped. */
  text?: ((ctx: Ctx, text: string) => unknown) | undefined;
  /** Called with each binary message, one after the other. Without it they are dropped. */
  binary?: ((ctx: Ctx, bytes: Uint8Array) => unknown) | undefined;
  /** A loop over `connection.frames()` instead of `text` and `binary`. Leaving it closes the connection with 1000. */
  run?: ((ctx: Ctx) => Promise<unknown>) | undefined;
}

/**
 * Declares an endpoint that hands text and binary frames to the app as they are. A handler that throws closes the
 * connection with 1011.
 *
 * @throws ConfigError for a pattern that cannot be, or both `run` and handlers for frames
 */
export function rawEndpoint<
  const Path extends string,
  Auth extends Dependency<Identity> | undefined = undefined,
  Needs extends Dependencies | undefined = undefined,
  Names extends Schema = Schema<Params<Path>>,
  Query extends Schema = Strings,
>(
  path: Path,
  options: RawEndpointOptions<
    Names,
    Query,
    Auth,
    Needs,
    RawContext<Output<NoInfer<Names>>, Output<NoInfer<Query>>, AuthUser<Auth>, Values<NoInfer<Needs>>>
  >,
): RawEndpoint<Path> {
  const given = options as unknown as UntypedRawOptions;
  checkOptions(path, given, RAW_OPTIONS);
  if (given.run !== undefined && (given.text !== undefined || given.binary !== undefined)) {
    throw new ConfigError("run_and_handlers", {
      message: `${path} has both \`run\` and handlers for frames.`,
      fix: "Keep the loop, or keep `text` and `binary`.",
    });
  }
  return {
    "~is": "endpoint",
    raw: true,
    path,
    "~definition": {
      ...definitionOf(path, given),
      speaks: { kind: "frames", text: given.text, binary: given.binary, run: given.run },
    },
  };
}

/** What the core reads of an endpoint's declaration. Its handlers' contexts are the ones made for them. */
export interface EndpointDefinition {
  readonly pattern: PathPattern;
  readonly summary?: string | undefined;
  readonly auth: DependencyDefinition | undefined;
  readonly needs: Dependencies;
  readonly params: Schema | undefined;
  readonly query: Schema | undefined;
  readonly allow: ((entry: Entry<AnyContext>) => boolean | Promise<boolean>) | undefined;
  readonly closeCodes: CloseCodes;
  readonly refuse: "http" | "close";
  readonly subprotocols: readonly string[];
  readonly limits: EndpointLimits;
  readonly open: ((ctx: AnyContext) => unknown) | undefined;
  readonly close: ((ctx: AnyContext, closed: Closed) => unknown) | undefined;
  readonly speaks: SpeaksMessages | SpeaksFrames;
}
export interface SpeaksMessages {
  readonly kind: "messages";
  readonly receives: ReadonlyMap<string, Received>;
  readonly sends: ReadonlyMap<string, Schema>;
  readonly channels: readonly ChannelDefinition[];
  readonly use: readonly Middleware[];
}
export interface SpeaksFrames {
  readonly kind: "frames";
  readonly text: ((ctx: AnyContext, text: string) => unknown) | undefined;
  readonly binary: ((ctx: AnyContext, bytes: Uint8Array) => unknown) | undefined;
  readonly run: ((ctx: AnyContext) => Promise<unknown>) | undefined;
}
/** One message of `receives`. */
export interface Received {
  /** What is being done, for whoever watches: `message "say"`. */
  readonly label: string;
  readonly schema: Schema;
  readonly reply: Schema | undefined;
  readonly handle: (ctx: AnyContext, payload: unknown, type: string) => unknown;
}

type UntypedBase = EndpointBase<Schema, Schema, Dependency<Identity> | undefined, Dependencies, AnyContext>;
interface UntypedOptions extends UntypedBase {
  readonly receives?: Schemas | undefined;
  readonly replies?: Schemas | undefined;
  readonly sends?: Schemas | undefined;
  readonly channels?: readonly AnyChannel[] | undefined;
  readonly use?: readonly Middleware[] | undefined;
  readonly on?: Readonly<Record<string, Received["handle"]>> | undefined;
}
type UntypedRawOptions = RawEndpointOptions<Schema, Schema, Dependency<Identity> | undefined, Dependencies, AnyContext>;

function definitionOf(path: string, given: UntypedBase): Omit<EndpointDefinition, "speaks"> {
  if (!path.startsWith("/")) {
    throw new ConfigError("invalid_pattern", {
      message: `The endpoint "${path}" does not begin with "/".`,
      fix: `Write "/${path}".`,
    });
  }
  const closeCodes = given.closeCodes ?? {};
  for (const [reason, code] of Object.entries(closeCodes)) checkCloseCode(path, reason, code);
  return {
    pattern: new PathPattern(path),
    summary: given.summary,
    auth: authOf(path, given),
    needs: given.needs ?? {},
    params: given.params,
    query: given.query,
    allow: given.allow,
    closeCodes,
    refuse: given.refuse ?? "http",
    subprotocols: given.subprotocols ?? [],
    limits: given.limits ?? {},
    open: given.open,
    close: given.close,
  };
}

const OPTIONS: Readonly<Record<string, OptionKind>> = {
  summary: "text",
  auth: "anything",
  needs: "object",
  params: "anything",
  query: "anything",
  allow: "function",
  closeCodes: "object",
  refuse: "text",
  subprotocols: "list",
  limits: "object",
  open: "function",
  close: "function",
};
const MESSAGE_OPTIONS: Readonly<Record<string, OptionKind>> = {
  ...OPTIONS,
  receives: "object",
  replies: "object",
  sends: "object",
  channels: "list",
  use: "list",
  on: "object",
};
const RAW_OPTIONS: Readonly<Record<string, OptionKind>> = {
  ...OPTIONS,
  text: "function",
  binary: "function",
  run: "function",
};

function channelOf(path: string, given: unknown): ChannelDefinition {
  if (typeof given === "function" && "~is" in given && given["~is"] === "channel") {
    return (given as unknown as AnyChannel)["~definition"]; // what channel() makes
  }
  throw new ConfigError("not_a_channel", {
    message: `${path} lists ${describeGiven(given)} among its \`channels\`.`,
    fix: "List what channel() makes, not called; where two files import each other, move it into a third.",
  });
}

function checkSchemas(path: string, schemas: Schemas): void {
  for (const [type, schema] of Object.entries(schemas)) {
    if (isSchema(schema)) continue;
    throw new ConfigError("not_a_schema", {
      message: `${path}: the message "${type}" has ${describeGiven(schema)} for its schema.`,
      fix: "Give it a schema of zod, valibot, arktype or another that speaks Standard Schema, like z.object({ … }).",
    });
  }
}

function checkCloseCode(path: string, reason: string, code: unknown): void {
  if (code === undefined || (Number.isInteger(code) && Number(code) >= 3000 && Number(code) <= 4999)) return;
  throw new ConfigError("invalid_close_code", {
    message: `${path} closes with ${String(code)} for \`${reason}\`.`,
    fix: "An app's own close codes are 3000 to 4999 (RFC 6455 §7.4.2).",
  });
}

function checkMessageName(path: string, type: string, direction: "from-clients" | "from-servers"): void {
  if (isReserved(type, direction)) {
    throw new ConfigError("reserved_name", {
      message: `${path} declares the message "${type}", which the protocol uses itself.`,
      fix: "Choose another name.",
    });
  }
  if (!isMessageType(type) && (type !== ANY_TYPE || direction === "from-servers")) {
    throw new ConfigError("invalid_name", {
      message: `${path} declares the message ${JSON.stringify(type)}.`,
      fix: 'A name is 1 to 64 letters, digits and _ - . : and begins with a letter; "*" stands for any.',
    });
  }
}

function missingHandler(path: string, type: string): ConfigError {
  return new ConfigError("missing_handler", {
    message: `The message "${type}" has no handler at ${path}.`,
    fix: `Add \`${type}\` to \`on\`, or take it out of \`receives\`.`,
  });
}

function undeclaredMessage(path: string, type: string): ConfigError {
  return new ConfigError("undeclared_message", {
    message: `The message "${type}" is in \`on\` or \`replies\` at ${path}, but not in \`receives\`.`,
    fix: "Declare it in `receives` with its schema.",
  });
}
