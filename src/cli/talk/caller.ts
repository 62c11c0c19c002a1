import { browser } from "../../client/browser.js";
import type { Client, Origin, RequestOptions, Subscription } from "../../client/client.js";
import { createConnect } from "../../client/connect.js";
import type { Closed, SubscribeOptions } from "../../client/node.js";
import type { Socket } from "../../client/surroundings.js";
import { TidingsError } from "../../index.js";
import { wordsOf } from "../../protocol/index.js";
import { troubleOfClose } from "./dial-trouble.js";
import { Dialler } from "./dialler.js";
import type { Talk } from "./talk-options.js";
import { Trouble } from "./trouble.js";

/** Our client, of an endpoint whose declaration is not at hand: what types would say is known here without them. */
export interface AnyClient extends Pick<Client, "status" | "retryAtMs" | "closed" | "user" | "onStatus" | "close"> {
  on(type: string, listener: (payload: unknown, origin: Origin) => void): () => void;
  request(type: string, payload: unknown, options: RequestOptions): Promise<unknown>;
  subscribe(pattern: string, ...args: readonly object[]): AnySubscription;
}
export type AnySubscription = Pick<Subscription, "name" | "status" | "error" | "onStatus">;

/** What has arrived: an event, a message to this connection alone, a `gap`, or an `error`. */
export interface Heard {
  readonly type: string;
  readonly channel: string | undefined;
  readonly offset: number | undefined;
  readonly payload: unknown;
}

/** Who talks to an endpoint from a terminal. Disposing of it closes, and waits until that is done. */
export class Caller implements AsyncDisposable {
  readonly client: AnyClient;
  readonly dialler: Dialler;
  /** Channels that the server has put it on by itself. */
  readonly #joined = new Set<string>();
  /** Why the last connection ended. */
  #lost: Closed | undefined;

  constructor(address: URL, { token, headers, timeout }: Talk) {
    this.dialler = new Dialler(headers);
    // A socket of `ws` calls with more than the client takes.
    const open = (url: string, protocols: readonly string[]) => this.dialler.dial(url, protocols) as Socket;
    const connect = createConnect({ ...browser, open });
    // Its types are of a declaration that nobody has.
    this.client = connect(address.href as never, { token, timeout } as never) as AnyClient;
    this.client.onStatus((_, why) => {
      this.#lost = why ?? this.#lost;
    });
  }

  /** Resolves when the server has let us in. Rejects with a `Trouble` where it has not the first time. */
  opened(): Promise<void> {
    const { client } = this;
    return new Promise((resolve, reject) => {
      const stop = client.onStatus((status, why) => {
        if (status === "connecting") return;
        stop();
        if (status === "open") resolve();
        else reject(this.troubleOf(why as Closed)); // there was a connection, or a dial
      });
    });
  }

  troubleOf(closed: Closed): Trouble {
    return this.dialler.trouble ?? troubleOfClose(closed);
  }

  /** Rejects with the `TidingsError` that was answered, or with why there was no answer. */
  async request(type: string, payload: unknown, options: RequestOptions): Promise<unknown> {
    try {
      return await this.client.request(type, payload, options);
    } catch (error) {
      if (!(error instanceof TidingsError)) throw error;
      if (error.code === "connection_lost" && this.#lost) throw this.troubleOf(this.#lost);
      throw error.code === "unknown_type" ? new Trouble(error.code, wordsOf(error), UNKNOWN_TYPE) : error;
    }
  }

  /** Calls with all that arrives. The client listens to types; so it is given the type of each frame before it reads that. */
  hear(listener: (heard: Heard) => void): void {
    const listenTo = (type: string) => {
      return this.client.on(type, (payload, { channel, offset }) => listener({ type, channel, offset, payload }));
    };
    // A gap may come with a frame of another type.
    listenTo("gap");
    // That the line was lost is told by its status, with the reason.
    this.client.on("error", (payload, { channel }) => {
      const isLost = payload instanceof TidingsError && payload.code === "connection_lost";
      if (!isLost) listener({ type: "error", channel, offset: undefined, payload });
    });
    let forget = () => {};
    this.dialler.onText = (text) => {
      forget();
      const { type, id, channel } = readMessage(text);
      if (type === "subscribed" && id === undefined && channel !== undefined) this.#joined.add(channel);
      forget = type === undefined || type === "gap" || type === "error" ? () => {} : listenTo(type);
    };
  }

  /** Has the server put it there by itself? Then nothing was said of where to begin. */
  isJoined(channel: string): boolean {
    return this.#joined.has(channel);
  }

  subscribe(channel: string, options: SubscribeOptions): AnySubscription {
    // A segment of a name may look like one of a pattern, and then stands for itself.
    const params = Object.fromEntries(
      [...channel.matchAll(/(?<![^/]):([^/]+)/g)].map(([segment, name]) => [name, segment]),
    );
    return this.client.subscribe(channel, ...(Object.keys(params).length > 0 ? [params] : []), options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.dialler.ended();
  }
}

const UNKNOWN_TYPE = "The server's /docs, and tidings asyncapi, list what may be said there.";

/** Nothing where it is no message; the client says so itself. */
function readMessage(text: string): { readonly type?: string; readonly id?: unknown; readonly channel?: string } {
  try {
    const { type, id, channel } = JSON.parse(text);
    return typeof type === "string" ? { type, id, channel } : {};
  } catch {
    return {};
  }
}
