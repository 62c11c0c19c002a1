/** Why is it slow, or closed? All that a process knows of one connection, as plain data. Times are in milliseconds since 1970. */
export interface ConnectionReport {
  readonly id: string;
  /** The endpoint's path as it was declared. */
  readonly endpoint: string;
  readonly user: string | undefined;
  readonly address: string;
  /** Does it speak `tidings.v1`? */
  readonly isOurClient: boolean;
  readonly openedAtMs: number;
  readonly stage: ConnectionStage;
  /** What is wrong, or was when it closed; the oldest first. */
  readonly troubles: readonly Trouble[];
  /** When any frame of it came last. */
  readonly heardAtMs: number;
  readonly expiresAtMs: number | undefined;
  /** Bytes that wait to go out: in the socket, and behind it. */
  readonly outbox: { readonly bytes: number; readonly limit: number };
  /** What came and waits for its handler. */
  readonly waiting: { readonly messages: number; readonly bytes: number; readonly isPaused: boolean };
  /** How much of each limit is left to it. */
  readonly rates: readonly RateLeft[];
  readonly channels: readonly ChannelStanding[];
  /** Where it is on more channels than are listed. */
  readonly channelCount: number;
  readonly counts: {
    readonly messagesReceived: number;
    readonly bytesReceived: number;
    readonly bytesWritten: number;
    readonly errorsAnswered: number;
  };
  /** The last errors that it was answered, the newest last. */
  readonly errors: readonly AnsweredError[];
  readonly closed: ConnectionEnd | undefined;
}

/** `entering`: its credential, its dependencies or `open` are not done yet. */
export type ConnectionStage = "entering" | "open" | "closing" | "closed";

export type TroubleWord =
  /** Its socket does not take what it is sent. */
  | "stopped reading"
  /** It says more than it may. */
  | "over its rate"
  /** Its credential has expired. */
  | "expired"
  /** It was pinged, and nothing has come since. */
  | "silent"
  /** So much of what it said waits for handlers that its socket is read no further. */
  | "waits for handlers"
  /** A handler of its runs for longer than a second. */
  | "handler runs long";

export interface Trouble {
  readonly word: TroubleWord;
  readonly sinceMs: number;
  /** A sentence with figures. */
  readonly detail: string;
}

export interface RateLeft {
  /** The limit's name: `messages`, `control` or `strikes`. */
  readonly name: string;
  readonly left: number;
  readonly count: number;
  readonly windowMs: number;
}

export interface ChannelStanding {
  readonly channel: string;
  /** `arriving`: it is being brought there. `catching-up`: it is behind, and is sent what it missed. */
  readonly state: "live" | "arriving" | "catching-up";
  /** Did the client ask for it, and not the server? */
  readonly isOwn: boolean;
  /** The last event that this process was told of there; only where the channel has history. */
  readonly offset: number | undefined;
  /** Events that it is behind that. */
  readonly behind: number;
}

export interface AnsweredError {
  readonly atMs: number;
  readonly code: string;
  readonly message: string;
  /** The message that failed. */
  readonly type: string | undefined;
}

export interface ConnectionEnd {
  readonly atMs: number;
  readonly code: number;
  readonly reason: string;
  readonly by: "server" | "peer";
}
