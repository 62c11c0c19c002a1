import { ConfigError } from "../base/config-error.js";
import { type Duration, durationMs } from "../base/duration.js";
import { checkOptions, type OptionKind, requireOption } from "../base/options.js";
import { describeGiven } from "../base/quantity.js";
import { ANY_TYPE } from "../protocol/any-type.js";
import { isChannelName, isMessageType, isParamValue, isReserved, type ReservedFromServers } from "../protocol/names.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Json, Reply } from "../schema/json.js";
import { type Input, isSchema, type Output, type Schema, type Schemas } from "../schema/standard.js";
import type { KnownNames, Refuse } from "./advice.js";
import type { App } from "./app.js";
import type { Carries, ChannelContract, EventOf, ParamNames, Params, WithAny } from "./contract.js";
import type { Dependencies, Dependency, Values } from "./dependency.js";
import { isOurs, PathPattern } from "./path-pattern.js";
import type { StateAt } from "./state-at.js";

/** A declared family of channels, of whatever contract. */
export interface AnyChannel extends Carries<ChannelContract> {
  readonly "~is": "channel";
  readonly pattern: string;
  readonly "~definition": ChannelDefinition;
}

/** One channel by name: `chat({ room: "lobby" })`. What `publish`, `join` and `leave` take. */
export interface ChannelRef<Contract extends ChannelContract = ChannelContract> extends Carries<Contract> {
  /** Its name, such as `chat/lobby`. */
  readonly channel: string;
  readonly pattern: Contract["pattern"];
  readonly "~definition": ChannelDefinition;
}

/** A family of channels. Called with its params it names one of them. */
export interface Channel<Contract extends ChannelContract = ChannelContract> extends AnyChannel, Carries<Contract> {
  /** @throws TidingsError `not_found` for a param that cannot be part of a name */
  (
    ...params: ParamNames<Contract["pattern"]> extends never ? [] : [params: Params<Contract["pattern"]>]
  ): ChannelRef<Contract>;
  readonly pattern: Contract["pattern"];
  readonly "~contract"?: Contract | undefined;
}

/** How long events are kept for who comes later: the newest `size` that are younger than `ttl`. */
export interface HistoryOptions {
  /** 1 or more. */
  size: number;
  /** Such as `"5m"`. */
  ttl: Duration;
}

/** What `allow` and `presence` may look at: the channel's `needs`, and the params of its name. */
export type ChannelGiven<Needs, Pattern extends string> = Values<Needs> & { readonly params: Params<Pattern> };
/** What a snapshot may look at: of `needs` what is the app's. It is loaded for all who arrive, not for one of them. */
export type SnapshotGiven<Needs, Pattern extends string> = ValuesOfApp<Needs> & {
  readonly app: App;
  readonly params: Params<Pattern>;
};
type ValuesOfApp<Needs> = [Needs] extends [undefined]
  ? Record<never, never>
  : {
      readonly [Name in keyof Needs as Needs[Name] extends Dependency<unknown, "app">
        ? Name
        : never]: Needs[Name] extends Dependency<infer Value> ? Value : never;
    };

/** May they? `true`: everyone who is connected. */
export type May<Given> = boolean | ((given: Given) => boolean | Promise<boolean>);
/** May they publish this event? */
export type MayPublish<Given, Event> = boolean | ((given: Given, event: Event) => boolean | Promise<boolean>);

/** What happens to who does not read fast enough, past `limits.outbox` (PROTOCOL.md, The outbox). */
export type Overflow<Event> =
  | "disconnect"
  | "catch-up"
  | "drop-oldest"
  | "drop-newest"
  | {
      /** Of the events that wait only the latest of each key is sent; where it gives undefined, the event stays. */
      readonly keepLatestBy: (event: Event) => string | undefined;
    };

/** What `channel` takes beside the pattern. */
export interface ChannelOptions<
  Pattern extends string,
  Events extends Schemas,
  Needs extends Dependencies | undefined,
  Presence extends true | undefined,
  Face,
  Snapshot,
  History extends HistoryOptions | undefined = HistoryOptions | undefined,
