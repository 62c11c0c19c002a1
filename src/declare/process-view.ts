import type { Stats } from "./app.js";
import type { ConnectionReport, ConnectionStage, Trouble, TroubleWord } from "./connection-report.js";

/** What can be seen of one process of an app from within it. */
export interface ProcessView {
  /** Unguessable, and another with each start. */
  readonly process: string;
  readonly startedAtMs: number;
  /** All but what has to be asked of each connection. */
  figures(): ProcessFigures;
  /** How late the event loop was since it was asked last, in the last second at most. */
  loopDelay(): LoopDelay;
  /** Those that are here, the oldest first, also those that come and go. */
  connections(): Iterable<ConnectionView>;
  connection(id: string): ConnectionView | undefined;
  /** The last 1,000 that have closed, the newest first. */
  closed(): Iterable<ConnectionReport>;
  /** The channels that somebody of this process is on. */
  channels(): Iterable<ChannelView>;
}

export type ProcessFigures = Omit<Stats, "outboxBytes" | "waitingBytes">;

/** One connection, each of whose words is cheap to ask for, but the report. */
export interface ConnectionView {
  readonly id: string;
  /** The endpoint's path as it was declared. */
  readonly endpoint: string;
  readonly userId: string | undefined;
  readonly address: string;
  readonly openedAtMs: number;
  readonly stage: ConnectionStage;
  /** Bytes that wait to go out, and bytes that came and wait for handlers. */
  readonly bufferedBytes: number;
  readonly waitingBytes: number;
  /** What is wrong for the longest time. */
  readonly trouble: Trouble | undefined;
  /** Is this wrong with it, among others? */
  has(word: TroubleWord): boolean;
  /** By the channel's whole name. */
  isOn(channel: string): boolean;
  report(): ConnectionReport;
}

export interface ChannelView {
  readonly channel: string;
  readonly pattern: string;
  readonly connections: number;
  /** Of them, those that are not live. */
  readonly behind: number;
  readonly offset: number;
  /** Events that this process was told of since it listens. */
  readonly events: number;
}

/** Milliseconds, with fractions. */
export interface LoopDelay {
  readonly medianMs: number;
  readonly maxMs: number;
}
