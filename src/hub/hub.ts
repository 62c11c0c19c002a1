import { type Eventually, whenThere } from "../base/eventually.js";
import { MultiMap } from "../base/multi-map.js";
import type {
  AnswerRequest,
  BrokerEvent,
  BrokerLink,
  BrokerNode,
  Position,
  PresenceChange,
  Revocation,
} from "../broker/broker.js";
import type { Authenticated } from "../declare/credential.js";
import type { Identity } from "../declare/identity.js";
import type { RateLimit } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { Channels, type ChannelsOptions, type Listener } from "./channels.js";
import { EarlyTokens } from "./early-tokens.js";
import { Revocations } from "./revocations.js";

/** What the hub delivers to: a connection. */
export interface Member extends Listener {
  readonly user: Identity | undefined;
  /** By which credentials it came in. */
  readonly papers: readonly Authenticated[];
  close(code: number, reason: string): void;
  /** One of its credentials was revoked. */
  expel(): void;
}

export interface HubOptions extends Omit<ChannelsOptions, "link"> {
  /** Revocations that are remembered. */
  readonly maxRevocations: number;
  /** So many that still hold had to be forgotten. */
  readonly onForgotten: (revocations: number) => void;
  /** The broker is away from now on, for this reason. Also before the hub is open. */
  readonly onAway: (reason: unknown) => void;
  /** It is back. */
  readonly onBack: () => void;
}

/**
 * The connections of this process: who is behind them, whom to let in no more, and on which channels they are.
 *
 * The broker tells each process of an event once; from here it goes to the channel, and from there to everyone.
 */
export class Hub implements Omit<BrokerNode, "away" | "back" | "failed"> {
  readonly channels: Channels;
  readonly #onError: (error: unknown, during: string) => void;
  readonly #link: BrokerLink;
  readonly #maxRevocations: number;
  readonly #revocations: Revocations;
  readonly #early: EarlyTokens;
  readonly #members = new Map<string, Member>();
  readonly #users = new MultiMap<string, Member>();
  /** Topic → who is told of it. */
  readonly #notices = new MultiMap<string, (json: string) => void>();

  /** Connects a new hub to the broker. */
  static async open(connect: (node: BrokerNode) => Promise<BrokerLink>, options: HubOptions): Promise<Hub> {
    // The link needs the node and the node the link: what is told in between concerns nobody yet.
    let hub: Hub | undefined;
    const told: Revocation[] = [];
    const link = await connect({
      deliver: (event) => hub?.deliver(event),
      skip: (channel, position) => hub?.skip(channel, position),
      meet: (change) => hub?.meet(change),
      meetAnew: (channel) => hub?.meetAnew(channel),
      disconnectUser: (user, code, reason) => hub?.disconnectUser(user, code, reason),
      notified: (topic, json) => hub?.notified(topic, json),
      failed: options.onError,
      away: options.onAway,
      back: options.onBack,
      get connectionCount() {
        return hub?.connectionCount ?? 0;
      },
      // Of those that hold already it is told while it connects.
      revoke: (revocation) => (hub === undefined ? told.push(revocation) : hub.revoke(revocation)),
    });
    hub = new Hub(link, options);
    for (const revocation of told) hub.revoke(revocation);
    return hub;
  }

  private constructor(link: BrokerLink, { maxRevocations, onForgotten, ...options }: HubOptions) {
    this.#link = link;
    this.#maxRevocations = maxRevocations;
    this.#revocations = new Revocations({ maxCount: maxRevocations, onForgotten });
    this.#early = new EarlyTokens(maxRevocations);
    this.#onError = options.onError;
    this.channels = new Channels({ ...options, link });
  }

  get connectionCount(): number {
    return this.#members.size;
  }

  get userCount(): number {
    return this.#users.size;
  }

  get members(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  /**
   * A connection of this user is about to open.
   *
   * Throws, or rejects with, a `TidingsError` `too_many_connections` where the user has `limit` of them.
   */
  reserve(user: string, connection: string, limit: number): Eventually<void> {
    return whenThere(this.#link.reserve(user, connection, limit), (isFree) => {
      if (!isFree) throw new TidingsError("too_many_connections");
    });
  }