> {
  /** What it is for, in a sentence: the document and the console show it. */
  summary?: string | undefined;
  /** What may be said here: event → schema. `"*"`: any other event. */
  events: Events & Refuse<keyof Events & ReservedFromServers, "The protocol uses this name itself: choose another.">;
  /**
   * What `allow` and `presence` may look at. Made for each connection of an endpoint that lists this channel, before its
   * handshake is accepted; what refuses there refuses the connection.
   */
  needs?:
    | (Needs & Refuse<KnownNames<Needs> & ("app" | "params"), "A channel has this name already: choose another.">)
    | undefined;
  /** Keeps events, which makes the channel resumable. Default: nothing is kept. */
  history?:
    | (History & Refuse<Exclude<keyof NonNullable<History>, keyof HistoryOptions>, "A history has `size` and `ttl`.">)
    | undefined;
  /**
   * Who is here can be asked and watched. A function gives what a member shows beside its `id`; `true`: nothing more. Default:
   * it can't.
   */
  presence?: Presence | ((given: ChannelGiven<NoInfer<Needs>, NoInfer<Pattern>>) => AtOnce<Face>) | undefined;
  /**
   * The present state, for who arrives: then exactly the events after it follow. It must hold every event that was published
   * before the call; `stateAt(place, state)` tells up to which event it does. Default: none.
   */
  snapshot?: ((given: SnapshotGiven<NoInfer<Needs>, NoInfer<Pattern>>) => Snapshot) | undefined;
  /**
   * What happens to who does not read fast enough. Default: `"catch-up"` with history or a snapshot, otherwise
   * `"disconnect"`.
   */
  overflow?: Overflow<OutputEvent<NoInfer<Events>>> | undefined;
  /** What clients may do here themselves. Default: neither. */
  allow?:
    | {
        /** Asked at each subscription, and again when their credential was refreshed. */
        subscribe?: May<ChannelGiven<NoInfer<Needs>, NoInfer<Pattern>>> | undefined;
        /** Asked at each event, which was validated before. */
        publish?: MayPublish<ChannelGiven<NoInfer<Needs>, NoInfer<Pattern>>, OutputEvent<NoInfer<Events>>> | undefined;
      }
    | undefined;
}
/** An event after its validation, by its name. */
type OutputEvent<Events> = EventOf<WithAny<{ [Type in keyof Events]: Output<Events[Type]> }>>;
/** `presence` is asked while a connection joins, which does not wait for it. */
type AtOnce<Face> = [Face] extends [object & { readonly then?: never }]
  ? Face
  : "`presence` gives an object, and at once: what takes time is made by a dependency that it needs.";

/** What is seen of a member: its `id`, and what `presence` gives. */
type MemberOf<Presence, Face> = [Face] extends [never]
  ? Presence extends true
    ? { readonly id: string }
    : never
  : WithId<Json<Face>>;
/** One of them at a time, and written as one object. */
type WithId<Face> = Face extends unknown
  ? { readonly id: string } & { [Name in keyof Face as Name extends "id" ? never : Name]: Face[Name] } extends infer All
    ? { [Name in keyof All]: All[Name] }
    : never
  : never;
/** What arrives of what a snapshot gives; of nothing `null`. It is what it gave, not what the place it is used in would take. */
type StateOf<Snapshot> =
  Awaited<Snapshot> extends infer Given ? (Given extends StateAt<infer State> ? Reply<State> : Reply<Given>) : never;

/** What the core reads of a channel's declaration. */
export interface ChannelDefinition {
  readonly pattern: PathPattern;
  readonly summary?: string | undefined;
  readonly events: ReadonlyMap<string, Schema>;
  readonly needs: Dependencies;
  readonly history: HistoryDefinition | undefined;
  /** Gives what a member shows beside its `id`; undefined: there is no presence here. */
  readonly presence: ((given: Readonly<Record<string, unknown>>) => unknown) | undefined;
  readonly snapshot: ((given: Readonly<Record<string, unknown>>) => unknown) | undefined;
  readonly overflow: Overflow<ChannelEvent>;
  readonly allow: {
    readonly subscribe: boolean | ((given: Readonly<Record<string, unknown>>) => boolean | Promise<boolean>);
    readonly publish:
      | boolean
      | ((given: Readonly<Record<string, unknown>>, event: ChannelEvent) => boolean | Promise<boolean>);
  };
  /** Ends one of its tasks; false where there is none of this id, or it has ended. Only `tasks` has it. */
  readonly cancel?: ((given: SnapshotGiven<undefined, string>, task: string) => Promise<boolean>) | undefined;
}
export interface HistoryDefinition {
  readonly size: number;
  readonly ttlMs: number;
  /** What an event is about: of the events about one thing only the latest is kept. */
  readonly subjectOf?: ((event: ChannelEvent) => EventSubject) | undefined;
}
export interface EventSubject {
  readonly name: string;
  /** After its last event there is none about it, until one begins it anew. */
  readonly part?: "first" | "last" | undefined;
}
/** An event after its validation. */
export interface ChannelEvent {
  readonly type: string;
  readonly payload: unknown;
}

