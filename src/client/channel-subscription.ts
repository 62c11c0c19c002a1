import type { HistoryRequest } from "../declare/app.js";
import type { ChannelContract } from "../declare/contract.js";
import type { TidingsError } from "../protocol/tidings-error.js";
import type { Origin, Presence, RequestOptions, SubscribeOptions, Subscription, SubscriptionStatus } from "./client.js";
import type { Exchange } from "./exchange.js";
import type { HeardChannel } from "./heard-channel.js";

/** How long a publish may be said again: its key is remembered for 5 minutes (PROTOCOL.md, What a client may send). */
const REPEATABLE_MS = 240_000;

/** What a page holds of a channel. Of one channel there may be several. */
export class ChannelSubscription implements Omit<Subscription, "on" | "publish" | "presence"> {
  readonly name: string;
  readonly presence: Presence<ChannelContract["member"]>;
  readonly #channel: HeardChannel;
  readonly #exchange: Exchange;
  /** What ends each of its listeners. */
  readonly #stops = new Set<() => void>();

  constructor(channel: HeardChannel, exchange: Exchange, { rewind, presence, onGap, onState }: SubscribeOptions = {}) {
    this.#channel = channel;
    this.name = channel.name;
    this.#exchange = exchange;
    this.presence = {
      get members() {
        return channel.members;
      },
      get count() {
        return channel.count;
      },
      on: (_, listener) => {
        channel.watch();
        return this.#keep(channel.changes.on("members", listener));
      },
    };
    if (onGap) this.#keep(channel.changes.on("gap", onGap));
    if (onState) this.#keep(channel.changes.on("state", onState));
    if (presence) channel.watch();
    channel.add(this, rewind);
  }

  get status(): SubscriptionStatus {
    return this.#channel.status;
  }

  get error(): TidingsError | undefined {
    return this.#channel.error;
  }

  get state(): unknown {
    return this.#channel.state;
  }

  onStatus(listener: (status: SubscriptionStatus, error: TidingsError | undefined) => void): () => void {
    return this.#keep(this.#channel.changes.on("status", listener));
  }

  on(type: string, listener: (payload: never, origin: Origin) => void): () => void {
    // What it is called with is what the contract says of this type.
    return this.#keep(this.#channel.events.on(type, listener as (payload: unknown, origin: Origin) => void));
  }

  publish(type: string, payload?: unknown, options?: RequestOptions): Promise<{ offset: number | undefined }> {
    const event = { channel: this.name, type, payload, key: this.#exchange.createKey() };
    const how = { ...options, timeoutMs: REPEATABLE_MS, isRepeatable: true };
    return this.#exchange.ask("publish", event, how) as Promise<{ offset: number | undefined }>; // PROTOCOL.md, What a client may send
  }

  async history(range?: HistoryRequest): Promise<never> {
    const answer = this.#exchange.ask("history", { ...range, channel: this.name });
    return ((await answer) as { readonly events: never }).events; // PROTOCOL.md, What a client may send
  }

  async unsubscribe(): Promise<void> {
    for (const stop of this.#stops) stop();
    await this.#channel.remove(this);
  }

  [Symbol.dispose](): void {
    void this.unsubscribe();
  }

  #keep(stop: () => void): () => void {
    const end = () => {
      this.#stops.delete(end);
      stop();
    };
    this.#stops.add(end);
    return end;
  }
}
