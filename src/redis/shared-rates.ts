import type { Eventually } from "../base/eventually.js";
import { MultiMap } from "../base/multi-map.js";
import type { RateLimit } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Names } from "./names.js";
import { shareRates } from "./scripts/rates.js";
import type { Script } from "./scripts/script.js";
import { type RateAnswer, SharedRate } from "./shared-rate.js";

export interface SharedRatesOptions {
  readonly run: (script: Script, keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>;
  readonly names: Pick<Names, "user" | "rate" | "partOfUser">;
  /** This process, among those of the prefix. */
  readonly process: string;
  /** For how long a share is not given to others when it is not heard of any more, and may be used without being renewed. */
  readonly leaseMs: number;
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number;
  readonly after: (ms: number, run: () => void) => { cancel(): void };
  /** All processes hear this, by `heard`. */
  readonly tellOthers: (json: string) => Promise<void>;
  /** What nobody waits for and went wrong. Must not throw. */
  readonly onError: (error: unknown, during: string) => void;
}

/**
 * Rates of users that all processes share, without asking for each message.
 *
 * A rate of `count` in a window is so many tokens. Redis keeps book of who has them; each process passes messages with those it
 * has. Where these do not suffice it asks for more: what nobody has, and what others have above their part, by the number of
 * the user's connections; these are told to give it back. A token goes with the time from which it is usable again, and never
 * is at two places, so in no window more than `count` pass, whatever comes, goes or fails. Only where Redis loses its data, what it gave
 * before and what it gives then may meet in one window.
 */
export class SharedRates {
  readonly #options: SharedRatesOptions;
  readonly #users = new Map<string, Map<string, SharedRate>>();
  /** What goes on and nobody waits for. */
  readonly #running = new Set<Promise<void>>();
  /** A server that was held up may do what was asked over a broken connection after what was asked over the next. */
  #lastSaid = 0;
  #isClosed = false;

  constructor(options: SharedRatesOptions) {
    this.#options = options;
  }

  /** Rates that something is remembered of. */
  get size(): number {
    return [...this.#users.values()].reduce((sum, rates) => sum + rates.size, 0);
  }

  /**
   * Counts one message. 0 where it passed; otherwise the milliseconds until it is worth coming again.
   *
   * Throws, or rejects, with `unavailable` where this process has no share and Redis is away.
   */
  count(user: string, scope: string, limit: RateLimit): Eventually<number> {
    if (this.#isClosed) throw new TidingsError("unavailable");
    const rate = this.#rateOf(user, scope, limit);
    const nowMs = this.#options.now();
    const waitMs = rate.take(nowMs);
    return waitMs === 0 || !rate.mayAsk(nowMs) ? waitMs : this.#askAndTake(rate);
  }

  /** What another process told, or this one. */
  heard(json: string): void {
    const { about, keeps } = JSON.parse(json) as Told; // `#tell` wrote it
    const rate = this.#users.get(about[0])?.get(about[1]);
    const kept = keeps?.[this.#options.process];
    if (keeps === undefined) rate?.resumeAsking();
    else if (kept !== undefined && !this.#isClosed) this.#own(this.#giveBack(about, rate, kept));
  }

  /** The user's last connection here is gone. */
  departed(user: string): void {
    for (const rate of this.#users.get(user)?.values() ?? []) {
      this.#own(this.#say(rate, false, (nowMs) => rate.keep(0, nowMs)).then(() => this.#forget(rate)));
    }
  }

  /**
   * What this process has it still has, for another lease; what it did not use for a window it gives back. To be called several
   * times in a lease, and as soon as Redis is back.
   */
  renew(): Promise<void> {
    const renewed = this.#sayAll((rate, nowMs) => {
      if (rate.isIdle(nowMs)) rate.keep(0, nowMs);
    });
    this.#own(renewed.catch(nothing));
    return renewed;
  }

  /** Gives everything back. Where Redis is away, it has it when the leases are over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const rates = [...this.#users.values()].flatMap((each) => [...each.values()]);
    for (const rate of rates) rate.onGiven?.();
    await Promise.all([...this.#running, ...rates.map(({ asking }) => asking?.catch(nothing))]);
    await Promise.all(rates.map(({ said }) => said));
    try {
      await this.#sayAll((rate, nowMs) => rate.keep(0, nowMs));
    } catch (error) {
      this.#report(error);
    }
    this.#users.clear();
  }

  async #askAndTake(rate: SharedRate): Promise<number> {
    const { now } = this.#options;
    rate.asking ??= this.#ask(rate).finally(() => {
      rate.asking = undefined;
    });
    try {
      await rate.asking;
    } catch (error) {
      if (rate.size === 0) throw error;
      rate.pauseAsking(now());
    }
    return rate.take(now());
  }

  async #ask(rate: SharedRate): Promise<void> {
    const { now } = this.#options;
    const keeps = await this.#say(rate, true, nothing);
    if (keeps.length > 0 && !rate.hasUsable(now())) {
      await this.#claim(rate, keeps);
      await this.#say(rate, true, nothing);
    }
    if (!rate.hasUsable(now())) rate.pauseAsking(now());
  }

  /** Resolves when somebody has given something back, or does not seem to. */
  async #claim(rate: SharedRate, keeps: readonly (string | number)[]): Promise<void> {
    let tooLate: { cancel(): void } | undefined;
    const given = new Promise<void>((resolve) => {
      rate.onGiven = resolve;
      tooLate = this.#options.after(PATIENCE_MS, resolve);
    });
    try {
      const entries = keeps.flatMap((name, index) => (index % 2 === 0 ? [[name, keeps[index + 1]]] : []));
      // It may wait for Redis longer than whoever asked.
      this.#own(this.#tell({ about: [rate.user, rate.counted], keeps: Object.fromEntries(entries) }));
      if (!this.#isClosed) await given;
    } finally {
      tooLate?.cancel();
      rate.onGiven = undefined;
    }
  }

  /** Whoever waits for it is told also where there was nothing to give any more: then Redis has had it before. */
  async #giveBack(about: Told["about"], rate: SharedRate | undefined, kept: number): Promise<void> {
    if (rate !== undefined) await this.#say(rate, false, (nowMs) => rate.keep(kept, nowMs));
    await this.#tell({ about });
  }

  #tell(told: Told): Promise<void> {
    return this.#options.tellOthers(JSON.stringify(told));
  }

