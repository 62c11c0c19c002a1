import {
  type AnyChannel,
  type AnyEndpoint,
  type ChannelRef,
  type Closed,
  ConfigError,
  endpoint,
  type Schemas,
} from "../../index.js";
import { tasks } from "../../tasks/index.js";
import { fits } from "./channel-rules.js";
import type { EndpointConfig, ServeConfig } from "./config.js";
import type { DeclaredChannel, DeclaredWith } from "./declared-channels.js";
import { type Join, joinAt, refOf, type Visitor } from "./join.js";

/** What is served where nothing else is said: all channels at one path. */
export const DEFAULT_ENDPOINTS: Readonly<Record<string, EndpointConfig>> = { "/ws": {} };

/** The endpoints of a configuration. */
export function declareEndpoints(
  { endpoints = DEFAULT_ENDPOINTS, webhooks = {} }: ServeConfig,
  channels: ReadonlyMap<string, DeclaredChannel>,
  given: DeclaredWith,
): readonly AnyEndpoint[] {
  const tellsOfEnd = webhooks.hooks?.includes("disconnect") === true;
  return Object.entries(endpoints).map(([path, config]) => declare(path, config, { channels, tellsOfEnd, ...given }));
}

interface Given extends DeclaredWith {
  readonly channels: ReadonlyMap<string, DeclaredChannel>;
  readonly tellsOfEnd: boolean;
}

/** What a handler sees here. */
interface Visit extends Visitor {
  readonly connection: {
    readonly id: string;
    readonly signal: AbortSignal;
    join(...refs: readonly ChannelRef[]): Promise<void>;
  };
}

function declare(path: string, config: EndpointConfig, given: Given): AnyEndpoint {
  const { summary, auth = "required", limits } = config;
  const listed = channelsAt(path, config, given);
  const joins = (config.join ?? []).map((pattern) => joinAt(path, pattern, listed));
  const people = auth === "none" ? undefined : peopleAt(path, given);
  const hasTasks = config.tasks === true;
  if (hasTasks && people === undefined) throw tasksOfNobody(path);
  const channels: readonly AnyChannel[] = [...listed.map(({ channel }) => channel), ...(hasTasks ? [tasks] : [])];
  return declareUntyped(path, {
    summary,
    limits,
    ...(people !== undefined && { auth: people }),
    ...messagesAt(path, config, given),
    channels,
    // Whoever could not be put on a channel is refused at the door.
    allow: (visitor: Visitor) => joins.every((join) => mayJoin(join, visitor)),
    open: ({ connection, ...visitor }: Visit) => {
      const { user } = visitor;
      const refs = joins.map((join) => refOf(join, visitor));
      return connection.join(...refs, ...(hasTasks && user !== undefined ? [tasks({ user: user.id })] : []));
    },
    close: given.tellsOfEnd ? tellingOfEnd(path, given) : undefined,
  });
}

/** What the types tie together is not known here before it runs: `endpoint()` itself checks it. */
const declareUntyped = endpoint as unknown as (path: string, options: object) => AnyEndpoint;

/** Those that it lists, or all. */
function channelsAt(
  path: string,
  { auth, channels: patterns }: EndpointConfig,
  { channels }: Given,
): DeclaredChannel[] {
  const listed = (patterns ?? [...channels.keys()]).map((pattern) => {
    const found = channels.get(pattern);
    if (found !== undefined) return found;
    throw new ConfigError("unknown_channel", {
      message: `endpoints["${path}"] lists the channel "${pattern}", which is not in channels.`,
      fix: channels.size === 0 ? "Add it there." : `Add it there; there are ${[...channels.keys()].join(", ")}.`,
    });
  });
  const needy = auth === "none" ? listed.find(({ goesByUser }) => goesByUser) : undefined;
  if (needy === undefined) return listed;
  throw new ConfigError("channel_of_users", {
    message: `endpoints["${path}"] lets anybody in, and channels["${needy.pattern}"] goes by who somebody is.`,
    fix: "List only channels for everybody there, or take its `auth` away.",
  });
}

function peopleAt(path: string, { people }: Given): NonNullable<Given["people"]> {
  if (people !== undefined) return people;
  throw new ConfigError("missing_users", {
    message: `endpoints["${path}"] wants users, and nothing says who they are.`,
    fix: 'Set jwt.secret (TIDINGS_JWT_SECRET), let your backend say it (webhooks.hooks with connect), or write "auth": "none" where anybody may enter.',
  });
}

function mayJoin(join: Join, visitor: Visitor): boolean {
  refOf(join, visitor); // throws where there can be no such channel
  return fits(join.channel.config.match, { user: visitor.user, params: join.paramsOf(visitor) });
}

type Handle = (visit: Visit, payload: unknown, type: string) => Promise<unknown>;

/** What clients may say, and the backend answers. */
function messagesAt(
  path: string,
  { receives }: EndpointConfig,
  { backend, schemas }: Given,
): { readonly receives?: Schemas; readonly on?: Readonly<Record<string, Handle>> } {
  // Where there are messages there is a backend: `makeApp` has looked.
  if (receives === undefined || backend === undefined) return {};
  const handle: Handle = async ({ connection, user, params }, payload, type) => {
    const about = { connection: connection.id, endpoint: path, params, user, type, payload };
    return (await backend.ask("message", about, connection.signal)).reply;
  };
  const declared = Object.entries(receives === "webhook" ? { "*": true } : receives);
  return {
    receives: Object.fromEntries(
      declared.map(([type, schema]) => [type, schemas.make(`endpoints["${path}"].receives.${type}`, schema)]),
    ),
    on: Object.fromEntries(declared.map(([type]) => [type, handle])),
  };
}

/** What went wrong then was logged; nobody is left who could be told. */
function tellingOfEnd(path: string, { backend }: Given): (visit: Visit, closed: Closed) => Promise<unknown> {
  return async ({ connection, user, params }, { code, reason }) => {
    const about = { connection: connection.id, endpoint: path, params, user, code, reason };
    return backend?.ask("disconnect", about).catch(() => {});
  };
}

function tasksOfNobody(path: string): ConfigError {
  return new ConfigError("missing_users", {
    message: `endpoints["${path}"] has tasks, which are a user's, and lets anybody in.`,
    fix: "Take its `auth` away, or its `tasks`.",
  });
}
