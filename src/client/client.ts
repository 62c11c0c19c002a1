import type { Duration } from "../base/duration.js";
import type { HistoryRequest, Published, Stored } from "../declare/app.js";
import type { Closed } from "../declare/closed.js";
import type {
  Arrivals,
  At,
  Carries,
  ChannelContract,
  EndpointContract,
  ParamNames,
  Params,
  PayloadArgs,
  Template,
} from "../declare/contract.js";
import type { TaskId, TaskState, TaskStatus, TasksContract } from "../declare/task.js";
import type { TidingsError } from "../protocol/tidings-error.js";

/** What `typeof room` is of: a declared endpoint that speaks messages. */
export interface EndpointLike extends Carries<EndpointContract> {
  readonly path: string;
}
/** The client of a declared endpoint: `ClientFor<typeof room>`. */
export type ClientFor<E extends EndpointLike> = Client<Of<E>>;
type Of<E> = E extends Carries<infer Contract> ? (Contract extends EndpointContract ? Contract : never) : never;

/** Where to: the endpoint's path with its params filled in, on the page's own server or behind another's address. */
export type Url<Path extends string> = `${string}${Template<Path>}`;
/** What `connect` takes for its address: words of advice where it isn't said which endpoint. */
export type UrlOf<E extends EndpointLike> = [E] extends [never]
  ? "Say which endpoint: connect<typeof room>(url)"
  : Url<Of<E>["path"]>;
/** What `connect` takes beside the address of this endpoint. */
export type OptionsOf<E extends EndpointLike> = ConnectOptions<Of<E>["query"]>;

/** What `connect` takes beside the address. */
export interface ConnectOptions<Query = unknown> {
  /**
   * Who connects: a token, or what gives one. A function is asked before each dial, and again before the token expires;
   * undefined: there is none. Where it throws it is asked again later, and `on("error")` is told; a `TidingsError`, such
   * as `new TidingsError("unauthorized")`, closes the client.
   */
  token?: string | undefined | (() => Token | Promise<Token>);
  /** Goes behind the address. */
  query?: Query | undefined;
  /** How long an answer may take, and how long it may take to come in. Default `"10s"`. */
  timeout?: Duration | undefined;
  /** How many messages may wait while there is no connection. Default 10: what a server takes at once by its own default. */
  queue?: number | undefined;
  /** An app's own close codes, 3000–4999, after which it dials again. Default: after none. */
  retryOn?: readonly number[] | undefined;
}
/** Undefined and null: there is none. */
export type Token = string | undefined | null;

/**
 * - `connecting`: a token is asked for, a server dialled, or its `connected` awaited.
 * - `open`: the server has said `connected`.
 * - `waiting`: the connection was lost, or could not be made; it dials again by itself.
 * - `closed`: for good.
 */
export type Status = "connecting" | "open" | "waiting" | "closed";

/** Where an event came from; nothing is known of a message to this connection alone. */
export interface Origin {
  /** The name of the channel, such as `chat/lobby`. */
  readonly channel?: string | undefined;
  /** Its position in the channel's history, where it has one. */
  readonly offset?: number | undefined;
}

/** Events of a channel were, or may have been, lost in this place, and can't be had again. */
export interface Gap {
  /** The next event is after this one; undefined for a channel without history. */
  readonly offset: number | undefined;
}

/** All that can be listened to: what the endpoint and its channels may say, errors, and gaps. */
export type Heard<Contract extends EndpointContract> = Arrivals<Contract> & {
  /** What no request was waiting for: a `send` that failed, a token that could not be had, a frame that is no message. */
  error: TidingsError;
  /** On any channel: `origin` says on which. */
  gap: Gap;
};

/** What a request takes beside its payload. */
export interface RequestOptions {
  /** Gives it up: it rejects with the signal's reason. What was sent may be handled all the same. */
  signal?: AbortSignal | undefined;
  /** How long the answer may take, from now on. Default: the client's `timeout`. */
  timeout?: Duration | undefined;
}

