import type { Clock } from "../base/clock.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Gap, Origin, Status, SubscriptionStatus } from "./client.js";
import type { Asked } from "./exchange.js";
import { Listeners } from "./listeners.js";
import { countOf, type Fields, lost, type ServerMessage } from "./message.js";

/** What a channel needs of its client. */
export interface ChannelHost {
  readonly clock: Clock;
  readonly status: Status;
  /** Of this connection alone. */
  ask(type: string, question: object): Asked;
  /** An event, or a gap. */
  tell(type: string, payload: unknown, origin: Origin): void;
  /** What a snapshot said. */
  tellState(channel: string, state: unknown): void;
  forget(channel: string): void;
}

/** Where it stands in a channel's stream (PROTOCOL.md, Position). */
export interface Position {
  readonly epoch: string;
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
  /** Has the server put us there? So it was on the last connection, until this one says so too. */
  isJoined = false;
  position: Position | undefined;
  state: unknown;
  members: readonly Member[] = [];
  count = 0;
  readonly events: Listeners<Record<string, [payload: unknown, origin: Origin]>> = new Listeners();
  readonly changes: Listeners<Changes> = new Listeners();
  readonly #host: ChannelHost;
  /** The page's subscriptions to it. */
  readonly #hearers = new Set<object>();
  #rewind: number | undefined;
  #isWatching = false;
  /** Was it live before? Then what is not told anew is lost. */
  #wasLive = false;
  /** The id of the `subscribe` that has no answer yet. */
  #asked: number | undefined;

  constructor(name: string, host: ChannelHost) {
    this.name = name;
    this.#host = host;
  }

  add(hearer: object, rewind: number | undefined): void {
    this.#hearers.add(hearer);
    this.#rewind ??= rewind;
    if (this.#isOpen && this.status !== "live" && this.#asked === undefined) this.#subscribe();
  }

  /** Resolves when nothing more of it comes. */
  async remove(hearer: object): Promise<void> {
    if (!this.#hearers.delete(hearer) || this.#hearers.size > 0) return;
    const isThere = this.#isOpen && (this.status === "live" || this.#asked !== undefined);
    if (this.isJoined) {
      // The server's own affair; but nobody looks any more at who is there.
      if (isThere && this.#isWatching) await this.#ask("presence", { watch: false });
      this.#isWatching = false;
      return;
    }
    this.#host.forget(this.name);
    if (isThere) await this.#ask("unsubscribe", {});
  }

  /** From now on it knows who is there. */
  watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    if (this.status === "live") this.#askPresence();
  }

  /** There is a connection. */
  opened(): void {
    // Where the server puts us there again, it has done so before it looks at our question, and says that it has.
    this.isJoined = false;
    if (this.#hearers.size > 0) this.#subscribe();
  }

  /** There is none any more. */
  lost(): void {
    this.#asked = undefined;
    if (this.#hearers.size === 0 && !this.isJoined) this.#host.forget(this.name);
    else this.#become("subscribing");
  }

  close(why: string): void {
    this.#become("lost", lost(why));
  }

  hear(message: ServerMessage): void {
    const { type, id, payload, offset } = message;
    if (type === "subscribed") {
      if (id === this.#asked) this.arrived(message);
    } else if (this.status !== "live" || id !== undefined) return;
    else if (type === "gap") this.#passGap(payload);
    else if (type === "presence") this.#meet(payload);
    else if (type === "unsubscribed") this.#takenOff(String(payload.code));
    else if (offset === undefined || this.#isNext(offset)) {
      const origin = { channel: this.name, offset };
      this.events.emit(type, payload, origin);
      this.#host.tell(type, payload, origin);
    }
  }

  /** The server has said `subscribed`: to our question, or because it put us there. */
  arrived({ id, payload }: ServerMessage): void {
    this.isJoined = id === undefined;
    this.#asked = undefined;
    this.#rewind = undefined;
    this.position = positionIn(payload);
    const isBack = this.#wasLive;
    this.#wasLive = true;
    this.#become("live");
    if (isBack && payload.recovered !== true) this.#tellGap(payload);
    this.#takeState(payload);
    if (payload.members !== undefined || payload.count !== undefined) this.#meet(payload);
    else if (this.#isWatching) this.#askPresence();
  }

  get #isOpen(): boolean {
    return this.#host.status === "open";
  }

  #subscribe(): void {
    const since = this.position;
    const rewind = since === undefined ? this.#rewind : undefined;
    const question = { channel: this.name, since, rewind, presence: this.#isWatching || undefined };
    const { id, answer } = this.#host.ask("subscribe", question);
    this.#asked = id;
    answer.catch((error: TidingsError) => {
      if (this.#asked === id) this.#refused(error);
    });
  }

  #refused(error: TidingsError): void {
    this.#asked = undefined;
    // The server has put us there itself, and says so by itself.
    if (error.code === "already_subscribed") return;
    const { retryAfterMs } = error;
    if (retryAfterMs === undefined) {
      this.#become("lost", error);
      return;
    }
    this.#host.clock.after(retryAfterMs, () => {
      const isWanted = this.#hearers.size > 0 && this.status === "subscribing" && this.#asked === undefined;
      if (isWanted && this.#isOpen) this.#subscribe();
    });
  }

  #isNext(offset: number): boolean {
    if (this.position === undefined) return true;
    if (offset <= this.position.offset) return false;
    this.position.offset = offset;
    return true;
  }

  #passGap(payload: Fields): void {
    this.position = positionIn(payload) ?? this.position;
    this.#tellGap(payload);
    this.#takeState(payload);
  }

  #tellGap({ offset }: Fields): void {
    const gap: Gap = { offset: countOf(offset) };
    this.changes.emit("gap", gap);
    this.#host.tell("gap", gap, { channel: this.name, offset: gap.offset });
  }

  #takeState(payload: Fields): void {
    if (!("state" in payload)) return;
    this.state = payload.state;
    this.changes.emit("state", this.state);
    this.#host.tellState(this.name, this.state);
  }

