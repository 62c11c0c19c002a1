import type { HistoryRequest } from "../declare/app.js";
import type { ChannelContract } from "../declare/contract.js";
import type { TidingsError } from "../protocol/tidings-error.js";
import type { Origin, Presence, RequestOptions, SubscribeOptions, Subscription, SubscriptionStatus } from "./client.js";
import type { HeardChannel } from "./heard-channel.js";

/** How a page asks for something about a channel: where there is no connection it waits for one. */
export type AskAbout = (type: string, question: object, options?: RequestOptions) => Promise<unknown>;

/** What a page holds of a channel. Of one channel there may be several. */
export class ChannelSubscription implements Omit<Subscription, "on" | "publish" | "presence"> {
  readonly ready: Promise<void>;
  readonly presence: Presence<ChannelContract["member"]>;
  readonly #channel: HeardChannel;
  readonly #ask: AskAbout;
  /** What ends each of its listeners. */
  readonly #stops: (() => void)[] = [];

  constructor(channel: HeardChannel, ask: AskAbout, { rewind, presence, onGap, onState }: SubscribeOptions = {}) {
    this.#channel = channel;
    this.#ask = ask;
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
    if (onGap !== undefined) this.#keep(channel.changes.on("gap", onGap));
    if (onState !== undefined) this.#keep(channel.changes.on("state", onState));
    this.ready = this.#untilLive();
    // Nobody need ask whether it is ready.
    this.ready.catch(() => {});
    if (presence === true) channel.watch();
    channel.add(this, rewind);
  }

  get name(): string {
    return this.#channel.name;
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
    return this.#keep(this.#channel.events.on(type, (payload, origin) => listener(payload as never, origin)));
  }

  async publish(type: string, payload?: unknown, options?: RequestOptions): Promise<{ offset: number | undefined }> {
    // PROTOCOL.md, What a client may send.
    const { offset } = (await this.#ask("publish", { type, payload }, options)) as { readonly offset?: number };
    return { offset };
  }

  async history(range: HistoryRequest = {}): Promise<never> {
    const { events } = (await this.#ask("history", range)) as { readonly events: unknown };
    return events as never; // the contract says what they are
  }

  async unsubscribe(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    await this.#channel.remove(this);
  }

  [Symbol.dispose](): void {
    void this.unsubscribe();
  }

  #untilLive(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (status: SubscriptionStatus, error: TidingsError | undefined) => {
        if (status === "live") resolve();
        else if (status === "lost") reject(error);
      };
      this.onStatus(look);
      look(this.status, this.error);
    });
  }

  #keep(stop: () => void): () => void {
    this.#stops.push(stop);
    return stop;
  }
}
