import type { ChannelDefinition } from "../declare/channel.js";
import type { JsonSchema } from "../schema/json-schema.js";
import type { MessageExample } from "./document.js";
import { examplesOf, type MessageText, messageOf, type Said, type Wire } from "./said.js";
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
}

/** What the server answers, by what it is for. */
export interface ProtocolAnswers {
  readonly connected: Said;
  readonly authSuccess: Said;
  readonly pong: Said;
  readonly subscribed: Said;
  readonly unsubscribed: Said;
  readonly members: Said;
  readonly events: Said;
  readonly published: Said;
  readonly cancelled: Said;
  readonly error: Said;
}

/** The protocol's answers and what else a server says by it (PROTOCOL.md, What a server sends). */
export function protocolAnswers({ wire }: Pick<ProtocolPart, "wire">): ProtocolAnswers {
  return {
    connected: connected(),
    authSuccess: authSuccess(),
    pong: protocolMessage({
      keys: ["pong"],
      from: "server",
      wire: { type: "pong", id: "optional" },
      summary: "The answer to `ping`.",
      examples: [{ type: "pong", id: 1 }],
      isAnswer: true,
    }),
    subscribed: subscribed(wire),
    unsubscribed: unsubscribed(),
    members: replyOf("presence", "Who is on the channel.", membersOf(wire), { members: [ALICE], count: 1 }),
    events: replyOf("history", "What was said on the channel, oldest first.", EVENTS, {
      epoch: "k3",
      events: [{ type: "said", offset: 39, payload: {} }],
    }),
    published: replyOf(
      "publish",
      "The event is published. With its position, where the channel has a history.",
      PLACE,
      {
        offset: 58,
      },
    ),
    cancelled: replyOf("task_cancel", "The task is over.", { type: "null" }, null),
    error: protocolMessage({
      keys: ["error"],
      from: "server",
      wire: { type: "error", id: "optional", channel: CHANNEL, isChannelOptional: true, payload: wire.error },
      summary: "A message failed.",
      examples: ERRORS,
    }),
  };
}

/** What the server says by the protocol that is no answer, and what it may say without being asked. */
export function protocolNews({ channels, wire }: Pick<ProtocolPart, "channels" | "wire">): readonly Said[] {
  const ping = protocolMessage({
    keys: ["ping.server"],
    from: "server",
    wire: { type: "ping" },
    summary: "Is the client there? It answers `pong`.",
    examples: [{ type: "ping" }],
    isOfSubprotocol: true,
  });
  const payload = { type: "object", required: ["reconnectAfterMs"], properties: { reconnectAfterMs: MS } };
  const drain = protocolMessage({
    keys: ["drain"],
    from: "server",
    wire: { type: "drain", payload },
    summary: "The server goes away: after the close, dial again so many milliseconds later.",
    examples: [{ type: "drain", payload: { reconnectAfterMs: 1_800 } }],
    isOfSubprotocol: true,
  });
  const hasPresence = channels.some(({ presence }) => presence !== undefined);
  return [...(channels.length > 0 ? [gap()] : []), ...(hasPresence ? [presenceChange(wire)] : []), ping, drain];
}

function connected(): Said {
  const properties = { connection: { type: "string" }, heartbeatMs: MS, user: USER, expiresInMs: MS };
  return protocolMessage({
    keys: ["connected", "connected.server"],
    from: "server",
    wire: { type: "connected", payload: { type: "object", required: ["connection", "heartbeatMs"], properties } },
    summary: "The connection is open.",
    examples: [
      { type: "connected", payload: { connection: "c1", heartbeatMs: 30_000, user: ALICE, expiresInMs: 3_600_000 } },
    ],
    isOfSubprotocol: true,
    isAnswer: true,
  });
}

function authSuccess(): Said {
  const properties = { user: USER, expiresInMs: MS };
  return protocolMessage({
    keys: ["auth_success"],
    from: "server",
    wire: { type: "auth_success", id: "optional", payload: { type: "object", properties } },
    summary: "The credential was taken.",
    examples: [{ type: "auth_success", id: 1, payload: { user: ALICE, expiresInMs: 3_600_000 } }],
    isAnswer: true,
  });
}

function subscribed(wire: WireSchemas): Said {
  const properties = {
    ...POSITION_FIELDS,
    recovered: { type: "boolean", description: "Where `since` was sent: does all that it missed follow?" },
    members: { type: "array", items: wire.member, description: "Who is here, where that was asked for." },
    count: { type: "integer", description: "How many, where they are too many to be told one by one." },
    state: { description: "The present state, where the channel has one and what was missed does not follow." },
  };
  return protocolMessage({
    keys: ["subscribed"],
    from: "server",
    wire: { type: "subscribed", id: "optional", channel: CHANNEL, payload: { type: "object", properties } },
    summary: "It is on the channel: the answer to `subscribe`, or the server's doing.",
    examples: [
      { type: "subscribed", id: 1, channel: "prices/BTC", payload: { epoch: "k3", offset: 41, recovered: true } },
    ],
  });
}

function unsubscribed(): Said {
  const code = { enum: ["forbidden", "left"], description: "Why, where the server took it off." };
  return protocolMessage({
    keys: ["unsubscribed"],
    from: "server",
    wire: {
      type: "unsubscribed",
      id: "optional",
      channel: CHANNEL,
      payload: { type: "object", properties: { code } },
      isPayloadOptional: true,
    },
    summary: "It is off the channel: the answer to `unsubscribe`, or the server's doing.",
    examples: [
      { type: "unsubscribed", id: 1, channel: "prices/BTC" },
      { type: "unsubscribed", channel: "chat/a", payload: { code: "forbidden" } },
    ],
  });
}

