import type { ChannelDefinition } from "../declare/channel.js";
import type { JsonSchema } from "../schema/json-schema.js";
import { channelNames, exampleChannel } from "./listed-channel.js";
import { patternKey } from "./names.js";
import type { ProtocolAnswers } from "./protocol-answers.js";
import { type ProtocolPart, protocolMessage } from "./protocol-message.js";
import type { Said } from "./said.js";

/**
 * What clients may say of the protocol's own messages at an endpoint (PROTOCOL.md, What a client may send): those alone that
 * can do something there.
 */
export function protocolRequests(part: ProtocolPart, answers: ProtocolAnswers): readonly Said[] {
  const { channels, isRefreshable } = part;
  const subscribable = channels.filter(({ allow }) => allow.subscribe !== false);
  const withPresence = channels.filter(({ presence }) => presence !== undefined);
  const withHistory = channels.filter(({ history }) => history !== undefined);
  return [
    connect(part, answers),
    ...(isRefreshable ? [auth(part, answers)] : []),
    ping(answers),
    pong(),
    ...(subscribable.length > 0
      ? [subscribe(part, answers, subscribable), unsubscribe(part, answers, subscribable)]
      : []),
    ...(withPresence.length > 0 ? [presence(part, answers, withPresence)] : []),
    ...(withHistory.length > 0 ? [history(part, answers, withHistory)] : []),
    ...(channels.some(({ cancel }) => cancel !== undefined) ? [taskCancel(answers)] : []),
  ];
}

function connect({ key, channels, byMessage, mostChannels, wire }: ProtocolPart, { connected }: ProtocolAnswers): Said {
  const first = channels.find((channel) => channel.history !== undefined);
  const since = {
    type: "object",
    description: SINCE_TEXT,
    maxProperties: mostChannels,
    additionalProperties: wire.position,
  };
  const properties: Readonly<Record<string, JsonSchema>> = {
    ...(channels.length > 0 && { since }),
    ...(byMessage && { token: TOKEN }),
  };
  const payloads: object[] = [first === undefined ? {} : { since: { [exampleChannel(first.pattern)]: POSITION } }];
  if (byMessage) payloads.push({ token: "…" });
  return protocolMessage({
    keys: ["connect"],
    ofEndpoint: key,
    from: "client",
    wire: { type: "connect", payload: { type: "object", properties }, isPayloadOptional: true },
    summary: "What a client of `tidings.v1` says first, and no other.",
    examples: payloads.map((payload) => ({ type: "connect", payload })),
    isOfSubprotocol: true,
    answers: [connected],
  });
}

function auth({ byMessage, key }: ProtocolPart, { authSuccess, error }: ProtocolAnswers): Said {
  const payload = { type: "object", required: ["token"], properties: { token: TOKEN } };
  return protocolMessage({
    keys: ["auth"],
    ofEndpoint: key,
    from: "client",
    wire: { type: "auth", id: "optional", payload },
    summary: byMessage
      ? "Who it is: the first message where no other credential came, later to refresh it."
      : "A fresh token, before the one that it came with expires.",
    examples: [{ type: "auth", id: 1, payload: { token: "…" } }],
    answers: [authSuccess, error],
  });
}

function ping({ pong }: ProtocolAnswers): Said {
  return protocolMessage({
    keys: ["ping", "ping.client"],
    from: "client",
    wire: { type: "ping", id: "optional" },
    summary: "Is the server there? The bare text `ping` is answered with the bare text `pong`.",
    examples: [{ type: "ping", id: 1 }],
    answers: [pong],
  });
}

function pong(): Said {
  return protocolMessage({
    keys: ["pong.client"],
    from: "client",
    wire: { type: "pong" },
    summary: "The answer to the server's `ping`.",
    examples: [{ type: "pong" }],
  });
}

