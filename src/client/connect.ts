import type { Clock } from "../base/clock.js";
import { type Duration, durationUnits } from "../base/duration.js";
import type { Closed } from "../declare/closed.js";
import type { TaskSaid } from "../declare/task.js";
import { ChannelSubscription } from "./channel-subscription.js";
import type {
  Client,
  ClientFor,
  ConnectOptions,
  EndpointLike,
  OptionsOf,
  Origin,
  RequestOptions,
  Status,
  SubscribeOptions,
  UrlOf,
} from "./client.js";
import { type Asked, type AskOptions, Exchange } from "./exchange.js";
import { type ChannelHost, HeardChannel } from "./heard-channel.js";
import { Line } from "./line.js";
import { Listeners } from "./listeners.js";
import { errorOf, type ServerMessage } from "./message.js";
import type { Surroundings } from "./surroundings.js";
import { TaskBook } from "./task-book.js";

/**
 * Connects to an endpoint, and stays connected: it dials again where the connection was lost, resumes where it stood, and
 * renews its token.
 *
 * @param url the endpoint's path on the page's own server, or with another's address: `wss://app.example/ws/rooms/lobby`.
 * What stands for a param is percent-encoded by you
 * @throws TypeError for an address, or a time, that cannot be
 */
export type Connect = <E extends EndpointLike = never>(
  url: UrlOf<NoInfer<E>>,
  options?: OptionsOf<NoInfer<E>>,
) => ClientFor<E>;

/** `connect` for these surroundings. */
export function createConnect(surroundings: Surroundings): Connect {
  return ((url: string, options?: ConnectOptions) =>
    new LiveClient(url, options ?? {}, surroundings)) as unknown as Connect; // its types are the contract's
}

const DEFAULTS = { timeout: "10s", queue: 100 } as const;
/** How long a publish may be said again: its key is remembered for 5 minutes (PROTOCOL.md, What a client may send). */
const REPEATABLE_MS = 240_000;
/** Names of channels of tasks begin with it. */
const TASKS = "$tasks/";

/**
 * One client, whose contract is a matter of types alone. What is said goes out by the exchange, what arrives comes in by
 * `hear`.
 */
class LiveClient implements Omit<Client, "on" | "send" | "request" | "subscribe" | "tasks">, ChannelHost {
  readonly closed: Promise<Closed>;
  readonly tasks: TaskBook;
  user: Client["user"];
  readonly clock: Clock;
  readonly #line: Line;
  readonly #exchange: Exchange;
  /** Those that it hears: because it asked for them, or because the server put it there. */
  readonly #channels = new Map<string, HeardChannel>();
  readonly #arrivals = new Listeners<Record<string, [payload: unknown, origin: Origin]>>();
  readonly #changes = new Listeners<{ status: [status: Status, why: Closed | undefined] }>();
  readonly #random: () => number;

