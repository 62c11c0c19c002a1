import type { JsonSchema } from "../schema/json-schema.js";
import { ALICE, CHANNEL, MS, POSITION_FIELDS, protocolMessage, USER } from "./protocol-message.js";
import type { Said } from "./said.js";
import type { WireSchemas } from "./wire-schemas.js";

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

/** They are the same at each endpoint (PROTOCOL.md, What a client may send). */
export function protocolAnswers(wire: WireSchemas): ProtocolAnswers {
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
