import type { Eventually } from "../base/eventually.js";
import type {
  AnswerRequest,
  BrokerEvent,
  BrokerLink,
  BrokerNode,
  HistoryPage,
  HistoryRange,
  Members,
  Position,
  PresentMember,
  Publication,
  Revocation,
} from "../broker/broker.js";
import type { RateLimit } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import { PROCESSES, ProcessNotices } from "./process-notices.js";
import { Publisher } from "./publisher.js";
import { Refusals } from "./refusals.js";
import { Requests } from "./requests.js";
import { beat } from "./scripts/processes.js";
import { isAway, Servers } from "./servers.js";
import type { Settings } from "./settings.js";
import { SharedChannels } from "./shared-channels.js";
import { SharedRates } from "./shared-rates.js";
import { SharedUsers } from "./shared-users.js";
import { StoredRevocations } from "./stored-revocations.js";
import { after } from "./timer.js";
import type { Whereabouts } from "./whereabouts.js";

export interface RedisLinkOptions {
  readonly settings: Settings;
  readonly whereabouts: Whereabouts;
  readonly patienceMs: number;
  readonly queueSize: number | undefined;
  readonly replicas: number;
  /** Does it take what other programs ask of the app? */
  readonly takesRequests: boolean;
}

/**
 * One process on Redis: what it asks for goes to the servers, and what it is told comes from the channels that it hears.
 */
export class RedisLink implements BrokerLink {
  readonly #settings: Settings;
  /** How often it is looked whether the masters are still where they were. */
  readonly #moveMs: number | undefined;
  readonly #node: BrokerNode;
  readonly #servers: Servers;
  readonly #refusals: Refusals;
  readonly #channels: SharedChannels;
  readonly #users: SharedUsers;
  readonly #rates: SharedRates;
  readonly #publisher: Publisher;
  readonly #notices: ProcessNotices;
  readonly #takesRequests: boolean;
  readonly #patienceMs: number;
  #requests: Requests | undefined;
  #isOpen = false;
  /** Was Redis told that this process is there? */
  #isKnown = false;
  #isAway = false;
  /** Must what Redis may have lost be said to it anew? */
  #isRestoreDue = false;
  #isComingBack = false;
  #timers: { cancel(): void }[] = [];
  #closing: Promise<void> | undefined;

  /** Resolves when every master has been reached. Rejects where one is not, in time. */
  static async open(options: RedisLinkOptions, node: BrokerNode): Promise<RedisLink> {
    const link = new RedisLink(options, node);
    try {
      await link.#open();
    } catch (error) {
      link.#servers.close();
      const { cause = error } = error as Error; // nothing else is thrown there
      throw new TidingsError("unavailable", `Redis can't be used: ${wordsOf(cause)}`, { cause });
    }
    return link;
  }

