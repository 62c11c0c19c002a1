import type { BrokerEvent, BrokerLink, BrokerNode } from "../broker/broker.js";
import type { ChannelRef } from "../declare/channel.js";
import type { Identity } from "../declare/credential.js";
import { encodeTextFrame } from "../delivery/frame.js";
import { Lane } from "../delivery/lane.js";
import type { Outbox } from "../delivery/outbox.js";
import type { Turn } from "../delivery/turn.js";
import type { Counters } from "../observe/observe.js";
import { encodeEvent } from "../protocol/encode-message.js";
import { encodeOutgoing } from "./outgoing.js";

/** What the hub delivers to: a connection. */
export interface Member {
  readonly id: string;
  readonly user: Identity | undefined;
  readonly outbox: Outbox;
  readonly channels: Set<string>;
  close(code: number, reason: string): void;
}

export interface HubOptions {
  readonly turn: Turn;
  readonly counters: Counters;
  /** What nobody waits for and went wrong. */
  readonly onError: (error: unknown, during: string) => void;
}

/**
 * Who is on which channel in this process, and whose connections they are.
 *
 * The broker tells each process of an event once; from here it goes into the channel's lane, and from there to everyone.
 */
export class Hub implements BrokerNode {
  readonly #turn: Turn;
  readonly #counters: Counters;
  readonly #onError: (error: unknown, during: string) => void;
  readonly #link: BrokerLink;
  readonly #members = new Map<string, Member>();
  readonly #users = new Map<string, Set<Member>>();
  readonly #audiences = new Map<string, Audience>();

  /** Connects a new hub to the broker. */
  static async open(connect: (node: BrokerNode) => Promise<BrokerLink>, options: HubOptions): Promise<Hub> {
    // The link needs the node and the node the link: what is told in between concerns nobody yet.
    let hub: Hub | undefined;
    const link = await connect({
      deliver: (event) => hub?.deliver(event),
      disconnectUser: (user, code, reason) => hub?.disconnectUser(user, code, reason),
    });
    hub = new Hub(link, options);
    return hub;
  }

  private constructor(link: BrokerLink, { turn, counters, onError }: HubOptions) {
    this.#link = link;
    this.#turn = turn;
    this.#counters = counters;
    this.#onError = onError;
  }

  get connectionCount(): number {
    return this.#members.size;
  }

  get userCount(): number {
    return this.#users.size;
  }

  get channelCount(): number {
    return this.#audiences.size;
  }

  get members(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  /** A connection is open. Resolves when every process knows its user to be connected. */
  async enter(member: Member): Promise<void> {
    this.#members.set(member.id, member);
    if (member.user === undefined) return;
    const devices = this.#users.get(member.user.id);
    if (devices === undefined) this.#users.set(member.user.id, new Set([member]));
    else devices.add(member);
    await this.#link.arrive(member.user.id, member.id);
  }

  /** It closes: it is off every channel when this returns. What was published before is in its outbox. */
  exit(member: Member): void {
    if (!this.#members.delete(member.id)) return;
    for (const channel of [...member.channels]) this.leave(member, channel);
    if (member.user === undefined) return;
    const devices = this.#users.get(member.user.id);
    devices?.delete(member);
    if (devices?.size === 0) this.#users.delete(member.user.id);
    this.#link.depart(member.user.id, member.id).catch((error) => this.#onError(error, "depart"));
  }

  /** Resolves when it hears the channel. Rejects with the broker's error; then it is not on it. */
  async join(member: Member, channel: string): Promise<void> {
    let audience = this.#audiences.get(channel);
    if (audience === undefined) {
      audience = { lane: new Lane(this.#turn), isSubscribed: this.#link.subscribe(channel).then(() => {}) };
      this.#audiences.set(channel, audience);
    }
    audience.lane.add(member.outbox);
    member.channels.add(channel);
    try {
      await audience.isSubscribed;
    } catch (error) {
      // Unless it has left meanwhile, and joined anew.
      if (this.#audiences.get(channel) === audience) this.leave(member, channel);
      throw error;
    }
  }

  /** It hears nothing of the channel that is published from now on. */
  leave(member: Member, channel: string): void {
    if (!member.channels.delete(channel)) return;
    const audience = this.#audiences.get(channel);
    audience?.lane.delete(member.outbox);
    if (audience?.lane.size !== 0) return;
    this.#audiences.delete(channel);
    this.#link.unsubscribe(channel).catch((error) => this.#onError(error, "unsubscribe"));
  }

  /** Says it to everyone on the channel, in every process. Resolves when it is in the outboxes of this one. */
  async publish(ref: ChannelRef, type: string, payload: unknown, except: string | undefined): Promise<void> {
    const schema = ref["~definition"].events.get(type);
    if (schema === undefined) throw new TypeError(`The channel "${ref.pattern}" has no event "${type}".`);
    const payloadJson = encodeOutgoing(schema, payload, `the event "${type}" of "${ref.pattern}"`);
    this.#counters.eventsPublished += 1;
    await this.#link.publish({ channel: ref.channel, type, payloadJson, except });
  }

  isConnected(user: string): Promise<boolean> {
    return this.#link.isConnected(user);
  }

  countUsers(): Promise<number> {
    return this.#link.countUsers();
  }

  /** Closes the user's connections in every process. */
  disconnectEverywhere(user: string, code: number, reason: string): Promise<void> {
    return this.#link.disconnectUser(user, code, reason);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  deliver({ channel, type, payloadJson, except }: BrokerEvent): void {
    const audience = this.#audiences.get(channel);
    if (audience === undefined) return;
    this.#counters.framesEncoded += 1;
    const frame = encodeTextFrame(encodeEvent({ type, channel, payloadJson }));
    audience.lane.push(frame, except === undefined ? undefined : this.#members.get(except)?.outbox);
  }

  disconnectUser(user: string, code: number, reason: string): void {
    for (const member of [...(this.#users.get(user) ?? [])]) member.close(code, reason);
  }
}

/** Those of this process who are on one channel. */
interface Audience {
  readonly lane: Lane;
  readonly isSubscribed: Promise<void>;
}
