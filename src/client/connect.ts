import { durationMs } from "../base/duration.js";
import type { Closed } from "../declare/closed.js";
import type { TaskSaid } from "../declare/task.js";
import { ChannelBook } from "./channel-book.js";
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
import { Exchange } from "./exchange.js";
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

const DEFAULTS = { timeout: "10s", queue: 100, retryOn: [] } as const;
/** How long a publish may be said again: its key is remembered for 5 minutes (PROTOCOL.md, What a client may send). */
const REPEATABLE_MS = 240_000;

/** One client, whose contract is a matter of types alone. What is said goes out by the exchange, what arrives comes in by `hear`. */
class LiveClient implements Omit<Client, "on" | "send" | "request" | "subscribe" | "tasks"> {
  readonly closed: Promise<Closed>;
  readonly tasks: TaskBook;
  user: Client["user"];
  readonly #line: Line;
  readonly #exchange: Exchange;
  readonly #channels: ChannelBook;
  readonly #arrivals = new Listeners<Record<string, [payload: unknown, origin: Origin]>>();
  readonly #changes = new Listeners<{ status: [status: Status, why: Closed | undefined] }>();
  readonly #random: () => number;

  constructor(target: string, options: ConnectOptions, surroundings: Surroundings) {
    const { clock, random } = surroundings;
    const { token, query } = options;
    const timeoutMs = durationMs(options.timeout ?? DEFAULTS.timeout, "timeout");
    this.#random = random;
    this.#line = new Line({
      url: addressOf(target, surroundings.base, query),
      token,
      timeoutMs,
      retryOn: options.retryOn ?? DEFAULTS.retryOn,
      surroundings,
      host: {
        since: () => this.#channels.since(),
        opened: (connected) => this.#opened(connected),
        hear: (message) => this.#hear(message),
        lost: () => this.#lost(),
        status: (status, why) => this.#changes.emit("status", status, why),
        error: (error) => this.#arrivals.emit("error", error, {}),
      },
    });
    this.closed = new Promise((resolve) => {
      this.onStatus((status, why) => {
        if (status !== "closed" || why === undefined) return;
        this.#exchange.close();
        this.#channels.close();
        this.tasks.close();
        resolve(why);
      });
    });
    const limit = options.queue ?? DEFAULTS.queue;
    this.#exchange = new Exchange({ clock, limit, timeoutMs, say: (message) => this.#line.say(message) });
    this.tasks = new TaskBook((type, question) => this.#exchange.ask(type, question).answer);
    const client = this;
    this.#channels = new ChannelBook({
      clock,
      get isOpen() {
        return client.status === "open";
      },
      ask: (type, question) => this.#exchange.ask(type, question, { isUrgent: true }),
      emit: (type, payload, origin) => this.#tell(type, payload, origin),
      state: (channel, state) => {
        if (channel.startsWith(TASKS)) this.tasks.reset(state as readonly TaskSaid[]); // PROTOCOL.md, What a server sends
      },
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
    return this.#arrivals.on(type, (payload, origin) => listener(payload as never, origin));
  }

  send(type: string, payload?: unknown): boolean {
    return this.#exchange.tell(type, payload);
  }

  request(type: string, payload?: unknown, options?: RequestOptions): Promise<unknown> {
    return this.#exchange.ask(type, payload, timesOf(options)).answer;
  }

  subscribe(pattern: string, ...args: readonly unknown[]): ChannelSubscription {
    const hasParams = /(^|\/):/.test(pattern);
    // As the pattern's type has it: first what fills it, where there is something to fill.
    const params = (hasParams ? args[0] : {}) as Readonly<Record<string, string>>;
    const options = args[hasParams ? 1 : 0] as SubscribeOptions | undefined;
    const name = nameOf(pattern, params);
    const ask = (type: string, question: object, asked?: RequestOptions) => this.#askAbout(name, type, question, asked);
    return new ChannelSubscription(this.#channels.at(name), ask, options);
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

  #askAbout(channel: string, type: string, question: object, options: RequestOptions | undefined): Promise<unknown> {
    const times = timesOf(options);
    if (type !== "publish") return this.#exchange.ask(type, { channel, ...question }, times).answer;
    const repeat = { timeoutMs: REPEATABLE_MS, ...times, isRepeatable: true };
    return this.#exchange.ask(type, { channel, ...question, key: this.#createKey() }, repeat).answer;
  }

  /** What no other publish has, of whichever client. */
  #createKey(): string {
    return `${this.#random().toString(36).slice(2)}${this.#random().toString(36).slice(2)}`;
  }

  #opened({ payload }: ServerMessage): void {
    this.user = payload.user as Client["user"]; // PROTOCOL.md, The subprotocol
    this.#channels.opened();
    this.#exchange.opened();
  }

  #lost(): void {
    this.#exchange.lost();
    this.#channels.lost();
  }

  #hear(message: ServerMessage): void {
    const { type, id, channel, payload } = message;
    if (channel !== undefined && !ANSWERS.has(type)) this.#channels.hear(channel, message);
    if (id !== undefined && this.#exchange.answer(message)) return;
    if (type === "error") this.#tell(type, errorOf(message), { channel });
    else if (channel === undefined && !OURS.has(type)) this.#tell(type, payload, {});
  }

  #tell(type: string, payload: unknown, origin: Origin): void {
    if (origin.channel?.startsWith(TASKS) && type !== "gap") this.tasks.hear({ type, payload } as TaskSaid); // it has no other events
    this.#arrivals.emit(type, payload, origin);
  }
}

/** Names of channels of tasks begin with it. */
const TASKS = "$tasks/";
/** Of a channel they say something, but not to it. */
const ANSWERS: ReadonlySet<string> = new Set(["reply", "error"]);
/** What the server says and no page listens to. */
const OURS: ReadonlySet<string> = new Set(["reply", "auth_success", "connected", "pong", "subscribed", "unsubscribed"]);

function timesOf({ timeout, signal }: RequestOptions = {}): { timeoutMs?: number; signal?: AbortSignal | undefined } {
  return { ...(timeout !== undefined && { timeoutMs: durationMs(timeout, "timeout") }), signal };
}

function addressOf(target: string, base: string | undefined, query: unknown): string {
  const url = new URL(target, base);
  url.protocol = url.protocol.replace("http", "ws");
  url.hash = "";
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url.href;
}

function nameOf(pattern: string, params: Readonly<Record<string, string>>): string {
  return pattern.replace(/(^|\/):([^/]+)/g, (_, before: string, param: string) => {
    const value = params[param];
    if (value === undefined) throw new TypeError(`"${pattern}" needs the param "${param}".`);
    return `${before}${value}`;
  });
}