/** One client, which stays connected to an endpoint until it is closed. Disposing of it closes it. */
export interface Client<Contract extends EndpointContract = EndpointContract> extends Disposable {
  /** How the connection is now. */
  readonly status: Status;
  /** When it dials again, in milliseconds since 1970; undefined where it does not wait for that. */
  readonly retryAtMs: number | undefined;
  /** Who this is, as the server sees it; undefined before it was open, and where the endpoint has no `auth`. */
  readonly user: { readonly id: string } | undefined;
  /** Resolves when it has closed for good. */
  readonly closed: Promise<Closed>;
  /** Calls with each new status, and why where it lost a connection. Gives what ends it. */
  onStatus(listener: (status: Status, why: Closed | undefined) => void): () => void;
  /** Calls with each message or event of this type that arrives. Gives what ends it. */
  on<Type extends keyof Heard<Contract> & string>(
    type: Type,
    listener: (payload: At<Heard<Contract>, Type>, origin: Origin) => void,
  ): () => void;
  /**
   * Says something, at most once: what a lost connection had taken is not said again. While there is none it waits.
   * False where it can't wait: the client is closed, or `queue` is full.
   */
  send<Type extends keyof Contract["receives"] & string>(
    type: Type,
    ...payload: PayloadArgs<Contract["receives"][Type]>
  ): boolean;
  /**
   * Says something and resolves with the answer.
   *
   * Rejects with the `TidingsError` that was answered; `timeout`; `connection_lost` where the connection was lost after it
   * was said (it may have been handled, and is not said again) or the client closed; `queue_full`; or its signal's reason.
   */
  request<Type extends keyof Contract["receives"] & string>(
    type: Type,
    ...payload: RequestArgs<Contract["receives"][Type]>
  ): Promise<At<Contract["replies"], Type>>;
  /**
   * Hears a channel: `subscribe("prices/:symbol", { symbol: "BTC" }, { onGap: reload })`. Where the server has put it there
   * it attaches to that; otherwise it asks to be, after each reconnect again, from where it stood.
   */
  subscribe<Pattern extends keyof Contract["channels"] & string>(
    pattern: Pattern,
    ...args: SubscribeArgs<ChannelAt<Contract, Pattern>>
  ): Subscription<ChannelAt<Contract, Pattern>>;
  /** The user's tasks, where the endpoint lists `tasks`. */
  readonly tasks: TasksOf<Contract>;
  /** Where it waits to dial again, it does so now. */
  reconnect(): void;
  /**
   * Closes for good: what waits is not sent, and requests without an answer reject with `connection_lost`.
   *
   * @param code 1000 by default, or 3000–4999 (RFC 6455 §7.4)
   */
  close(code?: number, reason?: string): void;
}

/** What follows the type in a request: `{}` may be left out. */
// biome-ignore lint/complexity/noBannedTypes: `{}` is meant: is there nothing that must be given?
export type RequestArgs<T> = {} extends T
  ? [payload?: T, options?: RequestOptions]
  : [payload: T, options?: RequestOptions];

/** The contract of the channels with this pattern; never where the endpoint lists none such. */
export type ChannelAt<Contract extends EndpointContract, Pattern> = Pattern extends keyof Contract["channels"]
  ? Contract["channels"][Pattern] extends infer Found extends ChannelContract
    ? Found
    : never
  : never;

/** What `subscribe` takes. */
export interface SubscribeOptions<Of extends ChannelContract = ChannelContract> {
  /** How many of the newest events that are kept come first, the first time. Default: none. */
  rewind?: number | undefined;
  /** Watches who is there from the start; otherwise it does with the first `presence.on`. */
  presence?: boolean | undefined;
  /** Called where events were, or may have been, lost: load anew what you show. Required where there is a history. */
  onGap?: ((gap: Gap) => void) | undefined;
  /** Called with the channel's state, where it has a snapshot: when it comes there, and after a gap. */
  onState?: ((state: Of["state"]) => void) | undefined;
}
/** What follows the pattern: params where it has any, and options, with `onGap` where the channel has a history. */
export type SubscribeArgs<Of extends ChannelContract> = [
  ...ParamArgs<Of["pattern"]>,
  ...(Of["history"] extends true
    ? [
        options: SubscribeOptions<Of> & {
          /** Called where events were, or may have been, lost: load anew what you show. */
          onGap: (gap: Gap) => void;
        },
      ]
    : [options?: SubscribeOptions<Of>]),
];
/** What fills a pattern: nothing where it has no params. */
export type ParamArgs<Pattern extends string> = ParamNames<Pattern> extends never ? [] : [params: Params<Pattern>];

