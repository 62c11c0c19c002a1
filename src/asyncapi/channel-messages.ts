import type { ChannelDefinition } from "../declare/channel.js";
import { ANY_TYPE } from "../protocol/any-type.js";
import { defaultLimits } from "../protocol/limits.js";
import type { JsonSchema } from "../schema/json-schema.js";
import type { Draft } from "./draft.js";
import { channelNames, exampleChannel } from "./listed-channel.js";
import { patternKey, toKey } from "./names.js";
import { readPayload } from "./payload.js";
import { exampleType, messageOf, type Said, textOf, typeSchema } from "./said.js";
import { taskMessages } from "./task-messages.js";
import type { WireSchemas } from "./wire-schemas.js";

/** The events of a channel, by their names. */
export function eventMessages(
  draft: Draft,
  channel: ChannelDefinition,
  wireSchemas: WireSchemas,
): ReadonlyMap<string, Said> {
  if (channel.cancel !== undefined) return taskMessages(channel, wireSchemas);
  const { events, history, pattern } = channel;
  const name = exampleChannel(pattern);
  return new Map(
    [...events].map(([type, schema]) => {
      const key = `${patternKey(pattern.source)}.${toKey(type)}`;
      const where = `channel "${pattern.source}", events.${type}`;
      const payload = readPayload(draft, schema, { side: "leaves", key, where, name: type });
      const hasOffset = history !== undefined;
      const wire = { type, channel: channelNames([channel]), hasOffset, payload: payload.json };
      const examples = payload.examples.map((each) => ({
        type: exampleType(type),
        channel: name,
        ...(hasOffset && { offset: 58 }),
        payload: each,
      }));
      const extension = { role: "event", from: "server", channel: pattern.source } as const;
      return [
        type,
        { keys: [key], componentKeys: [key], message: messageOf(wire, textOf(payload), examples, extension) },
      ];
    }),
  );
}

/** What a client says to publish the events of a channel: one message for each. None where clients may not. */
export function publishMessages(draft: Draft, channel: ChannelDefinition, answers: readonly Said[]): readonly Said[] {
  const { allow, events, pattern } = channel;
  if (allow.publish === false) return [];
  return [...events].map(([event, schema]) => {
    const key = `publish.${patternKey(pattern.source)}.${toKey(event)}`;
    const where = `channel "${pattern.source}", events.${event}`;
    const given = readPayload(draft, schema, { side: "arrives", key, where, name: event });
    const payload: JsonSchema = {
      type: "object",
      required: ["channel", "type", ...(given.canBeEmpty ? [] : ["payload"])],
      properties: {
        channel: channelNames([channel]),
        type: typeSchema(event),
        payload: given.json,
        key: PUBLISH_KEY,
      },
    };
    const examples = given.examples.map((each) => ({
      type: "publish",
      id: 1,
      payload: { channel: exampleChannel(pattern), type: exampleType(event), payload: each },
    }));
    const what = event === ANY_TYPE ? "any other event" : `\`${event}\``;
    const text = { title: `Publish ${exampleType(event)}`, summary: `Publishes ${what} to \`${pattern.source}\`.` };
    const extension = { role: "publish", from: "client", channel: pattern.source, event } as const;
    return {
      keys: [key],
      componentKeys: [key],
      message: messageOf({ type: "publish", id: "optional", payload }, text, examples, extension),
      answers,
    };
  });
}

const PUBLISH_KEY: JsonSchema = {
  type: "string",
  minLength: 1,
  maxLength: defaultLimits.key,
  description: "What is published twice with one key is delivered once: make it random.",
};
