import type { Eventually } from "../base/eventually.js";
import type { RateLimit } from "../protocol/limits.js";

/**
 * The port between one process's hub and all the others.
 *
 * Every method is asynchronous, as if a server stood behind it; a broker that lives in the process must have done its
 * work when the call returns, so that what server code awaits, and what it merely calls, keep their order. What is
 * `Eventually` such a broker gives at once.
 * The calls of one link must take effect in the order they were made, also those that nobody awaits.
 * A broker that is away rejects with a `TidingsError` `unavailable`.
 */
export interface Broker {
  readonly "~is": "broker";
  /** Is there a server behind it, which others use as well? Then a test does without it, unless it asks for it. */
  readonly "~isShared"?: boolean | undefined;
  /** Connects one process. Called once per start of an app; several apps may share one broker. */
  connect(node: BrokerNode): Promise<BrokerLink>;
}

/** What a process does with what it is told. */
export interface BrokerNode {
  /** An event of a channel this process subscribed to, in the order of its publishing. Must not throw. */
  deliver(event: BrokerEvent): void;
  /**
   * What was said on a channel this process subscribed to, and it was not told, is lost: the next event is the one behind
   * this position. Of an event that does not follow the last one it takes the same to be so. Must not throw.
   */
  skip(channel: string, position: Position): void;
  /** Who is present on a channel this process subscribed to has changed. In the order of the changes. Must not throw. */
  meet(change: PresenceChange): void;
  /**
   * Who is present on a channel this process subscribed to may have changed, and it was not told: it is to be read anew.
   * Must not throw.
   */
  meetAnew(channel: string): void;
  /** Close every connection of this user here. Must not throw. */
  disconnectUser(user: string, code: number, reason: string): void;
  /** Refuse this from now on, and close who entered with it. Must not throw. */
  revoke(revocation: Revocation): void;
  /** A process said this to all of them. Must not throw. */
  notified(topic: string, json: string): void;
  /** The broker is away from now on: what it is asked for is refused, or waits. Said once until `back`. Must not throw. */
  away(reason: unknown): void;
  /** It is back, and what was said meanwhile is told as far as it is kept. Must not throw. */
  back(): void;
  /** What nobody waits for and went wrong, though the broker is there. Must not throw. */
  failed(error: unknown, during: string): void;
  /** Connections that are open in this process. */
  readonly connectionCount: number;
}

/** What a process may ask for. */
export interface BrokerLink {
  /**
   * Takes an event and hands it to every process that subscribed to its channel, this one included.
   *
   * One atomic step: the next offset of the channel, keeping it as long as it says and forgetting what is too much, then
   * delivery; all processes see one order per channel. Resolves when it is taken and this process has been told.
   *
   * With a `key` that this channel had within the last 5 minutes, in this epoch, it is a repeat: the position of the first
   * is given, nothing is kept and nobody is told. So it is about a subject whose last event is kept, unless it begins that
   * anew; then the position of that last event is given.
   */
  publish(event: Publication): Promise<Position>;
  /**
   * What is kept of a channel, and where its stream stands. Must tell nothing of an event that `publish` has not resolved
   * for, unless this process was told of it.
   */
  read(channel: string, range: HistoryRange): Eventually<HistoryPage>;
  /**
   * From now on this process hears the channel: the first event that it is told of is the one behind the position that it
   * is given. Asked for once per channel, by its first local listener.
   *
   * @param isKept are events of this channel to be kept? Then who comes back to it, though nothing was said meanwhile, should
   * find the position that they left.
   */
  subscribe(channel: string, isKept?: boolean): Eventually<Position>;
  /** From now on it does not. Given back by the last local listener. */
  unsubscribe(channel: string): Promise<void>;
  /**
   * A member is on the channel at this process. One atomic step: where no process has it yet, all that subscribed to the
   * channel, this one included, are told that it joined. One that this process has already is the same: nothing happens.
   */
  attend(channel: string, member: PresentMember): Promise<void>;
  /**
   * It is no more at this process. One atomic step: where no process has it any more, all that subscribed are told that it
   * left, as it was when it joined. Nothing happens for one that this process does not have.
   */
  withdraw(channel: string, id: string): Promise<void>;
  /** Who is on the channel, over all processes: `limit` of them at most, in the order they joined, and how many there are. */
  members(channel: string, limit: number): Eventually<Members>;
  /**
   * A connection of the user is about to open in this process. One atomic step: false where the user has `limit` of them
   * in all processes, reserved or open; otherwise it counts among them until `depart`, or until the process is gone.
   */
  reserve(user: string, connection: string, limit: number): Eventually<boolean>;
  /** It is open now. It was reserved. */
  arrive(user: string, connection: string): Eventually<void>;
  /** It has closed, or does not open after all. Nothing happens for one that is not known. */
  depart(user: string, connection: string): Eventually<void>;
  /** Has the user an open connection in any process? */
  isConnected(user: string): Promise<boolean>;
  /** Tells every process to close the user's connections, this one included. */
  disconnectUser(user: string, code: number, reason: string): Promise<void>;
  /**
   * Tells every process, this one included, and every process that connects later while it holds. At most `limit` are
   * kept for those: a repeat replaces and is the newest, expired ones go first, then the oldest.
   */
  revoke(revocation: Revocation, limit: number): Promise<void>;
  /**
   * Counts one message of the user into a sliding window that all processes share. 0 where it passed; otherwise the
   * milliseconds until one may, and it does not count.
   *
   * In no window do more than `limit` pass, over all processes. A process may be given a share of it, by how many of the
   * user's connections it has, so that it need not ask for each message.
   *
   * @param scope what is counted together, beside the limit itself
   * @param nowMs the caller's clock; a broker that has one of its own goes by that
   */
  countInWindow(user: string, scope: string, limit: RateLimit, nowMs: number): Eventually<number>;
  /** Users with an open connection, over all processes. */
  countUsers(): Promise<number>;
  /** Open connections of all processes. Those of others may be some seconds old. */
  countConnections(): Promise<number>;
  /** Tells every process that is connected, this one included. Nothing is kept for those that connect later. */
  notify(topic: string, json: string): Promise<void>;
  /**
   * From now on this process answers what programs that know only the broker ask of the app, with `answer`, so many at once: each
   * request one process, another where that has died before it was done. Only a broker that takes such has it. Called once.
   */
  serveRequests?(answer: AnswerRequest, atOnce: number): void;
  /** Gives back everything this process holds, and tells it nothing more; also where the broker is away. */
  close(): Promise<void>;
}

