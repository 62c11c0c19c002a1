import { ALICE, CHANNEL, MS, POSITION_FIELDS, type ProtocolPart, protocolMessage } from "./protocol-message.js";
import type { Said } from "./said.js";
import type { WireSchemas } from "./wire-schemas.js";

/** What the server says of itself by the protocol (PROTOCOL.md, What a server sends). */
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