/**
 * - `subscribing`: not there yet, or not again.
 * - `live`: it hears the channel.
 * - `lost`: the server refused, or took it off; `error` says why.
 */
export type SubscriptionStatus = "subscribing" | "live" | "lost";

/** One channel that a client hears, until it unsubscribes. */
export interface Subscription<Of extends ChannelContract = ChannelContract> extends Disposable {
  /** The channel's name, such as `prices/BTC`. */
  readonly name: string;
  /** How it is now. */
  readonly status: SubscriptionStatus;
  /** Why it is `lost`. */
  readonly error: TidingsError | undefined;
  /** What the snapshot said last; undefined before, and where there is none. */
  readonly state: Of["state"] | undefined;
  /** Calls with each new status, and the error where it is `lost`. Gives what ends it. */
  onStatus(listener: (status: SubscriptionStatus, error: TidingsError | undefined) => void): () => void;
  /** Calls with each event of this type on this channel. Gives what ends it. */
  on<Type extends keyof Of["events"] & string>(
    type: Type,
    listener: (payload: Of["events"][Type], origin: Origin) => void,
  ): () => void;
  /** Who is there. */
  readonly presence: [Of["member"]] extends [never] ? "Give this channel a `presence` first." : Presence<Of["member"]>;
  /**
   * Says an event, where the channel lets clients. What a lost connection may have taken is said again, with its key, and is
   * delivered once. Resolves with its place where the channel has a history.
   *
   * Rejects with the `TidingsError` that was answered; `connection_lost` where the client closed, or no connection was had
   * for 4 minutes (its key would be forgotten); `queue_full`.
   */
  publish<Type extends keyof Of["publishes"] & string>(
    type: Type,
    ...payload: RequestArgs<Of["publishes"][Type]>
  ): Promise<Pick<Published, "offset">>;
  /** Events that are kept, oldest first. Rejects with `forbidden` where there is no history. */
  history(range?: HistoryRequest): Promise<readonly Stored<Of["events"]>[]>;
  /** Ends it. Resolves when nothing more of it comes. */
  unsubscribe(): Promise<void>;
}

/** Who is on a channel, as the server told last. */
export interface Presence<Member> {
  /** Itself among them; empty where they are too many to tell one by one. */
  readonly members: readonly Member[];
  /** How many there are, also where they are too many to tell one by one. */
  readonly count: number;
  /** Calls when they have changed. The first asks the server for them. Gives what ends it. */
  on(type: "change", listener: (members: readonly Member[], count: number) => void): () => void;
}

/** Its tasks, or else what to do. */
export type TasksOf<Contract extends EndpointContract> =
  Contract["channels"] extends Record<TasksContract["pattern"], unknown>
    ? Tasks
    : "List `tasks` in the endpoint's channels first.";

/** The tasks of this user, wherever they were started: `import { tasks } from "tidings/tasks"` on the server. */
export interface Tasks {
  /** Id → how it stands: those that run, and those that ended not long ago. */
  readonly all: ReadonlyMap<string, TaskState>;
  /**
   * Calls when a task comes to this status, or says how far it is; `change`: at all of these, and when it is known no more.
   * Gives what ends it.
   */
  on(type: TaskStatus | "progress" | "change", listener: (task: TaskState) => void): () => void;
  /**
   * Resolves with the task's result. Rejects with a `TidingsError`: its own where it failed, `task_cancelled`,
   * `connection_lost` where the client closed, `not_found` where the server knows it no more.
   */
  done<Result>(id: TaskId<Result>): Promise<Result>;
  /** Asks the server to end it. Rejects with `not_found` where there is no such task, or it has ended. */
  cancel(id: TaskId): Promise<void>;
}
