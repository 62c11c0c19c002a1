import type { MessageExtension, MessageObject } from "../declare/asyncapi-document.js";
import { ANY_TYPE } from "../protocol/any-type.js";
import type { JsonSchema } from "../schema/json-schema.js";

/** Something that is said at an endpoint, before it has its place in the document. */
export interface Said {
  /** Among what is said there: the first that is free. */
  readonly keys: readonly [string, ...string[]];
  /** In `components`, where messages that are the same stand once: likewise. */
  readonly componentKeys: readonly [string, ...string[]];
  readonly message: MessageObject;
  /** By which it is answered. */
  readonly answers?: readonly Said[] | undefined;
  /** It comes as an answer only. */
  readonly isAnswer?: true | undefined;
}

/** What goes over the wire (PROTOCOL.md, A message). */
export interface Wire {
  readonly type: string;
  /** Absent: it has none. */
  readonly payload?: JsonSchema | undefined;
  readonly isPayloadOptional?: boolean | undefined;
  readonly id?: "optional" | "required" | undefined;
  readonly channel?: JsonSchema | undefined;
  readonly isChannelOptional?: boolean | undefined;
  readonly hasOffset?: boolean | undefined;
}

/** What stands in a message beside its payload, in the order in which the server writes it. */
function wireSchema(wire: Wire): JsonSchema {
  const { type, payload, id, channel, hasOffset, isPayloadOptional = false, isChannelOptional = false } = wire;
  const required = ["type"];
  if (id === "required") required.push("id");
  if (channel !== undefined && !isChannelOptional) required.push("channel");
  if (hasOffset === true) required.push("offset");
  if (payload !== undefined && !isPayloadOptional) required.push("payload");
  return {
    type: "object",
    required,
    properties: {
      type: typeSchema(type),
      ...(id !== undefined && { id: MESSAGE_ID }),
      ...(channel !== undefined && { channel }),
      ...(hasOffset === true && { offset: OFFSET }),
      ...(payload !== undefined && { payload }),
    },
  };
}

export interface MessageText {
  readonly title?: string | undefined;
  readonly summary?: string | undefined;
  readonly description?: string | undefined;
}

/**
 * @param examples all that goes over the wire, each
 * @param names of the examples, for programs. Default: the message's, with a number from the second on
 */
export function messageOf(
  wire: Wire,
  text: MessageText,
  examples: readonly unknown[],
  extension: MessageExtension,
  names: readonly string[] = examples.map((_, index) => exampleName(wire.type, index)),
): MessageObject {
  return {
    name: wire.type === ANY_TYPE ? "any" : wire.type,
    ...text,
    payload: wireSchema(wire),
    ...(wire.id !== undefined && { correlationId: CORRELATION }),
    ...(examples.length > 0 && { examples: examples.map((payload, index) => ({ name: names[index] ?? "", payload })) }),
    "x-tidings": extension,
  };
}

/** Of a declared type, or of any that there may be. */
export function typeSchema(type: string): JsonSchema {
  return type === ANY_TYPE ? ANY : { type: "string", const: type };
}

/** What an example says in its place. */
export function exampleType(type: string): string {
  return type === ANY_TYPE ? "anything" : type;
}

function exampleName(type: string, index: number): string {
  return index === 0 ? exampleType(type) : `${exampleType(type)} ${index + 1}`;
}

/** What an author wrote of a schema: one line is a summary, more is a description. */
export function textOf({ title, description }: MessageText): MessageText {
  const isShort = description === undefined || (description.length <= 120 && !description.includes("\n"));
  return isShort ? { title, summary: description } : { title, description };
}

export const MESSAGE_ID_KEY = "MessageId";
const MESSAGE_ID: JsonSchema = { $ref: `#/components/schemas/${MESSAGE_ID_KEY}` };
const ANY: JsonSchema = {
  type: "string",
  pattern: "^[A-Za-z][A-Za-z0-9_.:-]{0,63}$",
  description: "Any that has no message of its own here.",
};
const OFFSET: JsonSchema = {
  type: "integer",
  minimum: 1,
  description: "Its position in the channel's history: what `since` takes to go on from there.",
};
const CORRELATION: MessageObject["correlationId"] = {
  location: "$message.payload#/id",
  description: "The answer carries the `id` of what it answers.",
};
