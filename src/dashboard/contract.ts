import type { ConnectionReport, TroubleWord } from "../declare/connection-report.js";

/**
 * What the dashboard's page and the server say to each other: an endpoint like any other, at `/dashboard/live`.
 *
 * A question is put to every process, and each that has something to say answers by itself, on the channel of whoever asked.
 */
export interface DashboardContract {
  path: "/dashboard/live";
  query: Readonly<Record<string, string>>;
  receives: {
    /**
     * Puts a question to all processes, which answer as long as it stands: until the next one, or the connection's end.
     * Answers come as `answered`, each time that they have changed, and every 5 s.
     */
    ask: Question;
    /** Closes all connections of a user, in every process, with 1008 `forbidden`. */
    disconnect: { readonly user: string };
  };
  replies: { ask: null; disconnect: null };
  /** While the broker is away the process that the page is connected to says its own by these, past the channels. */
  sends: { sample: ProcessSample; answered: Answer };
  channels: { $dashboard: SamplesContract; "$dashboard/answers/:connection": AnswersContract };
}

/**
 * What each process tells of itself every second, as long as somebody looks. Pages subscribe to it; of each process one sample
 * of every 5 s is kept, for 15 minutes.
 */
export interface SamplesContract {
  pattern: "$dashboard";
  publishes: { sample: ProcessSample };
  events: { sample: ProcessSample };
  member: never;
  state: never;
  history: true;
}

/** Each page is put on its own. */
export interface AnswersContract {
  pattern: "$dashboard/answers/:connection";
  publishes: { answered: Answer };
  events: { answered: Answer };
  member: never;
  state: never;
  history: false;
}

export type Question = { readonly ask: string } & (
  | {
      readonly about: "connections";
      /** Part of an id, a user, an address or an endpoint, or `channel:` and the whole name of one. Empty: all. */
      readonly text: string;
      /** `troubled`: only those with something wrong; `closed`: the last that have closed. */
      readonly which: "open" | "troubled" | "closed";
    }
  /** One connection, open or among the last closed. */
  | { readonly about: "connection"; readonly id: string }
  /** Part of a channel's name. Empty: all. */
  | { readonly about: "channels"; readonly text: string }
  /** Nothing more is asked. */
  | { readonly about: "nothing" }
);

export type Answer = {
  /** The question's. */
  readonly ask: string;
  readonly process: string;
} & (
  | {
      readonly about: "connections";
      /** At most 200: those that are troubled for longest first, then the newest; of closed ones the last that closed. */
      readonly rows: readonly ConnectionRow[];
      /** How many there are that the question meant. */
      readonly count: number;
    }
  /** Only the process that knows it answers. */
  | { readonly about: "connection"; readonly report: ConnectionReport; readonly atMs: number }
  /** At most 200: those that most connections are on. */
  | { readonly about: "channels"; readonly rows: readonly ChannelRow[]; readonly count: number }
);

/** Long texts are cut for it, and end with "…" then: its report has all of them. */
export interface ConnectionRow {
  readonly id: string;
  readonly endpoint: string;
  readonly user: string | undefined;
  readonly address: string;
  readonly openedAtMs: number;
  readonly stage: ConnectionReport["stage"];
  readonly outboxBytes: number;
  readonly trouble: { readonly word: TroubleWord; readonly sinceMs: number } | undefined;
  readonly closed: { readonly atMs: number; readonly code: number; readonly reason: string } | undefined;
}

export interface ChannelRow {
  /** Its whole name. */
  readonly channel: string;
  readonly pattern: string;
  /** Connections of this process that are on it. */
  readonly connections: number;
  /** Of them, those that are behind. */
  readonly behind: number;
  /** The last event that this process was told of. */
  readonly offset: number;
  /** Events that it was told of since it listens. */
  readonly events: number;
}

/** One process, at one time. What counts up does so since it started. */
export interface ProcessSample {
  readonly process: string;
  /** The host's name and the process's id, for people. */
  readonly name: string;
  readonly atMs: number;
  readonly startedAtMs: number;
  readonly connections: number;
  readonly users: number;
  readonly channels: number;
  readonly outboxBytes: number;
  readonly waitingBytes: number;
  /** Connections that have stopped reading. */
  readonly slow: number;
  readonly isBrokerAway: boolean;
  readonly brokerOutages: number;
  /** Of this second: how late the event loop was, at the median and at worst. */
  readonly loopDelayMs: number;
  readonly loopDelayMaxMs: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** CPU time of the process, user and system, in microseconds. */
  readonly cpuMicros: number;
  readonly opened: number;
  readonly closed: number;
  readonly refused: number;
  readonly messagesReceived: number;
  readonly messagesSent: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly eventsPublished: number;
  readonly errorsAnswered: number;
  readonly handlerErrors: number;
  readonly rateLimited: number;
  readonly slowConsumers: number;
  readonly eventsDropped: number;
  readonly gaps: number;
}