  private constructor(options: RedisLinkOptions, node: BrokerNode) {
    const { settings, whereabouts, patienceMs, queueSize, replicas, takesRequests } = options;
    this.#settings = settings;
    this.#takesRequests = takesRequests;
    this.#patienceMs = patienceMs;
    this.#moveMs = whereabouts.everyMs;
    this.#node = node;
    const servers = new Servers({
      whereabouts,
      patienceMs,
      hear: (topic, message) => this.#channels.hear(topic, message),
      changed: () => this.#linesChanged(),
    });
    this.#servers = servers;
    this.#refusals = new Refusals(settings.onError);
    this.#channels = new SharedChannels({
      servers,
      settings,
      refusals: this.#refusals,
      node: {
        deliver: (event) => this.#deliver(event),
        skip: (channel, position) => this.#skip(channel, position),
        meet: (change) => node.meet(change),
        meetAnew: (channel) => node.meetAnew(channel),
      },
    });
    this.#users = new SharedUsers(servers, settings);
    this.#rates = new SharedRates({
      run: (script, keys, args) => servers.run(script, keys, args),
      names: settings.names,
      process: settings.process,
      leaseMs: rateLeaseOf(settings),
      now: () => performance.now(),
      after,
      tellOthers: async (json) => {
        await this.#publish({ channel: RATES, type: "rate", payloadJson: json, except: undefined }, false);
      },
      onError: settings.onError,
    });
    this.#publisher = new Publisher({ servers, settings, queueSize, replicas, replicationMs: patienceMs / 2 });
    const stored = new StoredRevocations(servers, settings.names);
    this.#notices = new ProcessNotices({ publish: (event) => this.#publish(event, false), stored, node });
  }

  publish(event: Publication): Promise<Position> {
    return this.#refusals.of("publish", this.#publish(event, true));
  }

  read(channel: string, range: HistoryRange): Promise<HistoryPage> {
    return this.#channels.read(channel, range);
  }

  subscribe(channel: string, isKept: boolean = false): Promise<Position> {
    return this.#refusals.of("subscribe", this.#channels.subscribe(channel, isKept));
  }

  unsubscribe(channel: string): Promise<void> {
    return this.#channels.unsubscribe(channel);
  }

  attend(channel: string, member: PresentMember): Promise<void> {
    return this.#channels.attend(channel, member);
  }

  withdraw(channel: string, id: string): Promise<void> {
    return this.#channels.withdraw(channel, id);
  }

  members(channel: string, limit: number): Promise<Members> {
    return this.#refusals.of("members", this.#channels.members(channel, limit));
  }

  reserve(user: string, connection: string, limit: number): Promise<boolean> {
    return this.#refusals.of("reserve", this.#users.reserve(user, connection, limit));
  }

  arrive(user: string, connection: string): Promise<void> {
    return this.#refusals.of("arrive", this.#users.arrive(user, connection));
  }

  async depart(user: string, connection: string): Promise<void> {
    await this.#users.depart(user, connection);
    if (!this.#users.has(user)) this.#rates.departed(user);
  }

  isConnected(user: string): Promise<boolean> {
    return this.#refusals.of("isConnected", this.#users.isConnected(user));
  }

  disconnectUser(user: string, code: number, reason: string): Promise<void> {
    return this.#refusals.of("disconnectUser", this.#notices.disconnectUser(user, code, reason));
  }

  revoke(revocation: Revocation, limit: number): Promise<void> {
    return this.#refusals.of("revoke", this.#notices.revoke(revocation, limit));
  }

  countInWindow(user: string, scope: string, limit: RateLimit): Eventually<number> {
    return this.#rates.count(user, scope, limit);
  }

  countUsers(): Promise<number> {
    return this.#refusals.of("countUsers", this.#users.count());
  }

  countConnections(): Promise<number> {
    return this.#refusals.of("countConnections", this.#beat());
  }

  notify(topic: string, json: string): Promise<void> {
    return this.#refusals.of("notify", this.#notices.notify(topic, json));
  }

  serveRequests(answer: AnswerRequest, atOnce: number): void {
    if (!this.#takesRequests || this.#requests !== undefined || this.#closing !== undefined) return;
    const [servers, settings, patienceMs] = [this.#servers, this.#settings, this.#patienceMs];
    const requests = new Requests({ servers, settings, patienceMs, answer, atOnce });
    this.#requests = requests;
    this.#every(settings.compareMs, async () => this.#isAway || requests.keepUp());
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #publish(event: Publication, mayWait: boolean): Promise<Position> {
    this.#channels.flush();
    const position = await this.#publisher.publish(event, mayWait);
    await this.#channels.reach(event.channel, position);
    return position;
  }

  async #open(): Promise<void> {
    await this.#servers.open();
    this.#isOpen = true;
    await Promise.all([this.#channels.subscribe(PROCESSES, true), this.#channels.subscribe(RATES, false)]);
    await this.#notices.read();
    await this.#beat();
    this.#isKnown = true;
    this.#keepUp();
  }

  /** Gives back everything, as far as Redis is there to take it: otherwise the leases end. */
  async #close(): Promise<void> {
    for (const { cancel } of this.#timers) cancel();
    // What is being answered may publish.
    await this.#requests?.close();
    this.#publisher.close();
    await Promise.allSettled([this.#channels.close(), this.#users.close(), this.#rates.close(), this.#beat("last")]);
    this.#isOpen = false;
    this.#servers.close();
  }

  /** The leases are renewed, and the streams compared, often enough that one may fail. */
  #keepUp(): void {
    const { compareMs } = this.#settings;
    this.#every(Math.min(compareMs, BEAT_MS), () => this.#look());
    this.#every(compareMs, async () => this.#isAway || this.#users.renew());
    this.#every(rateLeaseOf(this.#settings) / 3, async () => this.#isAway || this.#rates.renew());
    // Another may be the master though nobody has ended this line.
    if (this.#moveMs !== undefined) this.#every(this.#moveMs, () => this.#servers.lookAgain());
    // Those of many channels are not all compared at the same time.
    this.#every(compareMs / STEPS, async () => this.#isAway || this.#channels.compareOlderThan(compareMs));
  }

  #every(ms: number, run: () => Promise<unknown>): void {
    const slot = this.#timers.length;
    const again = () => {
      if (this.#closing !== undefined) return;
      this.#timers[slot] = after(ms, () => void this.#report(run(), "keeping up").then(again));
    };
    this.#timers.push({ cancel: () => {} });
    again();
  }

  /** Waits for it, and tells what goes wrong, unless that the broker is away says it already. */
  async #report(doing: Promise<unknown>, during: string): Promise<void> {
    try {
      await doing;
    } catch (error) {
      if (!isAway(error) && !this.#isAway) this.#settings.onError(error, during);
    }
  }

  /** Does Redis take what is written? One that is there and does not is away all the same. */
  async #look(): Promise<void> {
    if (this.#servers.missing !== undefined) return;
    try {
      await this.#beat();
    } catch (error) {
      if (!isAway(error)) this.#goAway((error as Error).cause); // what Redis answered
      return;
    }
    if (this.#isAway) return this.#comeBack();
    await this.#publisher.sayWaiting();
    if (this.#isRestoreDue) await this.#restore();
  }

  /** It is there, or goes. Gives the connections of all processes. */
  async #beat(which?: "last"): Promise<number> {
    const { names, process, leaseMs } = this.#settings;
    const args = [process, this.#node.connectionCount, which === "last" ? 0 : leaseMs];
    const answer = await this.#servers.run(beat, [`${names.processes.key}:alive`], args);
    const [sum, wasKnown] = answer as [number, 0 | 1]; // as the script gives them
    // Redis has forgotten this process, and what else it has nobody knows.
    if (wasKnown === 0 && this.#isKnown && which === undefined) this.#restoreSoon();
    return sum;
  }

  #linesChanged(): void {
    if (!this.#isOpen) return;
    const { missing } = this.#servers;
    if (missing !== undefined) this.#goAway(missing.reason);
    void this.#comeBack();
  }

  #goAway(reason: unknown): void {
    if (this.#isAway) return;
    this.#isAway = true;
    this.#node.away(reason);
  }

  /** What was said meanwhile is told, and what this process holds is held again, before it is said to be back. Never rejects. */
  async #comeBack(): Promise<void> {
    await this.#channels.settle();
    if (!this.#isAway || this.#isComingBack || this.#servers.missing !== undefined) return;
    this.#isComingBack = true;
    try {
      await this.#beat();
      await this.#channels.compareOlderThan(this.#settings.compareMs);
      await Promise.all([this.#users.renew(), this.#rates.renew()]);
      await this.#publisher.sayWaiting();
    } catch {
      // It is not back, then. It is looked at again with the next beat.
      return;
    } finally {
      this.#isComingBack = false;
    }
    if (this.#servers.missing !== undefined || !this.#isOpen) return;
    this.#isAway = false;
    this.#node.back();
  }

  #deliver(event: BrokerEvent): void {
    if (event.channel === RATES) this.#rates.heard(event.payloadJson);
    else if (event.channel === PROCESSES) this.#notices.heard(event);
    else this.#node.deliver(event);
  }

  #skip(channel: string, position: Position): void {
    // What was said of rates is worth nothing later.
    if (channel === RATES) return;
    if (channel !== PROCESSES) {
      this.#node.skip(channel, position);
      return;
    }
    this.#restoreSoon();
  }

  #restoreSoon(): void {
    this.#isRestoreDue = true;
    void this.#report(this.#restore(), "restoring");
  }

  /** What Redis remembered may be lost: each process says again what it knows, and is told what others do. */
  async #restore(): Promise<void> {
    const done = await Promise.allSettled([
      this.#notices.restore(),
      this.#channels.compareOlderThan(0),
      this.#users.renew(),
      this.#rates.renew(),
    ]);
    const failed = done.find(({ status }) => status === "rejected");
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
    this.#isRestoreDue = false;
  }
}

/** Where several addresses were tried each has its own reason. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(wordsOf))].join("; ");
  return error instanceof Error ? error.message || error.name : String(error);
}

/** What the rates need to tell: worth nothing later, so it is not kept. */
const RATES = "$rates";

/** In so many parts are all channels compared. */
const STEPS = 10;

/** While nobody knows whether a process is there, nobody else can use its part of a user's rate. */
function rateLeaseOf({ leaseMs }: Settings): number {
  return Math.min(leaseMs, 10_000);
}

const BEAT_MS = 1_000;
