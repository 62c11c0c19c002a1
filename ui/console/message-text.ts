import type { Heard } from "./channel-book.js";

/** A text as a message, where it is one. */
export function asMessage(text: string): Heard | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const { type, payload, id, channel, offset } = JSON.parse(text);
    if (typeof type !== "string") return undefined;
    const named = typeof channel === "string" ? channel : undefined;
    return {
      type,
      payload,
      id,
      channel: named,
      offset: typeof offset === "number" ? offset : undefined,
    };
  } catch {
    return undefined;
  }
}

/**
 * What is said, as it may be shown: `connect` and `auth` without their token, by its place. Sought by its letters it would be
 * found where it is none, in a user's name that is the token while one develops, and missed where JSON writes it differently.
 */
export function withoutToken(text: string): string {
  const message = asMessage(text);
  if (message?.type !== "connect" && message?.type !== "auth") return text;
  const payload = Object(message.payload);
  return "token" in payload ? JSON.stringify({ ...JSON.parse(text), payload: { ...payload, token: "…" } }) : text;
}

/** The channel that it is of, or that a client's question is about. */
export function channelOf(message: Heard): string | undefined {
  return message.channel ?? channelAsked(message);
}

/** For a line: the payload alone, without the channel that stands before it. Of what is long, the beginning as it is. */
export function previewOf(text: string, message: Heard): string {
  if (text.length > LONGEST_PREVIEWED) return text;
  if (message.channel !== undefined || channelAsked(message) === undefined)
    return JSON.stringify(message.payload) ?? "";
  const { channel: _, ...rest } = Object(message.payload);
  return JSON.stringify(rest);
}

function channelAsked({ type, payload }: Heard): string | undefined {
  const { channel } = Object(payload);
  return ABOUT_CHANNELS.includes(type) && typeof channel === "string" ? channel : undefined;
}

const ABOUT_CHANNELS: readonly string[] = ["subscribe", "unsubscribe", "publish", "presence", "history"];

/** Characters of a message whose payload is shown alone. */
const LONGEST_PREVIEWED = 4_096;
