import { type AnyChannel, type ChannelRef, ConfigError, channel, type Dependency } from "../../index.js";
import { askBackend, claimOf, goesByUser, permissionOf, type RuleGiven } from "./channel-rules.js";
import type { ChannelConfig, ServeConfig } from "./config.js";
import type { EventSchemas } from "./event-schemas.js";
import type { Person } from "./people.js";
import type { Backend } from "./webhooks/backend.js";

/** A channel of the configuration, declared. */
export interface DeclaredChannel {
  readonly pattern: string;
  readonly config: ChannelConfig;
  readonly goesByUser: boolean;
  readonly channel: AnyChannel;
  /** One of them by its params. */
  ref(params: Readonly<Record<string, string>>): ChannelRef;
}

export interface DeclaredWith {
  readonly people: Dependency<Person, "connection"> | undefined;
  readonly schemas: EventSchemas;
  readonly backend: Backend | undefined;
}

/** The channels of a configuration, by pattern. */
export function declareChannels(
  { channels = {} }: ServeConfig,
  given: DeclaredWith,
): ReadonlyMap<string, DeclaredChannel> {
  return new Map(Object.entries(channels).map(([pattern, config]) => [pattern, declare(pattern, config, given)]));
}

/** What the types tie together is not known here before it runs: `channel()` itself checks it. */
const declareUntyped = channel as (pattern: string, options: object) => AnyChannel & DeclaredChannel["ref"];

function declare(pattern: string, config: ChannelConfig, { people, schemas, backend }: DeclaredWith): DeclaredChannel {
  const { summary, subscribe, publish, match, events = { "*": true }, history, overflow } = config;
  const isOfUsers = goesByUser(config, people !== undefined);
  if (isOfUsers && people === undefined) throw nobodyKnown(pattern);
  const about = ({ user, params }: RuleGiven) => ({ channel: declared(params).channel, pattern, params, user });
  const declared = declareUntyped(pattern, {
    summary,
    needs: isOfUsers ? { user: people } : undefined,
    events: Object.fromEntries(
      Object.entries(events).map(([type, schema]) => [
        type,
        schemas.make(`channels["${pattern}"].events.${type}`, schema),
      ]),
    ),
    history,
    overflow,
    presence: presenceOf(config),
    allow: {
      subscribe: permissionOf(subscribe, match, (given) => askBackend(backend, "subscribe", about(given))),
      publish: permissionOf(publish, match, (given, { type, payload }: PublishedEvent) =>
        askBackend(backend, "publish", { ...about(given), type, payload }),
      ),
    },
  });
  return { pattern, config, goesByUser: isOfUsers, channel: declared, ref: declared };
}

interface PublishedEvent {
  readonly type: string;
  readonly payload: unknown;
}

function presenceOf({ presence = false }: ChannelConfig): true | ((given: RuleGiven) => object) | undefined {
  if (presence === false) return undefined;
  if (presence === true) return true;
  return ({ user }) => Object.fromEntries(presence.map((claim) => [claim, claimOf(user, claim)]));
}

function nobodyKnown(pattern: string): ConfigError {
  return new ConfigError("missing_users", {
    message: `channels["${pattern}"] goes by who somebody is, and nothing says who users are.`,
    fix: "Set jwt.secret (TIDINGS_JWT_SECRET), or let your backend say it: webhooks.hooks with connect.",
  });
}