/**
 * What is asked, as text, and how many processes have tried to answer it, this one included. Never rejects.
 */
export type AnswerRequest = (text: string, tries: number) => Promise<RequestAnswer>;

export interface RequestAnswer {
  /** Where whoever asked looks for it; undefined: nowhere. */
  readonly replyTo: string | undefined;
  readonly json: string;
  /** Why it was not done, for people; undefined: it was. */
  readonly problem: string | undefined;
}

/** What is not to be let in any more: all that was issued to a user until then, or one credential.  */
export type Revocation = ({ readonly user: string } | { readonly tokenId: string }) & {
  /** Milliseconds since 1970, as `untilMs`. */
  readonly revokedAtMs: number;
  /** When all of it has expired by itself; undefined: unknown. */
  readonly untilMs: number | undefined;
};

export interface Publication {
  readonly channel: string;
  readonly type: string;
  /** The payload as JSON text: encoded once, by the process that published it. */
  readonly payloadJson: string;
  /** The id of the connection that is not to hear it. */
  readonly except: string | undefined;
  /** How long it is kept for who comes later; undefined: not at all. All events of a channel say the same. */
  readonly keep?: Keep | undefined;
  /** Tells a repeat from another event that looks alike. */
  readonly key?: string | undefined;
  /** Of the events of one such word only the latest matters to who is behind; undefined: each does. It is not kept. */
  readonly latestOf?: string | undefined;
  /** The trace that it is part of, a W3C `traceparent`, for who is told of it; what is read later is no part of that. */
  readonly trace?: string | undefined;
}

/**
 * At most `size` events of a channel that are younger than `ttlMs`. Where there are more, the oldest with which a subject has
 * ended goes (`"last"`), and where none has, the oldest of all; the newest stays.
 */
export interface Keep {
  readonly size: number;
  readonly ttlMs: number;
  /** What it is about; undefined: nothing that an earlier one was about too. */
  readonly subject?: Subject | undefined;
}

/** Something that events of a channel are about, such as one task. Only the latest event of each is kept. */
export interface Subject {
  readonly name: string;
  /**
   * `"last"`: as long as this event is kept, what follows about the subject is a repeat of it, until a `"first"` one begins
   * it anew. So it has one end, whichever process says it; and it makes room for others before any that has not ended.
   */
  readonly part?: "first" | "last" | undefined;
}

/** Which of the events that are kept: all without `after` and `before`. */
export interface HistoryRange {
  /** Only those behind this offset; of more than `limit` the oldest. */
  readonly after?: number | undefined;
  /** Only those in front of this offset; of more than `limit` the newest. */
  readonly before?: number | undefined;
  readonly limit: number;
  /**
   * Only so many that their payloads, as UTF-8, have room in these bytes, one at least: where there are more the same as with
   * `limit`. Default: as many as there are.
   */
  readonly bytes?: number | undefined;
}

/** Events of one stream, oldest first, and the position of its newest. */
export interface HistoryPage extends Position {
  readonly events: readonly KeptEvent[];
  /**
   * Is everything behind `after` there, up to the last of these? False where something of it is no longer kept; an event
   * whose place a later one of its subject took is not missing.
   */
  readonly isComplete: boolean;
}

export interface KeptEvent {
  readonly offset: number;
  readonly type: string;
  readonly payloadJson: string;
}

/** A place in a channel's stream. Offsets begin at 1 and rise within an epoch, one unbroken life of the stream. */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

export interface BrokerEvent extends Publication, Position {
  /**
   * The offset of the event it follows, where that is not the one in front of its own: what stood in between was told to nobody
   * in vain, since a later event of its subject has taken its place.
   */
  readonly follows?: number | undefined;
}

/** Somebody who is present on a channel: a user with all their devices, or a connection of nobody known. */
export interface PresentMember {
  /** Of the same id is the same member. */
  readonly id: string;
  /** What is shown of it, as JSON text. */
  readonly faceJson: string;
}

export interface PresenceChange {
  readonly channel: string;
  readonly joined: readonly PresentMember[];
  readonly left: readonly PresentMember[];
  /** How many are there now. */
  readonly count: number;
}

export interface Members {
  readonly members: readonly PresentMember[];
  readonly count: number;
}