  constructor(target: string, options: ConnectOptions, surroundings: Surroundings) {
    const { token, query, retryOn, timeout = DEFAULTS.timeout, queue: limit = DEFAULTS.queue } = options;
    const url = addressOf(target, surroundings.base, query);
    const timeoutMs = msOf(timeout);
    this.clock = surroundings.clock;
    this.#random = surroundings.random;
    this.#line = new Line({ url, token, timeoutMs, retryOn }, surroundings, {
      since: () => this.#since(),
      opened: (connected) => this.#opened(connected),
      hear: (message) => this.#hear(message),
      lost: () => this.#lost(),
      status: (status, why) => this.#changes.emit("status", status, why),
      error: (error) => this.#arrivals.emit("error", error, {}),
    });
    const { clock } = this;
    this.#exchange = new Exchange({ clock, limit, timeoutMs, say: (message) => this.#line.say(message) });
    this.tasks = new TaskBook((type, question) => this.#exchange.ask(type, question).answer);
    this.closed = new Promise((resolve) => {
      this.onStatus((status, why) => {
        if (status !== "closed" || why === undefined) return;
        this.#end(why);
        resolve(why);
      });
    });
    this.#line.dial();
  }

  get status(): Status {
    return this.#line.status;
  }

  get retryAtMs(): number | undefined {
    return this.#line.retryAtMs;
  }

  onStatus(listener: (status: Status, why: Closed | undefined) => void): () => void {
    return this.#changes.on("status", listener);
  }

  on(type: string, listener: (payload: never, origin: Origin) => void): () => void {
    // What it is called with is what the contract says of this type.
    return this.#arrivals.on(type, listener as (payload: unknown, origin: Origin) => void);
  }

  send(type: string, payload?: unknown): boolean {
    return this.#exchange.tell(type, payload);
  }

  request(type: string, payload?: unknown, options?: RequestOptions): Promise<unknown> {
    return this.#exchange.ask(type, payload, timesOf(options)).answer;
  }

  subscribe(pattern: string, ...args: unknown[]): ChannelSubscription {
    // First comes what fills the pattern, where there is something to fill: so its type has it.
    const params = /(^|\/):/.test(pattern) ? (args.shift() as Readonly<Record<string, string>>) : {};
    const name = pattern.replace(/(?<![^/]):([^/]+)/g, (_, param: string) => String(params[param]));
    const ask = (type: string, question: object, options?: RequestOptions) =>
      this.#askAbout(name, type, question, options);
    return new ChannelSubscription(this.#channelAt(name), ask, args[0] as SubscribeOptions | undefined);
  }

  reconnect(): void {
    this.#line.reconnect();
  }

  close(code: number = 1000, reason: string = ""): void {
    if (code !== 1000 && !(code >= 3000 && code < 5000)) throw new RangeError(`A client may not close with ${code}.`);
    this.#line.close(code, reason);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // What the channels need of it.

  ask(type: string, question: object): Asked {
    return this.#exchange.ask(type, question, { isUrgent: true });
  }

  tell(type: string, payload: unknown, origin: Origin): void {
    if (origin.channel?.startsWith(TASKS) && type !== "gap") this.tasks.hear({ type, payload } as TaskSaid); // it has no other events
    this.#arrivals.emit(type, payload, origin);
  }

  tellState(channel: string, state: unknown): void {
    if (channel.startsWith(TASKS)) this.tasks.reset(state as readonly TaskSaid[]); // PROTOCOL.md, What a server sends
  }

  forget(channel: string): void {
    this.#channels.delete(channel);
  }

  #askAbout(channel: string, type: string, question: object, options?: RequestOptions): Promise<unknown> {
    const isRepeatable = type === "publish";
    const key = isRepeatable ? `${this.#random()} ${this.#random()}` : undefined;
    const times = { ...(isRepeatable && { timeoutMs: REPEATABLE_MS }), ...timesOf(options), isRepeatable };
    return this.#exchange.ask(type, { channel, ...question, key }, times).answer;
  }

  #channelAt(name: string): HeardChannel {
    const channel = this.#channels.get(name) ?? new HeardChannel(name, this);
    this.#channels.set(name, channel);
    return channel;
  }

  /** Where it stood on those that the server had put it on; what it asks for itself it asks for with its place. */
  #since(): object {
    const joined = [...this.#channels.values()].filter(({ isJoined, position }) => isJoined && position !== undefined);
    return Object.fromEntries(joined.map(({ name, position }) => [name, position]));
  }

  #opened({ payload }: ServerMessage): void {
    this.user = payload.user as Client["user"]; // PROTOCOL.md, The subprotocol
    for (const channel of this.#channels.values()) channel.opened();
    this.#exchange.opened();
  }

  #lost(): void {
    this.#exchange.lost();
    for (const channel of this.#channels.values()) channel.lost();
  }

  #end({ code, reason }: Closed): void {
    const why = `The client has closed: ${code} ${reason}`;
    this.#exchange.close(why);
    this.tasks.close(why);
    for (const channel of this.#channels.values()) channel.close(why);
  }

  #hear(message: ServerMessage): void {
    const { type, id, channel, payload } = message;
    const isAnswer = this.#exchange.answer(message);
    if (type === "error") isAnswer || this.tell(type, errorOf(message), { channel });
    // Who is put on a channel hears of it first: of one that is not known we have left.
    else if (type === "subscribed" && id === undefined) this.#channelAt(String(channel)).arrived(message);
    else if (channel !== undefined) this.#channels.get(channel)?.hear(message);
    else if (!isAnswer) this.tell(type, payload, {});
  }
}

function timesOf({ timeout, signal }: RequestOptions = {}): AskOptions {
  return { ...(timeout !== undefined && { timeoutMs: msOf(timeout) }), signal };
}

function msOf(duration: Duration): number {
  const [, amount, unit] = /^([\d.]+)(ms|[smhd])$/.exec(duration) ?? [];
  if (unit === undefined) throw new TypeError(`${duration} is no duration like "10s".`);
  return Number(amount) * durationUnits[unit as keyof typeof durationUnits]; // it is one of them
}

function addressOf(target: string, base: string | undefined, query: unknown): string {
  const url = new URL(target, base);
  url.protocol = url.protocol.replace("http", "ws");
  url.hash = "";
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}
