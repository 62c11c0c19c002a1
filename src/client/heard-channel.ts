import type { Clock, Timer } from "../base/clock.js";
import type { TidingsError } from "../protocol/tidings-error.js";
import type { Gap, Origin, Status, SubscriptionStatus } from "./client.js";
import type { Exchange } from "./exchange.js";
import { Listeners } from "./listeners.js";
import { countOf, errorOf, type Fields, type ServerMessage } from "./message.js";

/** What a channel needs of its client. */
export interface ChannelHost {
  readonly clock: Clock;
  readonly status: Status;
  /** An event, or a gap. */
  tell(type: string, payload: unknown, origin: Origin): void;
  /** What a snapshot said. */
  tellState(channel: string, state: unknown): void;
  forget(channel: string): void;
}

/** Where it stands in a channel's stream (PROTOCOL.md, Position). */
export interface Position {
  readonly epoch: unknown;
  offset: number;
}

type Member = Fields & { readonly id: string };

/** What happens to a channel beside its events. */
type Changes = {
  readonly status: [status: SubscriptionStatus, error: TidingsError | undefined];
  readonly gap: [gap: Gap];
  readonly state: [state: unknown];
  readonly members: [members: readonly Member[], count: number];
};

/**
 * One channel, as the client hears it, over all connections:
 *
 *     subscribing ⇄ live → lost
 *
 * Events count only while it is live; one that it has had already is passed over.
 */
export class HeardChannel {
  readonly name: string;
  status: SubscriptionStatus = "subscribing";
  error: TidingsError | undefined;
  /** Has the server put us there, as far as we were told? */
  isJoined = false;
  /** On so many connections since then it has not, or not yet. */
  missed = 0;
  position: Position | undefined;
  state: unknown;
  members: readonly Member[] = [];
  count = 0;
  readonly events: Listeners<Record<string, [payload: unknown, origin: Origin]>> = new Listeners();
  readonly changes: Listeners<Changes> = new Listeners();
  readonly #host: ChannelHost;
  readonly #exchange: Exchange;
  /** The page's subscriptions to it. */
  readonly #hearers = new Set<object>();
  #rewind = 0;
  #isWatching = false;
  /** Was it live before? Then what is not told anew is lost. */
  #wasLive = false;
  /** The id of the `subscribe` that has no answer yet. */
  #asked: number | undefined;
  /** It may ask again then. */
  #again: Timer | undefined;

  constructor(name: string, host: ChannelHost, exchange: Exchange) {
    this.name = name;
    this.#host = host;
    this.#exchange = exchange;
  }

