import { wordsOf } from "./error-words.js";
import { defaultLimits } from "./limits.js";
import type { MessageId } from "./message.js";
import type { Issue } from "./tidings-error.js";

/**
 * A payload that JSON has no text for: a bigint, a cycle, too deep, or a `toJSON` that threw. `cause` is what the engine said.
 */
export class EncodeError extends Error {
  override readonly name: string = "EncodeError";
}

/**
 * A payload as JSON text. `undefined`, and a lone function or symbol, is `null`.
 *
 * @throws {EncodeError} for what can't be encoded, as does every function here that takes a payload.
 */
export function encodePayload(payload: unknown): string {
  try {
    // For what it leaves out the answer is `undefined`, which its type does not say.
    return (JSON.stringify(payload) as string | undefined) ?? "null";
  } catch (cause) {
    throw new EncodeError("The payload can't be written as JSON.", { cause });
  }
}

/** What the server code sends to one connection. */
export function encodeAppMessage(type: string, payload: unknown): string {
  return `{"type":${JSON.stringify(type)},"payload":${encodePayload(payload)}}`;
}

/** What {@link encodeEvent} writes. */
export interface EventFields {
  readonly type: string;
  readonly channel: string;
  /** Only on a channel with history. */
  readonly offset?: number | undefined;
  /** A W3C `traceparent`, where it is part of a trace. */
  readonly trace?: string | undefined;
  /** From {@link encodePayload}: it is encoded once, for all who hear it. Must be JSON text; it is not checked. */
  readonly payloadJson: string;
}

/** An event of a channel. */
export function encodeEvent(event: EventFields): string {
  return writeEvent(event, `,"channel":${JSON.stringify(event.channel)}`);
}

/** The answer to a message with an `id`. */
export function encodeReply(id: MessageId, payload: unknown, channel?: string | undefined): string {
  return encodeReplyJson(id, encodePayload(payload), channel);
}

/** The same with a payload that {@link encodePayload} gave. */
export function encodeReplyJson(id: MessageId, payloadJson: string, channel?: string | undefined): string {
  const about = channel === undefined ? "" : `,"channel":${JSON.stringify(channel)}`;
  return `{"type":"reply","id":${JSON.stringify(id)}${about},"payload":${payloadJson}}`;
}

/** What {@link encodeHistory} writes. */
export interface HistoryFields {
  readonly id: MessageId;
  /** Where the request named one. */
  readonly channel?: string | undefined;
  /** Which life of the history it is; only where something was kept. */
  readonly epoch?: string | undefined;
  /** Oldest first. */
  readonly events: readonly Omit<EventFields, "channel">[];
}

/** The answer to `history`. */
export function encodeHistory({ id, channel, epoch, events }: HistoryFields): string {
  const stream = epoch === undefined ? "" : `"epoch":${JSON.stringify(epoch)},`;
  const list = events.map((event) => writeEvent(event, ""));
  return encodeReplyJson(id, `{${stream}"events":[${list.join(",")}]}`, channel);
}

