import { type BadMessage, barePing, barePong, type ClientMessage, type MessageId } from "../protocol/message.js";
import { parseMessage } from "../protocol/parse-message.js";

/** What is to be done with a text frame of a message endpoint. */
export type Reception =
  | { readonly do: "nothing" }
  /** Answer at once, with the bare text or as a message. */
  | { readonly do: "pong"; readonly bare: boolean; readonly id: MessageId | undefined }
  /** The client of `tidings.v1` has said `connect`. */
  | { readonly do: "enter" }
  /** When its turn comes: handle it, or answer what is wrong with it. */
  | { readonly do: "wait"; readonly message: ClientMessage | BadMessage }
  | { readonly do: "close"; readonly code: number; readonly reason: string };

/**
 * The rule for a text frame, without doing any of it (PROTOCOL.md, What a client may send).
 *
 * @param hasGreeted false while a client of `tidings.v1` has not said `connect`
 */
export function receive(text: string, hasGreeted: boolean): Reception {
  if (!hasGreeted) return receiveGreeting(text);
  if (text === barePing) return { do: "pong", bare: true, id: undefined };
  if (text === barePong) return NOTHING;
  const message = parseMessage(text);
  if ("error" in message) return { do: "wait", message };
  if (message.type === "ping") return { do: "pong", bare: false, id: message.id };
  if (message.type === "pong") return NOTHING;
  return { do: "wait", message };
}

function receiveGreeting(text: string): Reception {
  const message = parseMessage(text);
  if (!("error" in message) && message.type === "connect") return ENTER;
  return { do: "close", code: 1002, reason: "protocol_error" };
}

const NOTHING: Reception = { do: "nothing" };
const ENTER: Reception = { do: "enter" };