  add(hearer: object, rewind: number = 0): void {
    this.#hearers.add(hearer);
    this.#rewind ||= rewind;
    if (this.status === "lost") this.#become("subscribing");
    // What the page asks of a channel in one go is one question.
    queueMicrotask(() => this.#subscribe());
  }

  /** Resolves when nothing more of it comes. What the server put us on is its own affair. */
  async remove(hearer: object): Promise<void> {
    if (!this.#hearers.delete(hearer)) return;
    // Somebody may come in the same go.
    await undefined;
    if (this.#hearers.size > 0) return;
    const isThere = this.#asked ?? (!this.isJoined && this.status === "live");
    this.#asked = undefined;
    // Who comes later watches for themselves.
    this.#isWatching = false;
    if (!this.isJoined) this.#become("lost");
    if (isThere) await this.#ask("unsubscribe");
  }

  /** From now on it knows who is there. */
  watch(): void {
    if (!this.#isWatching && this.status === "live") void this.#ask("presence", true);
    this.#isWatching = true;
  }

  /** There is a connection. */
  opened(): void {
    this.missed += 1;
    // Where the server puts us there again, it has done so before it looks at our question, and says that it has.
    this.#subscribe();
  }

  /** There is none any more. */
  lost(): void {
    this.#asked = undefined;
    // Where the server had put us it may do so again, and then there is a gap to be told.
    this.#become("subscribing");
  }

  close(why: TidingsError): void {
    this.#become("lost", why);
  }

  hear(message: ServerMessage): void {
    const { type, id, payload, offset } = message;
    if (type === "subscribed") {
      if (id === this.#asked) this.arrived(message);
    } else if (this.status !== "live") return;
    else if (type === "gap") this.#learn(payload, true);
    // An answer too is to be heard here, in its place among the changes.
    else if (type === "presence" || (type === "reply" && "count" in payload)) this.#meet(payload);
    else if (id !== undefined) return;
    else if (type === "unsubscribed") this.#takenOff(errorOf(payload));
    else {
      const { position } = this;
      if (position !== undefined && offset !== undefined) {
        if (offset <= position.offset) return;
        position.offset = offset;
      }
      const origin = { channel: this.name, offset };
      this.events.emit(type, payload, origin);
      this.#host.tell(type, payload, origin);
    }
  }

  /** The server has said `subscribed`: to our question, or because it put us there. */
  arrived({ id, payload }: ServerMessage): void {
    const isBack = this.#wasLive;
    this.isJoined = id === undefined;
    this.#asked = undefined;
    this.#rewind = 0;
    this.missed = 0;
    this.#wasLive = true;
    this.#become("live");
    this.#learn(payload, isBack && payload.recovered !== true);
    if ("members" in payload || "count" in payload) this.#meet(payload);
    else if (this.#isWatching) void this.#ask("presence", true);
  }

  /** Where that is to be done. */
  #subscribe(): void {
    if (this.#host.status !== "open" || this.status === "live" || !this.#hearers.size || this.#asked) return;
    const { name: channel, position: since } = this;
    const rewind = (!since && this.#rewind) || undefined;
    const question = { channel, since, rewind, presence: this.#isWatching };
    // What takes long is late, and not refused: the connection's end settles it.
    const answer = this.#exchange.ask("subscribe", question, { timeoutMs: Number.POSITIVE_INFINITY });
    const id = this.#exchange.lastId;
    this.#asked = id;
    answer.catch((error: TidingsError) => {
      if (this.#asked !== id) return;
      this.#asked = undefined;
      const again = () => this.#subscribe();
      const later = ({ retryAfterMs }: TidingsError) => {
        if (retryAfterMs) this.#again = this.#host.clock.after(retryAfterMs, again);
      };
      if (error.retryAfterMs) later(error);
      else if (error.code !== "already_subscribed") this.#become("lost", error);
      // The server has put us there itself, and says so by itself, or it did not take an end that was asked for.
      else this.#exchange.ask("unsubscribe", { channel: this.name }).then(again, later);
    });
  }

  /** Where it stands now, and how things stand there. */
  #learn(payload: Fields, isGap: boolean): void {
    const { epoch } = payload;
    const offset = payload.offset as number; // PROTOCOL.md, What a client may send
    if (epoch !== undefined) this.position = { epoch, offset };
    if (isGap) {
      const gap: Gap = { offset };
      this.changes.emit("gap", gap);
      this.#host.tell("gap", gap, { channel: this.name });
    }
    if (!("state" in payload)) return;
    this.state = payload.state;
    this.#host.tellState(this.name, this.state);
    this.changes.emit("state", this.state);
  }

  #takenOff(error: TidingsError): void {
    // When it comes back it is for the first time.
    this.isJoined = false;
    this.#wasLive = false;
    this.position = undefined;
    this.#become("lost", error);
  }

  /** All members, or who joined and who left; of very many only how many they are. */
  #meet({ members, joined, left, count }: Fields): void {
    const isChange = members === undefined && count === undefined;
    const known = new Map(isChange ? this.members.map((each) => [each.id, each]) : []);
    for (const { id } of listOf(left)) known.delete(id);
    for (const member of [...listOf(members), ...listOf(joined)]) known.set(member.id, member);
    this.members = [...known.values()];
    this.count = countOf(count) ?? known.size;
    this.changes.emit("members", this.members, this.count);
  }

  /** What it is answered is heard; whether it was refused, or the connection lost, matters to nobody. */
  async #ask(type: string, watch?: true): Promise<void> {
    await this.#exchange.ask(type, { channel: this.name, watch }).catch(() => {});
  }

  /** Where nobody has to do with it any more, it is forgotten; and what was to be asked again later is not. */
  #become(status: SubscriptionStatus, error?: TidingsError): void {
    this.#again?.cancel();
    if (status !== "live" && !this.isJoined && this.#hearers.size === 0) this.#host.forget(this.name);
    if (status === this.status) return;
    this.status = status;
    this.error = error;
    this.changes.emit("status", status, error);
  }
}

function listOf(members: unknown): readonly Member[] {
  return Array.isArray(members) ? members : [];
}
