import { type Broker, TidingsError } from "tidings";
import { cutToBytes } from "../../src/broker/page-bytes.js";

type Node = Parameters<Broker["connect"]>[0];
type Link = Awaited<ReturnType<Broker["connect"]>>;
type Publication = Parameters<Link["publish"]>[0];
type Page = Awaited<ReturnType<Link["read"]>>;
type Member = Parameters<Link["attend"]>[1];

/**
 * A broker for one process that answers later, and can be away, as one behind a network is. What it is asked it does one
 * after the other, in the order it was asked.
 *
 * Where it is away it refuses what it is asked, and hears other processes all the same; when it is back it tells what was
 * said meanwhile, as far as that is kept. Events are kept by their number and not by their age, and a `key` means nothing
 * to it.
 */
export class FarBroker implements Broker {
  readonly "~is" = "broker";
  /** What was asked of it, such as `subscribe room`. */
  readonly asked: string[] = [];
  /** Awaited before it does anything: holds it back, with all that is asked after it, or rejects where it is away. */
  reach: (what: keyof Link | "connect", about: string) => Promise<unknown> = () =>
    new Promise((resolve) => setImmediate(resolve));
  /** Awaited when it has done it: holds its answer back, or loses it. What is asked after it is done all the same. */
  answer: (what: keyof Link | "connect", about: string) => Promise<unknown> = () => Promise.resolve();
  readonly #users = new Map<string, Set<string>>();
  /** Channel → the last offset that the process was told of. */
  readonly #channels = new Map<string, number>();
  readonly #streams = new Map<string, FarStream>();
  readonly #rosters = new Map<string, Map<string, Member>>();
  #last: Promise<unknown> = Promise.resolve();
  #node: Node | undefined;
  #isAway = false;

  away(reason: unknown = new Error("The line is cut.")): void {
    this.#isAway = true;
    this.#node?.away(reason);
  }

  back(): void {
    this.#isAway = false;
    for (const channel of this.#channels.keys()) {
      this.#tell(channel);
      this.#node?.meetAnew(channel);
    }
    this.#node?.back();
  }

