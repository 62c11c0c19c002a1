import type { Clock } from "../base/clock.js";
import type { Origin } from "./client.js";
import type { Asked } from "./exchange.js";
import { HeardChannel, type Position } from "./heard-channel.js";
import type { ServerMessage } from "./message.js";

/** What the channels need of the rest of the client. */
export interface ChannelHost {
  readonly clock: Clock;
  readonly isOpen: boolean;
  /** Of this connection alone. */
  ask(type: string, payload: unknown): Asked;
  /** An event, or a gap. */
  emit(type: string, payload: unknown, origin: Origin): void;
  /** What a snapshot said. */
  state(channel: string, state: unknown): void;
}

/** All channels that this client hears: because it asked for them, or because the server put it there. */
export class ChannelBook {
  readonly #host: ChannelHost;
  readonly #channels = new Map<string, HeardChannel>();

  constructor(host: ChannelHost) {
    this.#host = host;
  }

  /** The channel of this name, from now on heard of. */
  at(name: string): HeardChannel {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const channel = new HeardChannel(name, this.#host, () => this.#channels.delete(name));
    this.#channels.set(name, channel);
    return channel;
  }

  /** Where it stood on those that the server had put it on; what it asks for itself it asks for with its place. */
  since(): Readonly<Record<string, Position>> | undefined {
    const joined = [...this.#channels].filter(([, { isJoined, position }]) => isJoined && position !== undefined);
    if (joined.length === 0) return undefined;
    return Object.fromEntries(joined.map(([name, { position }]) => [name, position as Position])); // these have one
  }

  opened(): void {
    for (const channel of [...this.#channels.values()]) channel.opened();
  }

  lost(): void {
    for (const channel of [...this.#channels.values()]) channel.lost();
  }

  close(): void {
    for (const channel of [...this.#channels.values()]) channel.close();
  }

  /** A message about a channel, or an event of one. */
  hear(name: string, message: ServerMessage): void {
    // Who is put on a channel hears of it first: of one that is not known we have left.
    if (message.type === "subscribed" && message.id === undefined) this.at(name).arrived(message);
    else this.#channels.get(name)?.hear(message);
  }
}