  /** Says what this process has, behind all that it said of it before. Gives who is to give something back. */
  async #say(
    rate: SharedRate,
    wants: boolean,
    prepare: (nowMs: number) => void,
  ): Promise<readonly (string | number)[]> {
    rate.turns += 1;
    try {
      while (rate.said !== undefined) await rate.said;
      const [keeps = []] = await this.#sayNow([rate], wants, prepare);
      return keeps;
    } finally {
      rate.turns -= 1;
    }
  }

  /** Of servers that are away the others don't know. Rejects when all the others have been told. */
  async #sayAll(prepare: (rate: SharedRate, nowMs: number) => void): Promise<void> {
    const byPart = new MultiMap<number, SharedRate>();
    for (const [user, rates] of this.#users) {
      for (const rate of rates.values()) byPart.add(this.#options.names.partOfUser(user), rate);
    }
    const parts = await Promise.allSettled(
      Array.from(byPart.keys(), (part) => this.#sayPart(byPart.of(part), prepare)),
    );
    for (const part of parts) if (part.status === "rejected") throw part.reason;
  }

  async #sayPart(rates: readonly SharedRate[], prepare: (rate: SharedRate, nowMs: number) => void): Promise<void> {
    for (let from = 0; from < rates.length; from += BATCH) {
      // Of others something is being said just now, or was, and they are forgotten.
      const batch = rates.slice(from, from + BATCH).filter((rate) => rate.said === undefined && this.#knows(rate));
      for (const rate of batch) prepare(rate, this.#options.now());
      const telling = batch.filter((rate) => !this.#forget(rate));
      if (telling.length > 0) await this.#sayNow(telling, false, nothing);
      for (const rate of telling) this.#forget(rate);
    }
  }

  /** All of them are in one slot, and nothing is being said of them. */
  #sayNow(
    rates: readonly SharedRate[],
    wants: boolean,
    prepare: (nowMs: number) => void,
  ): Promise<readonly (readonly (string | number)[])[]> {
    const { run, names, process, leaseMs, now } = this.#options;
    const saidMs = now();
    prepare(saidMs);
    this.#lastSaid += 1;
    const keys = rates.flatMap(({ user, counted }) => [names.rate(user, counted), names.user(user)]);
    const states = rates.flatMap((rate) => rate.state(saidMs, wants));
    const learned = run(shareRates, keys, [process, leaseMs, this.#lastSaid, ...states]).then((answer) => {
      const answers = answer as readonly RateAnswer[]; // what the script gives
      return rates.map((rate, index) => rate.learn(answers[index] ?? [], saidMs, leaseMs, now()));
    });
    const said = learned.then(nothing, nothing).then(() => {
      for (const rate of rates) rate.said = undefined;
    });
    for (const rate of rates) rate.said = said;
    return learned;
  }

  #rateOf(user: string, scope: string, limit: RateLimit): SharedRate {
    const counted = `${scope}|${limit.count}/${limit.windowMs}`;
    const rates = this.#users.get(user) ?? new Map<string, SharedRate>();
    this.#users.set(user, rates);
    const rate = rates.get(counted) ?? new SharedRate(user, counted, limit);
    rates.set(counted, rate);
    return rate;
  }

  /** There may be another in its place. */
  #knows(rate: SharedRate): boolean {
    return this.#users.get(rate.user)?.get(rate.counted) === rate;
  }

  #forget(rate: SharedRate): boolean {
    const rates = this.#users.get(rate.user);
    if (!this.#knows(rate) || !rate.isDone(this.#options.now())) return false;
    rates?.delete(rate.counted);
    if (rates?.size === 0) this.#users.delete(rate.user);
    return true;
  }

  #own(running: Promise<unknown>): void {
    const done: Promise<void> = running
      .then(nothing, (error: unknown) => this.#report(error))
      .then(() => {
        this.#running.delete(done);
      });
    this.#running.add(done);
  }

  /** While Redis is away, everybody knows. */
  #report(error: unknown): void {
    if (error instanceof TidingsError && error.code === "unavailable") return;
    this.#options.onError(error, "sharing a user's rate");
  }
}

/** All but so many are to be given back by these processes; or, without `keeps`, some were. */
interface Told {
  readonly about: readonly [user: string, counted: string];
  readonly keeps?: Readonly<Record<string, number>> | undefined;
}

/** So long a message waits for what others have too much of. */
const PATIENCE_MS = 250;

/** So many rates are renewed in one step. */
const BATCH = 100;

function nothing(): void {}