  /** Another process publishes it. */
  hear(event: Publication): void {
    this.#streamOf(event.channel).append(event);
    if (!this.#isAway) this.#tell(event.channel, event);
  }

  async connect(node: Node): Promise<Link> {
    await this.#do("connect", "", () => {});
    this.#node = node;
    const meet = (channel: string, joined: readonly Member[], left: readonly Member[]) => {
      if (this.#channels.has(channel))
        node.meet({ channel, joined, left, count: this.#rosters.get(channel)?.size ?? 0 });
    };
    return {
      publish: (event) =>
        this.#do("publish", event.channel, () => {
          const position = this.#streamOf(event.channel).append(event);
          this.#tell(event.channel, event);
          return position;
        }),
      read: (channel, range) => this.#do("read", channel, () => this.#streamOf(channel).read(range)),
      subscribe: (channel) =>
        this.#do("subscribe", channel, () => {
          const { position } = this.#streamOf(channel);
          this.#channels.set(channel, position.offset);
          return position;
        }),
      unsubscribe: (channel) => this.#do("unsubscribe", channel, () => void this.#channels.delete(channel)),
      attend: (channel, member) =>
        this.#do("attend", `${channel} ${member.id}`, () => {
          const roster = this.#rosters.get(channel) ?? new Map<string, Member>();
          if (roster.has(member.id)) return;
          this.#rosters.set(channel, roster.set(member.id, member));
          meet(channel, [member], []);
        }),
      withdraw: (channel, id) =>
        this.#do("withdraw", `${channel} ${id}`, () => {
          const member = this.#rosters.get(channel)?.get(id);
          if (member === undefined) return;
          this.#rosters.get(channel)?.delete(id);
          meet(channel, [], [member]);
        }),
      members: (channel, limit) =>
        this.#do("members", channel, () => {
          const members = [...(this.#rosters.get(channel)?.values() ?? [])];
          return { members: members.slice(0, limit), count: members.length };
        }),
      reserve: (user) => this.#do("reserve", user, () => true),
      revoke: (revocation) => this.#do("revoke", "", () => node.revoke(revocation)),
      countInWindow: (user) => this.#do("countInWindow", user, () => 0),
      arrive: (user, connection) =>
        this.#do("arrive", user, () => {
          this.#users.set(user, new Set([...(this.#users.get(user) ?? []), connection]));
        }),
      depart: (user, connection) => this.#do("depart", user, () => void this.#users.get(user)?.delete(connection)),
      isConnected: (user) => this.#do("isConnected", user, () => (this.#users.get(user)?.size ?? 0) > 0),
      disconnectUser: (user, code, reason) =>
        this.#do("disconnectUser", user, () => node.disconnectUser(user, code, reason)),
      countUsers: () =>
        this.#do("countUsers", "", () => [...this.#users.values()].filter(({ size }) => size > 0).length),
      countConnections: () => this.#do("countConnections", "", () => node.connectionCount),
      notify: (topic, json) => this.#do("notify", topic, () => node.notified(topic, json)),
      close: () => {
        this.#node = undefined;
        return this.#do("close", "", () => this.#channels.clear());
      },
    };
  }

  /** Tells the process what is kept of the channel behind the last that it was told of: this event, or what it missed. */
  #tell(channel: string, event?: Publication): void {
    const told = this.#channels.get(channel);
    if (told === undefined) return;
    const { position, kept } = this.#streamOf(channel);
    const { epoch, offset } = position;
    this.#channels.set(channel, offset);
    if (event !== undefined) {
      this.#node?.deliver({ ...event, epoch, offset });
      return;
    }
    const missed = kept.filter((each) => each.offset > told);
    const first = missed[0]?.offset ?? offset + 1;
    if (first > told + 1) this.#node?.skip(channel, { epoch, offset: first - 1 });
    for (const each of missed) this.#node?.deliver({ ...each, channel, epoch, except: undefined });
  }

  /** Does it when it is reached and everything before it is done, and gives what came of it when it is answered. */
  async #do<Result>(what: keyof Link | "connect", about: string, effect: () => Result): Promise<Result> {
    this.asked.push(`${what} ${about}`.trimEnd());
    if (this.#isAway) throw new TidingsError("unavailable", "The broker is away.");
    const done = this.#last.then(() => this.reach(what, about)).then(effect);
    this.#last = done.catch(() => {});
    const result = await done;
    await this.answer(what, about);
    return result;
  }

  #streamOf(channel: string): FarStream {
    const stream = this.#streams.get(channel) ?? new FarStream();
    this.#streams.set(channel, stream);
    return stream;
  }
}

/** A channel's events, of one epoch. */
class FarStream {
  #offset = 0;
  #kept: Page["events"] = [];

  get kept(): Page["events"] {
    return this.#kept;
  }

  get position(): { epoch: string; offset: number } {
    return { epoch: "one", offset: this.#offset };
  }

  append({ type, payloadJson, keep }: Publication): { epoch: string; offset: number } {
    this.#offset += 1;
    const event = { offset: this.#offset, type, payloadJson };
    if (keep !== undefined) this.#kept = [...this.#kept, event].slice(-keep.size);
    return this.position;
  }

  read({ after, before = Number.POSITIVE_INFINITY, limit, bytes }: Parameters<Link["read"]>[1]): Page {
    const wanted = this.#kept.filter(({ offset }) => offset > (after ?? 0) && offset < before);
    const found = after === undefined ? wanted.slice(Math.max(0, wanted.length - limit)) : wanted.slice(0, limit);
    const events = cutToBytes(found, { after, bytes });
    // Whole where the one behind `after` is kept, or none is to come.
    const end = Math.min(this.#offset, before - 1);
    const oldest = this.#kept[0]?.offset ?? Number.POSITIVE_INFINITY;
    return { ...this.position, events, isComplete: after === undefined || after >= end || oldest <= after + 1 };
  }
}