function gap(): Said {
  const properties = { ...POSITION_FIELDS, state: { description: "The present state, where the channel has one." } };
  return protocolMessage({
    keys: ["gap"],
    from: "server",
    wire: { type: "gap", channel: CHANNEL, payload: { type: "object", properties } },
    summary: "In this place events of the channel were, or may have been, lost, and can't be had again.",
    examples: [{ type: "gap", channel: "chat/a", payload: { epoch: "k4", offset: 90 } }],
  });
}

function presenceChange(wire: WireSchemas): Said {
  const list = (description: string) => ({ type: "array", items: wire.member, description });
  const properties = {
    joined: list("Who came."),
    left: list("Who went."),
    members: list("Who is here: replaces all that was told before."),
    count: { type: "integer", description: "How many are here, where they are too many to be told one by one." },
  };
  return protocolMessage({
    keys: ["presence"],
    from: "server",
    wire: { type: "presence", channel: CHANNEL, payload: { type: "object", properties } },
    summary: "Who came to the channel and who went, where that is watched.",
    examples: [{ type: "presence", channel: "chat/a", payload: { joined: [ALICE], left: [] } }],
  });
}

/** What a request of the protocol is answered with. */
function replyOf(to: string, summary: string, payload: JsonSchema, example: unknown): Said {
  const hasChannel = to !== "task_cancel";
  const about = hasChannel ? { channel: CHANNEL } : {};
  return protocolMessage({
    keys: [`${to}.reply`],
    from: "server",
    wire: { type: "reply", id: "required", ...about, payload },
    title: `Reply to ${to}`,
    summary,
    examples: [{ type: "reply", id: 1, ...(hasChannel && { channel: "chat/a" }), payload: example }],
    replyTo: to,
    isAnswer: true,
  });
}

export interface ProtocolMessage extends MessageText {
  readonly keys: readonly [string, ...string[]];
  /** Where it is another at each endpoint: the endpoint's key. */
  readonly ofEndpoint?: string | undefined;
  readonly from: "client" | "server";
  readonly wire: Wire;
  /** All that goes over the wire, each; some have names. */
  readonly examples: readonly object[];
  readonly isOfSubprotocol?: true | undefined;
  readonly replyTo?: string | undefined;
  readonly answers?: readonly Said[] | undefined;
  readonly isAnswer?: true | undefined;
}

export function protocolMessage(given: ProtocolMessage): Said {
  const { keys, ofEndpoint, from, wire, title, summary, description, isOfSubprotocol, replyTo, answers, isAnswer } =
    given;
  const [key] = keys;
  const role = replyTo === undefined ? "protocol" : "reply";
  const message = messageOf(wire, { title, summary, description }, [], { role, from, replyTo, isOfSubprotocol });
  const own = ofEndpoint === undefined ? keys : ([`${ofEndpoint}.${key}`] as const);
  return {
    keys: [...keys, `${key}.${from}`],
    componentKeys: own,
    message: {
      ...message,
      examples: given.examples.some(isNamed) ? named(given.examples) : examplesOf(wire.type, given.examples),
    },
    answers,
    isAnswer,
  };
}

function isNamed(example: object): example is MessageExample {
  return "name" in example && "payload" in example;
}

function named(examples: readonly object[]): readonly MessageExample[] {
  return examples.filter(isNamed);
}

function membersOf(wire: WireSchemas): JsonSchema {
  return {
    type: "object",
    required: ["count"],
    properties: {
      members: { type: "array", items: wire.member, description: "Left out where they are too many." },
      count: { type: "integer", minimum: 0 },
    },
  };
}

const ALICE = { id: "alice" };
const MS: JsonSchema = { type: "number", minimum: 0 };
const USER: JsonSchema = {
  type: "object",
  description: "Its public face.",
  required: ["id"],
  properties: { id: { type: "string" } },
};
const CHANNEL: JsonSchema = { type: "string", maxLength: 255, description: "The name of the channel." };
const POSITION_FIELDS = {
  epoch: { type: "string", description: "With `offset`, where the channel has a history." },
  offset: { type: "integer", minimum: 0, description: "The position before the first event that follows." },
};
const PLACE: JsonSchema = { type: "object", properties: { offset: { type: "integer", minimum: 1 } } };
const EVENTS: JsonSchema = {
  type: "object",
  required: ["events"],
  properties: {
    epoch: { type: "string" },
    events: {
      type: "array",
      items: {
        type: "object",
        required: ["type", "offset", "payload"],
        properties: { type: { type: "string" }, offset: { type: "integer", minimum: 1 }, payload: {} },
      },
    },
  },
};
const ERRORS: readonly object[] = [
  {
    type: "error",
    id: 7,
    payload: {
      code: "invalid_payload",
      message: "The payload does not fit its schema.",
      type: "say",
      issues: [{ path: ["text"], message: "Required" }],
    },
  },
  {
    type: "error",
    id: 7,
    payload: {
      code: "rate_limited",
      message: "Too many messages in too short a time.",
      type: "say",
      retryAfterMs: 1_000,
    },
  },
];
