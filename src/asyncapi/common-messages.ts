import type { ChannelDefinition } from "../declare/channel.js";
import { eventMessages, publishMessages } from "./channel-messages.js";
import type { Draft } from "./draft.js";
import { type ProtocolAnswers, protocolAnswers } from "./protocol-answers.js";
import type { Said } from "./said.js";
import { addWireSchemas, type WireSchemas } from "./wire-schemas.js";

/** What is the same at each endpoint that speaks messages. */
export interface CommonMessages {
  readonly wire: WireSchemas;
  readonly answers: ProtocolAnswers;
  /** Channel → event → message. */
  readonly events: ReadonlyMap<ChannelDefinition, ReadonlyMap<string, Said>>;
  /** What clients say to publish: none for a channel where they may not. */
  readonly published: ReadonlyMap<ChannelDefinition, readonly Said[]>;
}

export function commonMessages(draft: Draft, channels: readonly ChannelDefinition[]): CommonMessages {
  const wire = addWireSchemas(draft.schemas);
  const answers = protocolAnswers(wire);
  return {
    wire,
    answers,
    events: new Map(channels.map((channel) => [channel, eventMessages(draft, channel, wire)])),
    published: new Map(
      channels.map((channel) => [channel, publishMessages(draft, channel, [answers.published, answers.error])]),
    ),
  };
}