  #takenOff(code: string): void {
    // When it comes back it is for the first time.
    this.isJoined = false;
    this.#wasLive = false;
    this.position = undefined;
    if (this.#hearers.size === 0) this.#host.forget(this.name);
    else this.#become("lost", new TidingsError(code, "The server took this client off the channel."));
  }

  #askPresence(): void {
    void this.#ask("presence", { watch: true }).then((answer) => {
      if (answer !== undefined) this.#meet(answer);
    });
  }

  /** All members, or who joined and who left; of very many only how many they are. */
  #meet({ members, joined, left, count }: Fields): void {
    const known = new Map(
      members === undefined && count === undefined ? this.members.map((each) => [each.id, each]) : [],
    );
    for (const { id } of listOf(left)) known.delete(id);
    for (const member of [...listOf(members), ...listOf(joined)]) known.set(member.id, member);
    this.members = [...known.values()];
    this.count = countOf(count) ?? known.size;
    this.changes.emit("members", this.members, this.count);
  }

  /** Undefined where it was refused, or the connection was lost. */
  async #ask(type: string, question: object): Promise<Fields | undefined> {
    try {
      return (await this.#host.ask(type, { channel: this.name, ...question }).answer) as Fields | undefined;
    } catch {
      return undefined;
    }
  }

  #become(status: SubscriptionStatus, error?: TidingsError): void {
    if (status === this.status && error === this.error) return;
    this.status = status;
    this.error = error;
    this.changes.emit("status", status, error);
  }
}

/** Only where the channel has a history. */
function positionIn({ epoch, offset }: Fields): Position | undefined {
  const at = countOf(offset);
  return typeof epoch === "string" && at !== undefined ? { epoch, offset: at } : undefined;
}

function listOf(members: unknown): readonly Member[] {
  return Array.isArray(members) ? members : [];
}
