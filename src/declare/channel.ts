import { ConfigError } from "../base/config-error.js";
import { checkOptions, requireOption } from "../base/options.js";
import { isChannelName, isMessageType, isParamValue, isReserved, type ReservedFromServers } from "../protocol/names.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Json } from "../schema/json.js";
import type { Input, Output, Schema, Schemas } from "../schema/standard.js";
import type { Refuse } from "./advice.js";
import type { Carries, ChannelContract, ParamNames, Params } from "./contract.js";
import { PathPattern } from "./path-pattern.js";

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

export interface ChannelOptions<Events extends Schemas> {
  /** What may be said here: event → schema. */
  events: Events & Refuse<keyof Events & ReservedFromServers, "The protocol uses this name itself: choose another.">;
}

/** What the core reads of a channel's declaration. */
export interface ChannelDefinition {
  readonly pattern: PathPattern;
  readonly events: ReadonlyMap<string, Schema>;
}

/**
 * Declares channels: who is on one hears what is published to it. A room, a topic, a user's inbox and everybody are
 * channels.
 *
 * @throws ConfigError `invalid_pattern`, `reserved_name` or `invalid_name`
 */
export function channel<const Pattern extends string, Events extends Schemas>(
  pattern: Pattern,
  options: ChannelOptions<Events>,
): Channel<{
  pattern: Pattern;
  publishes: { [Type in keyof Events]: Input<Events[Type]> };
  events: { [Type in keyof Events]: Json<Output<Events[Type]>> };
}> {
  checkOptions(`channel("${pattern}")`, options, { events: "object" });
  requireOption(`channel("${pattern}")`, options, "events", "object");
  const definition: ChannelDefinition = {
    pattern: new PathPattern(pattern),
    events: new Map(Object.entries<Schema>(options.events)),
  };
  if (pattern.startsWith("/") || pattern.startsWith("$")) {
    throw new ConfigError("invalid_pattern", {
      message: `The channel "${pattern}" begins with "${pattern[0]}".`,
      fix: 'Write it like "chat/:room"; names that begin with "$" are the protocol\'s.',
    });
  }
  for (const type of definition.events.keys()) checkEventName(pattern, type);

  const name = (params: Readonly<Record<string, string>> = {}) => ({
    channel: nameOf(definition.pattern, params),
    pattern,
    "~definition": definition,
  });
  return Object.assign(name, { "~is": "channel" as const, pattern, "~definition": definition });
}

function nameOf(pattern: PathPattern, params: Readonly<Record<string, string>>): string {
  for (const param of pattern.paramNames) {
    const value: unknown = params[param];
    if (typeof value !== "string") throw new TypeError(`"${pattern.source}" needs the param "${param}" as a string.`);
    if (!isParamValue(value)) throw new TidingsError("not_found", `"${param}" can't be part of a channel's name.`);
  }
  const name = pattern.fill(params);
  if (!isChannelName(name)) throw new TidingsError("not_found", "The channel's name is too long.");
  return name;
}

function checkEventName(pattern: string, type: string): void {
  if (isReserved(type, "from-servers")) {
    throw new ConfigError("reserved_name", {
      message: `The channel "${pattern}" declares the event "${type}", which the protocol uses itself.`,
      fix: "Choose another name.",
    });
  }
  if (!isMessageType(type)) {
    throw new ConfigError("invalid_name", {
      message: `The channel "${pattern}" declares the event ${JSON.stringify(type)}.`,
      fix: "A name is 1 to 64 letters, digits and _ - . : and begins with a letter.",
    });
  }
}
