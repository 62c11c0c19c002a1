import type { Published, Revoked, Stats } from "../declare/app.js";
import type { ChannelDefinition, ChannelEvent, ChannelRef } from "../declare/channel.js";
import type { ProcessView } from "../declare/process-view.js";
import type { TaskState } from "../declare/task.js";
import type { Limits } from "../protocol/limits.js";

/** A running app, as far as it can be asked from without. What the broker is needed for rejects with `unavailable`. */
export interface ApiHost {
  readonly limits: Limits;
  /** Those that an endpoint lists: of others nobody can hear. */
  readonly channels: Iterable<ChannelDefinition>;
  /** What this process knows of its own connections and channels. */
  readonly view: ProcessView;
  stats(): Stats;
  /** Hands an error to `onError` that nobody else can be told of. */
  report(error: unknown, during: string): void;
  /** Of all processes; where the broker is away of this one alone. */
  countAll(): Promise<Headcount>;
  /** At the call itself, where the broker is of this process: who calls twice is told of in that order. */
  publish(channel: ChannelRef, event: ChannelEvent, how: PublishHow): Promise<Published>;
  history(channel: ChannelRef, range: HistoryRange): Promise<StoredEvents>;
  members(channel: ChannelRef, limit: number): Promise<PresentMembers>;
  isConnected(user: string): Promise<boolean>;
  disconnectUser(user: string, code: number, reason: string): Promise<void>;
  /** Tells every process; whether one of them has this connection is not known. */
  disconnectConnection(connection: string, code: number, reason: string): Promise<void>;
  revoke(what: Revoked): Promise<void>;
  /** The three below are only asked where an endpoint lists `tasks`. */
  reportTask(user: string, task: string, report: Readonly<Record<string, unknown>>): Promise<boolean>;
  cancelTask(user: string, task: string): Promise<boolean>;
  tasksOf(user: string): Promise<readonly TaskState[]>;
}

export interface PublishHow {
  /** The id of the connection that is not to hear it. */
  readonly except: string | undefined;
  readonly key: string | undefined;
}

/** The newest `limit`, or of those before an offset. */
export interface HistoryRange {
  readonly limit: number;
  readonly before: number | undefined;
}

export interface StoredEvents {
  readonly epoch: string;
  /** Oldest first. */
  readonly events: readonly { readonly type: string; readonly offset: number; readonly payload: unknown }[];
}

export interface PresentMembers {
  readonly members: readonly unknown[];
  readonly count: number;
}

export interface Headcount {
  readonly users: number;
  readonly connections: number;
  readonly isOfThisProcess: boolean;
}