/**
 * Declares channels: who is on one hears what is published to it. A room, a topic, a user's inbox and everybody are
 * channels.
 *
 * @throws ConfigError for a pattern, a name, a schema or an option that cannot be
 */
export function channel<
  const Pattern extends string,
  Events extends Schemas,
  Needs extends Dependencies | undefined = undefined,
  Presence extends true | undefined = undefined,
  Face = never,
  Snapshot = never,
  History extends HistoryOptions | undefined = undefined,
>(
  pattern: Pattern,
  options: ChannelOptions<Pattern, Events, Needs, Presence, Face, Snapshot, History>,
): Channel<{
  pattern: Pattern;
  publishes: WithAny<{ [Type in keyof Events]: Input<Events[Type]> }>;
  events: WithAny<{ [Type in keyof Events]: Json<Output<Events[Type]>> }>;
  member: MemberOf<Presence, Face>;
  state: StateOf<Snapshot>;
  history: [History] extends [undefined] ? false : true;
}> {
  // What the types have tied together above is read back here by name, as the core needs it.
  const given = options as unknown as UntypedOptions;
  const where = `channel("${pattern}")`;
  checkOptions(where, given, OPTIONS);
  requireOption(where, given, "events", "object");
  const definition: ChannelDefinition = {
    pattern: new PathPattern(pattern),
    summary: given.summary,
    events: new Map(Object.entries<Schema>(given.events)),
    needs: given.needs ?? {},
    history: given.history && historyOf(where, given.history),
    presence: presenceOf(where, given.presence),
    snapshot: given.snapshot,
    overflow: overflowOf(where, given),
    allow: allowOf(where, given.allow ?? {}),
  };
  if (pattern.startsWith("/") || isOurs(pattern)) {
    throw new ConfigError("invalid_pattern", {
      message: `The channel "${pattern}" begins with "${pattern[0]}".`,
      fix: 'Write it like "chat/:room"; names that begin with "$" are the protocol\'s.',
    });
  }
  for (const [type, schema] of definition.events) checkEvent(pattern, type, schema);

  return familyOf(definition);
}

/** The channels of a definition. Whoever makes that vouches for the contract. */
export function familyOf<Contract extends ChannelContract>(definition: ChannelDefinition): Channel<Contract> {
  const pattern: Contract["pattern"] = definition.pattern.source;
  const name = (params: Readonly<Record<string, string>> = {}) => ({
    channel: nameOf(definition.pattern, params),
    pattern,
    "~definition": definition,
  });
  return Object.assign(name, { "~is": "channel" as const, pattern, "~definition": definition });
}

/** @throws TypeError for a channel that was not called, where one of its names is wanted: types tell of it, where there are any */
export function checkNamed(ref: ChannelRef): void {
  const { channel, pattern } = Object(ref) as Partial<ChannelRef>; // in JavaScript it may be anything
  if (typeof channel === "string") return;
  if (typeof pattern !== "string")
    throw new TypeError(`${describeGiven(ref)} is no channel: call one that was declared.`);
  throw new TypeError(`"${pattern}" is called to name one of its channels, such as chat({ room: "lobby" }).`);
}

interface UntypedOptions {
  readonly summary?: string | undefined;
  readonly events: Schemas;
  readonly needs?: Dependencies | undefined;
  readonly history?: HistoryOptions | undefined;
  readonly presence?: true | ChannelDefinition["presence"];
  readonly snapshot?: ChannelDefinition["snapshot"];
  readonly overflow?: Overflow<ChannelEvent> | undefined;
  readonly allow?: Partial<ChannelDefinition["allow"]> | undefined;
}

const OPTIONS: Readonly<Record<string, OptionKind>> = {
  summary: "text",
  events: "object",
  needs: "object",
  history: "object",
  presence: "anything",
  snapshot: "function",
  overflow: "anything",
  allow: "object",
};

function historyOf(where: string, given: HistoryOptions): HistoryDefinition {
  checkOptions(`${where}, history`, given, { size: "anything", ttl: "text" });
  requireOption(`${where}, history`, given, "ttl", "text");
  const ttlMs = durationMs(given.ttl, `${where}, history.ttl`);
  if (Number.isSafeInteger(given.size) && given.size >= 1 && ttlMs > 0) return { size: given.size, ttlMs };
  throw new ConfigError("invalid_history", {
    message: `${where} keeps ${String(given.size)} events for ${given.ttl}.`,
    fix: 'Give a whole number of at least 1 and a time, like { size: 100, ttl: "5m" }; leave it out to keep nothing.',
  });
}

