import type { ChannelDefinition } from "../declare/channel.js";
import type { JsonSchema } from "../schema/json-schema.js";
import { type MessageText, messageOf, type Said, type Wire } from "./said.js";
import type { WireSchemas } from "./wire-schemas.js";

/** What the protocol's own messages depend on at an endpoint. */
export interface ProtocolPart {
  /** The endpoint's in the document. */
  readonly key: string;
  readonly channels: readonly ChannelDefinition[];
  /** Is a fresh credential taken from `auth`? */
  readonly isRefreshable: boolean;
  /** Can the first credential come by message? */
  readonly byMessage: boolean;
  readonly wire: WireSchemas;
  /** So many channels a connection may be on. */
  readonly mostChannels: number;
}

/** A message of the protocol's own. */
export interface ProtocolMessage extends MessageText {
  readonly keys: readonly [string, ...string[]];
  /** Where it is another at each endpoint: the endpoint's key. */
  readonly ofEndpoint?: string | undefined;
  readonly from: "client" | "server";
  readonly wire: Wire;
  /** All that goes over the wire, each. */
  readonly examples: readonly unknown[];
  readonly exampleNames?: readonly string[] | undefined;
  readonly isOfSubprotocol?: true | undefined;
  readonly replyTo?: string | undefined;
  readonly answers?: readonly Said[] | undefined;
  readonly isAnswer?: true | undefined;
}

export function protocolMessage(given: ProtocolMessage): Said {
  const { keys, ofEndpoint, from, wire, title, summary, description, replyTo, isOfSubprotocol, answers, isAnswer } =
    given;
  const [key] = keys;
  const role = replyTo === undefined ? "protocol" : "reply";
  const extension = { role, from, replyTo, isOfSubprotocol } as const;
  return {
    keys: [...keys, `${key}.${from}`],
    componentKeys: ofEndpoint === undefined ? keys : [`${ofEndpoint}.${key}`],
    message: messageOf(wire, { title, summary, description }, given.examples, extension, given.exampleNames),
    answers,
    isAnswer,
  };
}

/** A user, as others see her. */
export const ALICE: { readonly id: string } = { id: "alice" };
export const MS: JsonSchema = { type: "number", minimum: 0 };
export const USER: JsonSchema = {
  type: "object",
  description: "Its public face.",
  required: ["id"],
  properties: { id: { type: "string" } },
};
export const CHANNEL: JsonSchema = { type: "string", maxLength: 255, description: "The name of the channel." };
export const POSITION_FIELDS: Readonly<Record<string, JsonSchema>> = {
  epoch: { type: "string", description: "With `offset`, where the channel has a history." },
  offset: { type: "integer", minimum: 0, description: "The position before the first event that follows." },
};
