import type { Closed } from "../declare/closed.js";
import type { TaskSaid } from "../declare/task.js";
import type { TidingsError } from "../protocol/tidings-error.js";
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
import { Exchange, msOf } from "./exchange.js";
import { type ChannelHost, HeardChannel } from "./heard-channel.js";
import { Line } from "./line.js";
import { Listeners } from "./listeners.js";
import { errorOf, lost, type ServerMessage } from "./message.js";
import type { Surroundings } from "./surroundings.js";
import { TaskBook } from "./task-book.js";

/** How `connect` is called: with the endpoint's type, and where it is. */
export type Connect = <E extends EndpointLike = never>(
  url: UrlOf<NoInfer<E>>,
  options?: OptionsOf<NoInfer<E>>,
) => ClientFor<E>;

/** `connect` for these surroundings. */
export function createConnect(surroundings: Surroundings): Connect {
  return ((url: string, options?: ConnectOptions) =>
    new LiveClient(url, options ?? {}, surroundings)) as unknown as Connect; // its types are the contract's
}

/** Names of channels of tasks begin with it. */
const TASKS = "$tasks/";

/**
 * One client, whose contract is a matter of types alone. What is said goes out by the exchange, what arrives comes in by
 * `hear`.
 */
class LiveClient extends Line implements Omit<Client, "on" | "send" | "request" | "subscribe" | "tasks">, ChannelHost {
  readonly closed: Promise<Closed>;
  readonly tasks: TaskBook;
  user: Client["user"];
  readonly #exchange: Exchange;
  /** Those that it hears: because it asked for them, or because the server put it there. */
  readonly #channels = new Map<string, HeardChannel>();
  readonly #arrivals = new Listeners<Record<string, [payload: unknown, origin: Origin]>>();
  readonly #changes = new Listeners<{ status: [status: Status, why: Closed | undefined] }>();
  #resolveClosed: ((closed: Closed) => void) | undefined;

  constructor(target: string, options: ConnectOptions, surroundings: Surroundings) {
    const { token, query, retryOn = [], timeout = "10s", queue: limit = 10 } = options;
    const timeoutMs = msOf(timeout);
    super({ url: addressOf(target, surroundings.base, query), token, timeoutMs, retryOn }, surroundings);
    this.#exchange = new Exchange(this, limit, timeoutMs, surroundings.random());
    this.tasks = new TaskBook(this.#exchange);
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.dial();
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
    return this.#exchange.ask(type, payload, options);
  }

  subscribe(pattern: string, ...args: unknown[]): ChannelSubscription {
    // First comes what fills the pattern, where there is something to fill: so its type has it.
    const places = /(?<![^/]):([^/]+)/g;
    const params = places.test(pattern) ? (args.shift() as Readonly<Record<string, string>>) : {};
    const name = pattern.replace(places, (_, param: string) => params[param] ?? "");
    const channel = this.#channelAt(name);
    const subscription = new ChannelSubscription(channel, this.#exchange, args[0] as SubscribeOptions | undefined);
    if (this.status === "closed") channel.close(lost());
    return subscription;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // What its line and its channels need of it, and tell it.

  /**
   * Where it stood on those that the server had put it on when it last put it on any; what it asks for itself it asks for
   * with its place.
   */
  since(): object {
    const joined = [...this.#channels.values()].filter(({ isJoined }) => isJoined);
    const least = Math.min(...joined.map(({ missed }) => missed));
    const last = joined.filter(({ missed }) => missed === least);
    return Object.fromEntries(last.map(({ name, position }) => [name, position]));
  }

  opened({ payload }: ServerMessage): void {
    this.user = payload.user as Client["user"]; // PROTOCOL.md, The subprotocol
    this.#exchange.opened(() => {
      for (const channel of this.#channels.values()) channel.opened();
    });
  }

  hear(message: ServerMessage): void {
    const { type, id, channel, payload } = message;
    const isAnswer = this.#exchange.answer(message);
    if (type === "error") isAnswer || this.#arrivals.emit(type, errorOf(payload), { channel });
    // Who is put on a channel hears of it first: of one that is not known we have left.
    else if (type === "subscribed" && id === undefined) this.#channelAt(channel as string).arrived(message);
    else if (channel !== undefined) this.#channels.get(channel)?.hear(message);
    else if (!isAnswer) this.#arrivals.emit(type, payload, {});
  }

  lost(): void {
    this.#exchange.lost();
    for (const channel of this.#channels.values()) channel.lost();
  }

  changed(status: Status, why: Closed | undefined): void {
    if (status === "closed") this.#end(why as Closed); // it has a reason
    this.#changes.emit("status", status, why);
  }

  failed(error: TidingsError): void {
    this.#arrivals.emit("error", error, {});
  }

  tell(type: string, payload: unknown, origin: Origin): void {
    if (origin.channel?.startsWith(TASKS) && type !== "gap")
      this.tasks.hear({ type, payload } as TaskSaid, origin.channel); // it has no other events
    this.#arrivals.emit(type, payload, origin);
  }

  tellState(channel: string, state: unknown): void {
    if (channel.startsWith(TASKS)) this.tasks.reset(state as readonly TaskSaid[], channel); // PROTOCOL.md, What a server sends
  }

  forget(channel: string): void {
    this.#channels.delete(channel);
  }

  #channelAt(name: string): HeardChannel {
    const known = this.#channels.get(name);
    if (known) return known;
    const channel = new HeardChannel(name, this, this.#exchange);
    this.#channels.set(name, channel);
    return channel;
  }

  #end(closed: Closed): void {
    const { code, reason } = closed;
    const why = lost(`${code} ${reason}`);
    this.#exchange.close(why);
    this.tasks.close(why);
    for (const channel of this.#channels.values()) channel.close(why);
    this.#resolveClosed?.(closed);
    if (code !== 1000) this.failed(why);
  }
}

function addressOf(target: string, base: string | undefined, query: unknown): string {
  const url = new URL(target, base);
  url.protocol = url.protocol.replace("http", "ws");
  // As of "localhost:8000/ws", which has a scheme before its colon.
  if (!url.host) throw new TypeError(`No server: ${target}`);
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}