function subscribe(
  { key, wire }: ProtocolPart,
  { subscribed, error }: ProtocolAnswers,
  channels: readonly ChannelDefinition[],
): Said {
  const hasPresence = channels.some((channel) => channel.presence !== undefined);
  const hasHistory = channels.some((channel) => channel.history !== undefined);
  const properties: Readonly<Record<string, JsonSchema>> = {
    channel: channelNames(channels),
    ...(hasHistory && { since: { ...SINCE, allOf: [wire.position] }, rewind: REWIND }),
    ...(hasPresence && { presence: PRESENCE }),
  };
  return protocolMessage({
    keys: ["subscribe"],
    ofEndpoint: key,
    from: "client",
    wire: { type: "subscribe", id: "optional", payload: { type: "object", required: ["channel"], properties } },
    summary: "From now on it hears what is published to this channel.",
    description: "With `since` it begins after that position, with `rewind` so many events earlier; not both.",
    exampleNames: channels.map(({ pattern }) => patternKey(pattern.source)),
    examples: channels.map((channel) => ({
      type: "subscribe",
      id: 1,
      payload: {
        channel: exampleChannel(channel.pattern),
        ...(channel.history !== undefined && { rewind: 10 }),
        ...(channel.presence !== undefined && { presence: true }),
      },
    })),
    answers: [subscribed, error],
  });
}

function unsubscribe(
  { key }: ProtocolPart,
  { unsubscribed, error }: ProtocolAnswers,
  channels: readonly ChannelDefinition[],
): Said {
  return protocolMessage({
    ...aboutChannels("unsubscribe", key, channels, {}, {}),
    summary: "After the answer it hears nothing more of this channel.",
    answers: [unsubscribed, error],
  });
}

function presence(
  { key }: ProtocolPart,
  { members, error }: ProtocolAnswers,
  channels: readonly ChannelDefinition[],
): Said {
  const watch = { type: "boolean", description: "Whether it hears of each change from now on. Left out: as before." };
  return protocolMessage({
    ...aboutChannels("presence", key, channels, { watch }, { watch: true }),
    keys: ["presence.client"],
    summary: "Who is on a channel that it is on itself.",
    answers: [members, error],
  });
}

function history(
  { key }: ProtocolPart,
  { events, error }: ProtocolAnswers,
  channels: readonly ChannelDefinition[],
): Said {
  const limit = { type: "integer", minimum: 0, default: 100, description: "So many at most, the newest." };
  const before = { type: "integer", minimum: 0, description: "Those before this offset." };
  return protocolMessage({
    ...aboutChannels("history", key, channels, { limit, before }, { limit: 50 }),
    summary: "What was said on a channel that it is on.",
    answers: [events, error],
  });
}

function taskCancel({ cancelled, error }: ProtocolAnswers): Said {
  const task = { type: "string", description: "Its id." };
  return protocolMessage({
    keys: ["task_cancel"],
    from: "client",
    wire: {
      type: "task_cancel",
      id: "optional",
      payload: { type: "object", required: ["task"], properties: { task } },
    },
    summary: "Ends a task of a channel that it is on.",
    examples: [{ type: "task_cancel", id: 1, payload: { task: "t7" } }],
    answers: [cancelled, error],
  });
}

/** A message whose payload names one of these channels. `presence` and `history` have to carry an `id`. */
function aboutChannels(
  type: "unsubscribe" | "presence" | "history",
  ofEndpoint: string,
  channels: readonly ChannelDefinition[],
  fields: Readonly<Record<string, JsonSchema>>,
  example: object,
) {
  const properties = { channel: channelNames(channels), ...fields };
  return {
    keys: [type],
    ofEndpoint,
    from: "client",
    wire: {
      type,
      id: type === "unsubscribe" ? "optional" : "required",
      payload: { type: "object", required: ["channel"], properties },
    },
    exampleNames: channels.map(({ pattern }) => patternKey(pattern.source)),
    examples: channels.map(({ pattern }) => ({
      type,
      id: 1,
      payload: { channel: exampleChannel(pattern), ...example },
    })),
  } as const;
}

const POSITION = { epoch: "k3", offset: 41 };
const SINCE_TEXT = "Channel → where it stood there when it was connected last: what it missed since follows.";
const SINCE = { description: "Where it stood: what it missed since follows." };
const REWIND = { type: "integer", minimum: 0, description: "So many events." };
const PRESENCE = { type: "boolean", description: "Is it to be told who is here, and of each change?" };
const TOKEN = { type: "string", minLength: 1, description: "The credential." };
