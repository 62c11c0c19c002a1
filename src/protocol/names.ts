import { clientCodes, hasCodeForm, isErrorCode } from "./error-codes.js";
import { defaultLimits } from "./limits.js";
import type { MessageId } from "./message.js";
import { isRefusalReason } from "./refusals.js";
import { utf8Length } from "./utf8.js";

/** Whether `value` can be a message's type: 1–64 of `A–Z a–z 0–9 _ - . :`, a letter first. */
export function isMessageType(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/.test(value);
}

/** Whether `value` can be a message's id: a string of 1–64 characters, or an integer within ±(2^53−1). */
export function isMessageId(value: unknown): value is MessageId {
  return typeof value === "string" ? isShort(value, defaultLimits.id) : Number.isSafeInteger(value);
}

/** How long the key of a publish is remembered (PROTOCOL.md, What a client may send). */
export const PUBLISH_KEY_TTL_MS = 300_000;

/** Whether `value` can be a publish's idempotency key: a string of 1–64 characters. */
export function isPublishKey(value: unknown): value is string {
  return typeof value === "string" && isShort(value, defaultLimits.key);
}

/**
 * Whether `value` can stand for a param, in a channel's name or in an endpoint's path (decoded): 1–128 bytes of well-formed
 * Unicode without `/` and control characters (C0, DEL, C1), and not `.` or `..`.
 */
export function isParamValue(value: string): boolean {
  if (value === "" || value === "." || value === ".." || value.length > defaultLimits.param) return false;
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit < 0x20 || unit === 0x2f || (unit >= 0x7f && unit <= 0x9f)) return false;
  }
  const bytes = utf8Length(value);
  return bytes !== undefined && bytes <= defaultLimits.param;
}

/** Whether `value` can be a channel's name: segments joined by `/`, each what a param's value may be, at most 255 bytes. */
export function isChannelName(value: unknown): value is string {
  if (typeof value !== "string" || value.length > defaultLimits.channelName) return false;
  const bytes = utf8Length(value);
  return bytes !== undefined && bytes <= defaultLimits.channelName && value.split("/").every(isParamValue);
}

/**
 * Whether the protocol keeps `type` to itself: an app may not receive one that is reserved `from-clients`, nor send, or have
 * as a channel's event, one that is reserved `from-servers`. So is in both directions all that begins with `tidings.`.
 */
export function isReserved(type: string, direction: "from-clients" | "from-servers"): boolean {
  const words = direction === "from-clients" ? reservedFromClients : reservedFromServers;
  return words.has(type) || type.startsWith("tidings.");
}

/**
 * Whether an app may have `code` as an error code of its own: it has a code's form and is none of the protocol's words, that
 * is no error code, no reason of a close, no reserved type, and none of the few words that say why something ended.
 */
export function isOwnErrorCode(code: string): boolean {
  if (!hasCodeForm(code) || isErrorCode(code) || isRefusalReason(code) || endingWords.has(code)) return false;
  return !reservedFromClients.has(code) && !reservedFromServers.has(code);
}

const wordsFromClients = [
  "connect",
  "auth",
  "ping",
  "pong",
  "subscribe",
  "unsubscribe",
  "publish",
  "presence",
  "history",
  "task_cancel",
] as const;

const wordsFromServers = [
  "connected",
  "auth_success",
  "ping",
  "pong",
  "subscribed",
  "unsubscribed",
  "presence",
  "reply",
  "error",
  "gap",
  "drain",
  "task_queued",
  "task_started",
  "task_progress",
  "task_completed",
  "task_failed",
  "task_cancelled",
] as const;

/** A name that the protocol keeps for what clients say. */
export type ReservedFromClients = (typeof wordsFromClients)[number];
/** A name that the protocol keeps for what servers say. */
export type ReservedFromServers = (typeof wordsFromServers)[number];

/** Names of messages from clients that no app may declare. */
export const reservedFromClients: ReadonlySet<string> = new Set<ReservedFromClients>(wordsFromClients);
/** Names of messages and events from servers that no app may declare. */
export const reservedFromServers: ReadonlySet<string> = new Set<ReservedFromServers>(wordsFromServers);

/** `left` takes off a channel; the others a client says of itself. */
const endingWords: ReadonlySet<string> = new Set(["left", ...Object.keys(clientCodes)]);

/** Characters are code points, as most languages count them, and not UTF-16 units. */
function isShort(text: string, maxCharacters: number): boolean {
  if (text.length <= maxCharacters) return text !== "";
  return text.length <= 2 * maxCharacters && [...text].length <= maxCharacters;
}