/** What {@link encodeError} writes. */
export interface ErrorFields {
  readonly code: string;
  readonly message: string;
  /** The failed message's, where one could be read. */
  readonly id?: MessageId | undefined;
  /** Where the failed message named one. */
  readonly channel?: string | undefined;
  /** The failed message's. */
  readonly type?: string | undefined;
  /** The first 10 are told. */
  readonly issues?: readonly Issue[] | undefined;
  /** How long to wait before it is worth trying again, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** The answer to a message that failed. */
export function encodeError({ code, message, id, channel, type, issues, retryAfterMs }: ErrorFields): string {
  // A validator's issue may hold more than these two fields, such as the value it refused.
  const told = issues?.slice(0, defaultLimits.issues).map((issue) => ({ path: issue.path, message: issue.message }));
  return encodePayload({
    type: "error",
    id,
    channel,
    payload: { code, message: wordsOf({ code, message }), type, issues: told, retryAfterMs },
  });
}

/** What {@link encodeSubscribed} writes. */
export interface SubscribedFields {
  readonly channel: string;
  /** The request's; none for a join by the server. */
  readonly id?: MessageId | undefined;
  /** With `offset`: only on a channel with history. */
  readonly epoch?: string | undefined;
  /** The position before the first event that follows. */
  readonly offset?: number | undefined;
  /** Exactly where `since` was sent. */
  readonly recovered?: boolean | undefined;
  /** Each as JSON text, where asked for, and not too many. */
  readonly membersJson?: readonly string[] | undefined;
  /** In the place of the members where they are too many. */
  readonly count?: number | undefined;
  /** As JSON text: where the channel has a snapshot and `recovered` is not true. */
  readonly stateJson?: string | undefined;
}

/** The connection is on the channel now. */
export function encodeSubscribed(fields: SubscribedFields): string {
  const { channel, id, epoch, offset, recovered, membersJson, count, stateJson } = fields;
  const payload = writeFields({ epoch, offset, recovered, count }, { members: listOf(membersJson), state: stateJson });
  return writeAbout("subscribed", id, channel, payload);
}

/** What {@link encodeUnsubscribed} writes. */
export interface UnsubscribedFields {
  readonly channel: string;
  /** The request's. */
  readonly id?: MessageId | undefined;
  /** Why, where the server took it off: `forbidden` or `left`. */
  readonly code?: string | undefined;
}

/** The connection is off the channel now. */
export function encodeUnsubscribed({ channel, id, code }: UnsubscribedFields): string {
  return encodePayload({ type: "unsubscribed", id, channel, payload: code === undefined ? undefined : { code } });
}

/** What {@link encodeGap} writes. */
export interface GapFields {
  readonly channel: string;
  /** With `offset`: only on a channel with history. */
  readonly epoch?: string | undefined;
  /** The position before the next event. */
  readonly offset?: number | undefined;
  /** As JSON text, where the channel has a snapshot. */
  readonly stateJson?: string | undefined;
}

/** Events of the channel were, or may have been, lost in this place. */
export function encodeGap({ channel, epoch, offset, stateJson }: GapFields): string {
  return writeAbout("gap", undefined, channel, writeFields({ epoch, offset }, { state: stateJson }));
}

/** Members, each as JSON text. */
export interface MemberFields {
  /** Who came, each as JSON text. */
  readonly joinedJson?: readonly string[] | undefined;
  /** Who went, each as JSON text. */
  readonly leftJson?: readonly string[] | undefined;
  /** Replaces all that was told before. */
  readonly membersJson?: readonly string[] | undefined;
  /** How many there are; in the place of the members where they are too many. */
  readonly count?: number | undefined;
}
/** What {@link encodePresence} writes. */
export interface PresenceFields extends MemberFields {
  readonly channel: string;
}

/** The members of the channel changed. */
export function encodePresence({ channel, ...members }: PresenceFields): string {
  return writeAbout("presence", undefined, channel, encodeMembers(members));
}

/** The same as a payload, as `presence` is answered with. */
export function encodeMembers({ joinedJson, leftJson, membersJson, count }: MemberFields): string {
  const lists = { joined: listOf(joinedJson), left: listOf(leftJson), members: listOf(membersJson) };
  return writeFields({ count }, lists);
}

/** What {@link encodeAuthSuccess} writes. */
export interface AuthSuccessFields {
  /** The user's public face; none where the credential is no `auth`. */
  readonly user?: { readonly id: string } | undefined;
  /** Until the credential expires, in milliseconds; absent where it does not. */
  readonly expiresInMs?: number | undefined;
  /** The request's. */
  readonly id?: MessageId | undefined;
}

/** The credential of an `auth` was taken. */
export function encodeAuthSuccess({ user, expiresInMs, id }: AuthSuccessFields): string {
  return encodePayload({ type: "auth_success", id, payload: { user, expiresInMs } });
}

/** What {@link encodeConnected} writes. */
export interface ConnectedFields {
  /** The connection's id. */
  readonly connection: string;
  /** How often the server says `ping`, in milliseconds. */
  readonly heartbeatMs: number;
  /** The user's public face. */
  readonly user?: { readonly id: string } | undefined;
  /** Until the credential expires, in milliseconds; absent where it does not. */
  readonly expiresInMs?: number | undefined;
}

/** The connection is open; only with `tidings.v1`. */
export function encodeConnected({ connection, heartbeatMs, user, expiresInMs }: ConnectedFields): string {
  return encodePayload({ type: "connected", payload: { connection, heartbeatMs, user, expiresInMs } });
}

/** The server goes away; dial `reconnectAfterMs` after the close. Only with `tidings.v1`. */
export function encodeDrain(reconnectAfterMs: number): string {
  return encodePayload({ type: "drain", payload: { reconnectAfterMs } });
}

/** The heartbeat; only with `tidings.v1`. */
export function encodePing(): string {
  return '{"type":"ping"}';
}

/** The answer to a `ping` message. */
export function encodePong(id?: MessageId | undefined): string {
  return id === undefined ? '{"type":"pong"}' : `{"type":"pong","id":${JSON.stringify(id)}}`;
}

function listOf(texts: readonly string[] | undefined): string | undefined {
  return texts && `[${texts.join(",")}]`;
}

/** One object of values, and of others that are JSON text already; what is undefined is left out. */
function writeFields(
  values: Readonly<Record<string, string | number | boolean | undefined>>,
  texts: Readonly<Record<string, string | undefined>>,
): string {
  const fields: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) fields.push(`"${name}":${JSON.stringify(value)}`);
  }
  for (const [name, text] of Object.entries(texts)) if (text !== undefined) fields.push(`"${name}":${text}`);
  return `{${fields.join(",")}}`;
}

function writeAbout(type: string, id: MessageId | undefined, channel: string, payloadJson: string): string {
  const answers = id === undefined ? "" : `,"id":${JSON.stringify(id)}`;
  return `{"type":"${type}"${answers},"channel":${JSON.stringify(channel)},"payload":${payloadJson}}`;
}

function writeEvent({ type, offset, trace, payloadJson }: Omit<EventFields, "channel">, about: string): string {
  const position = offset === undefined ? "" : `,"offset":${offset}`;
  const followed = trace === undefined ? "" : `,"trace":${JSON.stringify(trace)}`;
  return `{"type":${JSON.stringify(type)}${about}${position}${followed},"payload":${payloadJson}}`;
}