  /** It has closed, or does not open after all. */
  release(user: string, connection: string): void {
    const departed = this.#link.depart(user, connection);
    departed?.catch((error) => this.#onError(error, "depart"));
  }

  /** A connection is open. Then, or when the promise resolves, every process knows its user to be connected. */
  enter(member: Member): Eventually<void> {
    this.#members.set(member.id, member);
    if (member.user === undefined) return;
    this.#users.add(member.user.id, member);
    return this.#link.arrive(member.user.id, member.id);
  }

  /** It closes: it is off every channel when this returns. What was published before is in its outbox. */
  exit(member: Member): void {
    if (!this.#members.delete(member.id)) return;
    for (const channel of [...(member.memberships?.keys() ?? [])]) this.channels.leave(member, channel, "after-grace");
    if (member.user === undefined) return;
    this.#users.delete(member.user.id, member);
    this.release(member.user.id, member.id);
  }

  isConnected(user: string): Promise<boolean> {
    return this.#link.isConnected(user);
  }

  countUsers(): Promise<number> {
    return this.#link.countUsers();
  }

  /** Of all processes. */
  countConnections(): Promise<number> {
    return this.#link.countConnections();
  }

  /** Closes the user's connections in every process. */
  disconnectEverywhere(user: string, code: number, reason: string): Promise<void> {
    return this.#link.disconnectUser(user, code, reason);
  }

  /** Refuses it in every process from now on. */
  revokeEverywhere(what: { readonly user: string } | { readonly tokenId: string }, nowMs: number): Promise<void> {
    const untilMs = "tokenId" in what ? this.#expiryOf(what.tokenId) : undefined;
    return this.#link.revoke({ ...what, revokedAtMs: nowMs, untilMs }, this.#maxRevocations);
  }

  /** Somebody has shown it: this user, be it as somebody else than whom it was issued to. */
  saw(paper: Authenticated, { id: user }: Identity = paper.user): void {
    const { issuedAtMs, seenAtMs, expiresAtMs: untilMs } = paper;
    const name = nameOf(paper);
    if (name === undefined || issuedAtMs === undefined || seenAtMs === undefined) return;
    this.#early.add({ user, name, seenAtMs, issuedAtMs, untilMs });
    // Its user was revoked while it was looked at.
    const asSeen = { user, tokenId: undefined, issuedAtMs: seenAtMs };
    if (this.#revocations.covers(asSeen, seenAtMs)) this.#revokeToo({ tokenId: name, revokedAtMs: seenAtMs, untilMs });
  }

  /** Was this credential revoked, be it as somebody else's than who came in with it? */
  isRevoked(paper: Authenticated, user: Identity | undefined, nowMs: number): boolean {
    // Mostly there is none, and then no name need be made of what came in.
    if (this.#revocations.size === 0) return false;
    const { issuedAtMs } = paper;
    const tokenId = nameOf(paper);
    const users = new Set([paper.user.id, user?.id ?? paper.user.id]);
    return [...users].some((id) => this.#revocations.covers({ user: id, tokenId, issuedAtMs }, nowMs));
  }

  /** How many revocations it was told of so far. */
  get revocationCount(): number {
    return this.#revocations.added;
  }

  /** Was this user revoked after it had been told of so many? Whoever was let in before, with whatever, is not any more. */
  wasRevokedSince(count: number, user: string): boolean {
    return this.#revocations.isNewerThan(count, user);
  }

  /** Counts one of the user's messages, of all processes; 0 where it passed, otherwise the milliseconds until one may. */
  countMessage(user: string, scope: string, limit: RateLimit, nowMs: number): Eventually<number> {
    return this.#link.countInWindow(user, scope, limit, nowMs);
  }

  /** Says this to every process. */
  notifyEverywhere(topic: string, json: string): Promise<void> {
    return this.#link.notify(topic, json);
  }

  /** Calls with what any process says on this topic. Gives what ends it. */
  onNotice(topic: string, listener: (json: string) => void): () => void {
    this.#notices.add(topic, listener);
    return () => this.#notices.delete(topic, listener);
  }

  /** Answers what programs that know only the broker ask, where it takes such. */
  serveRequests(answer: AnswerRequest, atOnce: number): void {
    this.#link.serveRequests?.(answer, atOnce);
  }

  close(): Promise<void> {
    this.channels.close();
    return this.#link.close();
  }

  deliver(event: BrokerEvent): void {
    const { except } = event;
    this.channels.deliver(event, except === undefined ? undefined : this.#members.get(except)?.outbox);
  }

  skip(channel: string, position: Position): void {
    this.channels.skip(channel, position);
  }

  meet(change: PresenceChange): void {
    this.channels.meet(change);
  }

  meetAnew(channel: string): void {
    this.channels.meetAnew(channel);
  }

  notified(topic: string, json: string): void {
    for (const listener of this.#notices.of(topic)) {
      try {
        listener(json);
      } catch (error) {
        this.#onError(error, topic);
      }
    }
  }

  disconnectUser(user: string, code: number, reason: string): void {
    for (const member of this.#users.of(user)) member.close(code, reason);
  }

  revoke(revocation: Revocation): void {
    this.#revocations.add(revocation);
    const { revokedAtMs } = revocation;
    const isConcerned = isOf(revocation);
    /** Of what would be let in again. */
    const ends = new Map<string, number | undefined>();
    for (const member of [...this.#members.values()]) {
      // Told late, as by a broker that had forgotten it: whoever came in since with what was issued since may stay.
      if ("user" in revocation && isNewer(member, revokedAtMs)) continue;
      const concerned = member.papers.filter((paper) => isConcerned(paper, member));
      // Who it is may be told by something else than a credential.
      const isWho = "user" in revocation && member.user?.id === revocation.user;
      if (concerned.length === 0 && !isWho) continue;
      member.expel();
      // What does not say when it was issued has no other than its own name; nor has what was seen before, and says that it was issued later.
      for (const paper of concerned) {
        const name = nameOf(paper);
        const { issuedAtMs, seenAtMs, expiresAtMs } = paper;
        if (name === undefined) continue;
        if (issuedAtMs === undefined) ends.set(name, undefined);
        else if (issuedAtMs > revokedAtMs && seenAtMs !== undefined && seenAtMs <= revokedAtMs)
          ends.set(name, expiresAtMs);
      }
    }
    if ("tokenId" in revocation) return;
    // And what says that it was issued later than it was seen here lies.
    for (const { name, untilMs } of this.#early.of(revocation.user, revokedAtMs)) ends.set(name, untilMs);
    for (const [tokenId, untilMs] of ends) this.#revokeToo({ tokenId, revokedAtMs, untilMs });
  }

  /** At once, and where the broker is away too. */
  #revokeToo(ofToken: Revocation): void {
    this.#revocations.add(ofToken);
    this.#link.revoke(ofToken, this.#maxRevocations).catch((cause) => this.#onError(untold(cause), "revoke"));
  }

  #expiryOf(tokenId: string): number | undefined {
    for (const { papers } of this.#members.values()) {
      const paper = papers.find((each) => each.tokenId === tokenId);
      // What a store keeps it may extend.
      if (paper !== undefined) return paper.issuedAtMs === undefined ? undefined : paper.expiresAtMs;
    }
    return undefined;
  }
}

/** Not to be taken for what an outage brings along: it does not come right by itself when the broker is back. */
function untold(cause: unknown): Error {
  return new Error("A token that was revoked with its user is refused here, and other processes were not told.", {
    cause,
  });
}

/** Is it this that is revoked? Of very many a text is made for none. */
function isOf(revocation: Revocation): (paper: Authenticated, member: Member) => boolean {
  if ("user" in revocation) {
    const { user } = revocation;
    return (paper, member) => paper.user.id === user || member.user?.id === user;
  }
  const { tokenId } = revocation;
  if (!tokenId.startsWith(NAMELESS)) return (paper) => paper.tokenId === tokenId;
  return (paper) => nameOf(paper) === tokenId;
}

/** Was all that it came in with issued later? Of what says so, and was seen before, it is not true. */
function isNewer({ papers }: Member, revokedAtMs: number): boolean {
  return (
    papers.length > 0 &&
    papers.every(({ issuedAtMs, seenAtMs = issuedAtMs }) => seenAtMs !== undefined && seenAtMs > revokedAtMs)
  );
}

const NAMELESS = "issued ";

/** What it is refused by alone. Of a JWT without a `jti` that is when, to whom and for how long it was issued. */
function nameOf({ user, tokenId, issuedAtMs, expiresAtMs }: Authenticated): string | undefined {
  if (tokenId !== undefined || issuedAtMs === undefined) return tokenId;
  return `${NAMELESS}${issuedAtMs} until ${expiresAtMs ?? "ever"} to ${user.id}`;
}