function presenceOf(where: string, presence: UntypedOptions["presence"]): ChannelDefinition["presence"] {
  if (presence === true) return () => ({});
  if (presence === undefined || typeof presence === "function") return presence;
  throw new ConfigError("invalid_presence", {
    message: `${where}: \`presence\` is ${describeGiven(presence)}.`,
    fix: "Give true, or a function that gives what a member shows; leave it out for none.",
  });
}

/** What is neither yes nor a rule must not let anybody in, nor seem to. */
function allowOf(where: string, given: Partial<ChannelDefinition["allow"]>): ChannelDefinition["allow"] {
  checkOptions(`${where}, allow`, given, { subscribe: "anything", publish: "anything" });
  for (const [name, rule] of Object.entries<unknown>(given)) {
    if (rule === undefined || typeof rule === "boolean" || typeof rule === "function") continue;
    throw new ConfigError("invalid_allow", {
      message: `${where}: \`allow.${name}\` is ${describeGiven(rule)}.`,
      fix: "Give a function that answers true or false, or true for everyone who is connected.",
    });
  }
  return { subscribe: given.subscribe ?? false, publish: given.publish ?? false };
}

function overflowOf(where: string, { overflow, history, snapshot }: UntypedOptions): Overflow<ChannelEvent> {
  const canCatchUp = history !== undefined || snapshot !== undefined;
  switch (overflow) {
    case undefined:
      return canCatchUp ? "catch-up" : "disconnect";
    case "disconnect":
      return overflow;
    case "catch-up":
      if (canCatchUp) return overflow;
      throw new ConfigError("invalid_overflow", {
        message: `${where} has nothing that who falls behind could catch up from.`,
        fix: "Give it a `history` or a `snapshot`, or choose another `overflow`.",
      });
    case "drop-oldest":
    case "drop-newest":
      if (!canCatchUp) return overflow;
      throw new ConfigError("invalid_overflow", {
        message: `${where} drops events that who falls behind could have again.`,
        fix: 'Take `overflow` away: with a `history` or a `snapshot` it is "catch-up".',
      });
    default:
      if (isKeepLatest(overflow)) return overflow;
      throw new ConfigError("invalid_overflow", {
        message: `${where}: \`overflow\` is ${describeGiven(overflow)}.`,
        fix: 'Give "disconnect", "catch-up", "drop-oldest", "drop-newest", or { keepLatestBy: (event) => … }.',
      });
  }
}

function isKeepLatest(given: unknown): given is { readonly keepLatestBy: (event: ChannelEvent) => string } {
  if (typeof given !== "object" || given === null) return false;
  return "keepLatestBy" in given && typeof given.keepLatestBy === "function" && Object.keys(given).length === 1;
}

function nameOf(pattern: PathPattern, params: Readonly<Record<string, string>>): string {
  for (const param of pattern.paramNames) {
    const value: unknown = params[param];
    if (typeof value !== "string") throw new TypeError(`"${pattern.source}" needs the param "${param}" as a string.`);
    if (!isParamValue(value)) throw new TidingsError("not_found", `"${param}" can't be part of a channel's name.`);
  }
  const name = pattern.fill(params);
  if (isOurs(name) && !isOurs(pattern.source))
    throw new TidingsError("not_found", 'Names that begin with "$" are the protocol\'s.');
  if (!isChannelName(name)) throw new TidingsError("not_found", "The channel's name is too long.");
  return name;
}

function checkEvent(pattern: string, type: string, schema: Schema): void {
  if (isReserved(type, "from-servers")) {
    throw new ConfigError("reserved_name", {
      message: `The channel "${pattern}" declares the event "${type}", which the protocol uses itself.`,
      fix: "Choose another name.",
    });
  }
  if (type !== ANY_TYPE && !isMessageType(type)) {
    throw new ConfigError("invalid_name", {
      message: `The channel "${pattern}" declares the event ${JSON.stringify(type)}.`,
      fix: 'A name is 1 to 64 letters, digits and _ - . : and begins with a letter; "*" stands for any.',
    });
  }
  if (!isSchema(schema)) {
    throw new ConfigError("not_a_schema", {
      message: `The channel "${pattern}" has ${describeGiven(schema)} for the schema of its event "${type}".`,
      fix: "Give it a schema of zod, valibot, arktype or another that speaks Standard Schema, like z.object({ … }).",
    });
  }
}
