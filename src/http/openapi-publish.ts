import { publish } from "../api/publish-operations.js";
import type { Draft } from "../asyncapi/draft.js";
import { channelNames } from "../asyncapi/listed-channel.js";
import { patternKey, toKey } from "../asyncapi/names.js";
import { readPayload } from "../asyncapi/payload.js";
import type { ChannelDefinition } from "../declare/channel.js";
import { isOurs } from "../declare/path-pattern.js";
import { ANY_TYPE } from "../protocol/any-type.js";
import type { JsonSchema } from "../schema/json-schema.js";
import type { Schema } from "../schema/standard.js";

/** What `publish` takes: of each channel each event, with its payload. */
export function publishSchema(draft: Draft, channels: readonly ChannelDefinition[]): JsonSchema {
  const variants = channels
    .filter(({ pattern }) => !isOurs(pattern.source))
    .flatMap((channel) => [...channel.events].map(([type, schema]) => variantOf(draft, channel, type, schema)));
  // Without any there is nothing that could be published.
  return variants.length === 0 ? bodyOf({}, true) : { title: "Publish", anyOf: variants };
}

function variantOf(draft: Draft, channel: ChannelDefinition, type: string, schema: Schema): JsonSchema {
  const { source } = channel.pattern;
  const key = `publish.${patternKey(source)}.${toKey(type)}`;
  const where = `channel "${source}", events.${type}`;
  const payload = readPayload(draft, schema, { side: "arrives", key, where, name: type });
  const { examples } = payload;
  const said: JsonSchema =
    examples.length === 0 || "$ref" in payload.json ? payload.json : { ...payload.json, examples };
  const own = { channel: channelNames([channel]), type: typeOf(type, channel), payload: said };
  return { title: `${type} on ${source}`, ...bodyOf(own, payload.canBeEmpty) };
}

/** Of those that are declared by name, each has a variant of its own. */
function typeOf(type: string, { events }: ChannelDefinition): JsonSchema {
  if (type !== ANY_TYPE) return { type: "string", const: type };
  const named = [...events.keys()].filter((each) => each !== ANY_TYPE);
  const any: JsonSchema = { type: "string", pattern: "^[A-Za-z][A-Za-z0-9_.:-]{0,63}$" };
  return named.length === 0 ? any : { ...any, not: { enum: named } };
}

function bodyOf(own: Readonly<Record<string, JsonSchema>>, canBeEmpty: boolean): JsonSchema {
  const all = Object.entries(publish.params).map(([name, { schema }]) => [name, own[name] ?? schema] as const);
  return {
    type: "object",
    required: ["channel", "type", ...(canBeEmpty ? [] : ["payload"])],
    properties: Object.fromEntries(all),
    additionalProperties: false,
  };
}
