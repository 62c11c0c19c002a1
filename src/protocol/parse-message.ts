import type { BadMessage, ClientMessage, MessageId } from "./message.js";
import { isMessageId, isMessageType } from "./names.js";

/**
 * Reads one text frame of a client. Never throws.
 *
 * Tell the two results apart by `"error" in result`. The bare texts `ping` and `pong` are not JSON: they come before this.
 */
export function parseMessage(text: string): ClientMessage | BadMessage {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return bad("invalid_json", "The frame is empty or not JSON.");
  }
  if (typeof frame !== "object" || frame === null || Array.isArray(frame)) {
    return bad("invalid_message", 'A message is one JSON object, like {"type":"say","payload":{}}.');
  }

  const type = ownField(frame, "type");
  const id = ownField(frame, "id");
  if (id !== undefined && !isMessageId(id)) {
    return bad("invalid_message", idRule, undefined, isMessageType(type) ? type : undefined);
  }
  if (!isMessageType(type)) return bad("invalid_message", typeRule, id);

  const payload = ownField(frame, "payload");
  const trace = ownField(frame, "trace");
  // Always these four fields in this order: the engine then keeps one shape for every message.
  return { type, payload: payload === undefined ? {} : payload, id, trace: isTraceparent(trace) ? trace : undefined };
}

const typeRule = "`type` must be a string of 1–64 letters, digits, `_`, `-`, `.` and `:`, a letter first.";
const idRule = "`id` must be a string of 1–64 characters or an integer within ±(2^53−1).";

/** What JSON has no value for is `undefined`, so that means absent; what the prototype has does not count. */
function ownField(frame: object, name: string): unknown {
  return Object.hasOwn(frame, name) ? (frame as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** W3C Trace Context §3.2. A later version of the same length is read alike, as it asks; a longer one is past the limit. */
function isTraceparent(value: unknown): value is string {
  return typeof value === "string" && traceparent.test(value);
}

const traceparent = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

function bad(error: BadMessage["error"], message: string, id?: MessageId, type?: string): BadMessage {
  return { error, message, id, type };
}
