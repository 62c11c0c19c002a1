import { type BadMessage, barePing, barePong, type ClientMessage, type MessageId } from "../protocol/message.js";
import { parseMessage } from "../protocol/parse-message.js";

/** What a connection waits for: `connect` of a client of `tidings.v1`, a credential by message, or anything. */
export type Phase = "greeting" | "credential" | "open";

/** What is to be done with a text frame of a message endpoint. */
export type Reception =
  | { readonly do: "nothing" }
  /** Answer at once, with the bare text or as a message. */
  | { readonly do: "pong"; readonly bare: boolean; readonly id: MessageId | undefined }
  /** The client of `tidings.v1` has said `connect`. */
  | { readonly do: "enter"; readonly token: string | undefined; readonly since: unknown }
  /** A credential, the first or a fresh one; undefined where it is none. */
  | { readonly do: "authenticate"; readonly token: string | undefined; readonly id: MessageId | undefined }
  /** It must say who it is first: answer so, and forget it. */
  | { readonly do: "refuse"; readonly message: ClientMessage | BadMessage }
  /** When its turn comes: handle it, or answer what is wrong with it. */
  | { readonly do: "wait"; readonly message: ClientMessage | BadMessage }
  | { readonly do: "close"; readonly code: number; readonly reason: string };

/** The rule for a text frame, without doing any of it (PROTOCOL.md, What a client may send; Who it is). */
export function receive(text: string, phase: Phase): Reception {
  if (phase === "greeting") return receiveGreeting(text);
  if (text === barePing) return { do: "pong", bare: true, id: undefined };
  if (text === barePong) return NOTHING;
  const message = parseMessage(text);
  if (!("error" in message)) {
    if (message.type === "ping") return { do: "pong", bare: false, id: message.id };
    if (message.type === "pong") return NOTHING;
    if (message.type === "auth") return { do: "authenticate", token: tokenOf(message.payload), id: message.id };
  }
  return { do: phase === "credential" ? "refuse" : "wait", message };
}

function receiveGreeting(text: string): Reception {
  const message = parseMessage(text);
  if (!("error" in message) && message.type === "connect") {
    return { do: "enter", token: tokenOf(message.payload), since: sinceOf(message.payload) };
  }
  return { do: "close", code: 1002, reason: "protocol_error" };
}

function tokenOf(payload: unknown): string | undefined {
  if (typeof payload !== "object" || payload === null || !Object.hasOwn(payload, "token")) return undefined;
  const { token } = payload as { readonly token: unknown };
  return typeof token === "string" && token !== "" ? token : undefined;
}

/** Where it stood on its channels when it was connected last; read when it is let in. */
function sinceOf(payload: unknown): unknown {
  if (typeof payload !== "object" || payload === null || !Object.hasOwn(payload, "since")) return undefined;
  return (payload as { readonly since: unknown }).since;
}

const NOTHING: Reception = { do: "nothing" };
