import type { ParameterObject, Permission, Reference, TidingsChannel } from "../declare/asyncapi-document.js";
import type { ChannelDefinition } from "../declare/channel.js";
import type { PathPattern } from "../declare/path-pattern.js";
import { isParamValue } from "../protocol/names.js";
import type { JsonSchema } from "../schema/json-schema.js";
import { wordFor } from "./example-text.js";

/** A channel as `x-tidings-channels` has it. */
export function tellChannel(channel: ChannelDefinition, events: Readonly<Record<string, Reference>>): TidingsChannel {
  const { allow, cancel, history, overflow, pattern, presence, snapshot, summary } = channel;
  return {
    summary,
    params: Object.fromEntries(pattern.paramNames.map((name) => [name, plainParameter(name)])),
    history: history === undefined ? null : { size: history.size, ttlMs: history.ttlMs },
    presence: presence !== undefined,
    snapshot: snapshot !== undefined,
    overflow: typeof overflow === "object" ? "keep-latest" : overflow,
    subscribe: permissionOf(allow.subscribe),
    publish: permissionOf(allow.publish),
    tasks: cancel !== undefined,
    events,
  };
}

/** A param that is a text like any other. */
export function plainParameter(name: string): ParameterObject {
  return { examples: [exampleParam(name)] };
}

/** `chat/:room` → `chat/lobby` */
export function exampleChannel(pattern: PathPattern): string {
  return pattern.fill(Object.fromEntries(pattern.paramNames.map((name) => [name, exampleParam(name)])));
}

/** The names of these channels. */
export function channelNames(channels: readonly ChannelDefinition[]): JsonSchema {
  const patterns = channels.map(({ pattern }) => pattern);
  return {
    type: "string",
    description: `The name of a channel: ${patterns.map(({ source }) => `\`${source}\``).join(", ")}.`,
    pattern: `^(?:${patterns.map(({ source }) => source.split("/").map(segmentPattern).join("/")).join("|")})$`,
    examples: patterns.map(exampleChannel),
  };
}

function exampleParam(name: string): string {
  const word = wordFor(name);
  return isParamValue(word) ? word : name;
}

function segmentPattern(segment: string): string {
  return segment.startsWith(":") ? "[^/]+" : segment.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function permissionOf(
  allow: ChannelDefinition["allow"]["subscribe"] | ChannelDefinition["allow"]["publish"],
): Permission {
  if (typeof allow === "function") return "asked";
  return allow ? "yes" : "no";
}
