import { Random } from "../../src/testing/random.js";
import { type LossyWay, startLossyWay } from "../support/redis/chaos/lossy-way.js";
import { type RedisServer, startRedis } from "../support/redis/redis-server.js";
import { type Fault, faultsWithoutEnd, type Stage } from "./faults.js";
import { faultsOfRest, processReport } from "./process-report.js";
import { Rabble } from "./rabble-process.js";
import {
  type ProcessReport,
  type SoakPromise,
  type SoakReport,
  soakPromises,
  type Violation,
  type WatchedCounts,
} from "./soak-report.js";
import { World } from "./world.js";

export interface SoakOptions {
  readonly forMs: number;
  /** Decides what befalls in which order, who leaves, and what those say who come for a moment. */
  readonly seed: number;
  /** Clients of the crowd of each of the two apps. */
  readonly clients: number;
  /** Told what goes on before the first round and after the last. */
  readonly goesOn: (what: string) => void;
  /** Told of each round. */
  readonly tell: (progress: SoakProgress) => void;
  /** Told at once. */
  readonly violated: (violation: Violation) => void;
}

export interface SoakProgress {
  readonly rounds: number;
  /** What befalls now, or did last. */
  readonly fault: string;
  readonly elapsedMs: number;
  readonly forMs: number;
  readonly connections: number;
  readonly acknowledged: number;
  readonly checks: number;
  readonly violations: number;
  readonly heap: readonly { readonly name: string; readonly bytes: number }[];
}

/**
 * An app in two processes on one Redis, another in the memory of one, a crowd of our clients on each, and whoever comes for a
 * moment. Round after round something befalls one of them, and each round is judged.
 */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  options.goesOn("a Redis and three processes start");
  await using redis = await startRedis();
  await using one = await startLossyWay(redis);
  await using other = await startLossyWay(redis);
  await using soak = new Soak(options, redis, [one, other]);
  return await soak.run();
}

class Soak implements AsyncDisposable {
  readonly #options: SoakOptions;
  readonly #redis: RedisServer;
  readonly #ways: readonly LossyWay[];
  readonly #far: World;
  readonly #near: World;
  readonly #random: Random;
  readonly #violations: Violation[] = [];
  readonly #befell: Record<string, number> = {};
  #beganMs = 0;
  readonly #rabble: Rabble;
  #rounds = 0;
  #boundedChecks = 0;
  #starvedRounds = 0;
  #wasStarved = false;

  /** @param ways to Redis, one for each process */
  constructor(options: SoakOptions, redis: RedisServer, ways: readonly LossyWay[]) {
    this.#options = options;
    this.#redis = redis;
    this.#ways = ways;
    this.#random = new Random(options.seed).fork("faults");
    const { seed, clients } = options;
    const all = { seed, clients, violate: (violation: Violation) => this.#violate(violation) };
    const times = { timeout: "1s", lease: "1s", positionTtl: "20s" } as const;
    const broker = (index: number) => ({ url: ways[index]?.url, prefix: "soak", ...times });
    this.#far = new World({ name: "redis", processes: ways.length, broker, ...all });
    this.#near = new World({ name: "memory", processes: 1, broker: undefined, ...all });
    this.#rabble = new Rabble({ seed, worlds: this.#worlds, violate: all.violate });
  }

  async run(): Promise<SoakReport> {
    const { forMs, goesOn } = this.#options;
    await Promise.all(this.#worlds.map((world) => world.start()));
    goesOn("the crowds come");
    await Promise.all(this.#worlds.map((world) => world.fill()));
    goesOn("two of each kind of visitor come, so that everything has been done once");
    for (const world of this.#worlds) await this.#rabble.warm(world);
    await this.#rabble.come();
    this.#beganMs = performance.now();
    const parts = forMs < LONG_MS ? 4 : 16;
    let measured = 0;
    for (const fault of faultsWithoutEnd(this.#random)) {
      if (this.#elapsedMs >= forMs) break;
      // Who is to be compared with a quarter of its life needs some of it.
      if (fault.on === "near" && fault.replaces !== undefined && this.#elapsedMs > forMs / 2) continue;
      await this.#playRound(fault);
      if (fault.on === "near" && fault.replaces !== undefined) await this.#rabble.warm(this.#near);
      const part = Math.floor((this.#elapsedMs / forMs) * parts);
      if (part > measured && part < parts) await this.#measure();
      measured = part;
    }
    await this.#measure();
    return await this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rabble[Symbol.asyncDispose]();
    for (const world of this.#worlds) await world[Symbol.asyncDispose]();
  }

  get #worlds(): readonly World[] {
    return [this.#far, this.#near];
  }

  get #elapsedMs(): number {
    return performance.now() - this.#beganMs;
  }

  async #playRound(fault: Fault): Promise<void> {
    const stage: Stage = {
      redis: this.#redis,
      ways: this.#ways,
      far: this.#far,
      near: this.#near,
      replaceRabble: () => this.#rabble.replace(),
    };
    const starvedBefore = this.#starved;
    this.#rounds += 1;
    this.#befell[fault.name] = (this.#befell[fault.name] ?? 0) + 1;
    const troubled = fault.name === "nothing at all" ? undefined : { far: 0, near: 1, rabble: undefined }[fault.on];
    await this.#rabble.tell(troubled);
    await Promise.all(
      this.#worlds.map((world, index) => {
        const isHere = index === (fault.on === "near" ? 1 : 0);
        return isHere ? world.play(() => fault.befall(stage), fault.gap) : world.play(() => world.flow(), "to nobody");
      }),
    );
    await this.#rabble.tell();
    this.#judgeCut(this.#starved > starvedBefore);
    await this.#tellProgress(fault.name);
  }

  /** Whom the machine has no time for, in this round or the one before, can't be expected to have done in time what it should. */
  #judgeCut(isStarved: boolean): void {
    const cut = this.#rabble.takeCut();
    if (isStarved) this.#starvedRounds += 1;
    if (!isStarved && !this.#wasStarved) for (const { what } of cut) this.#violate({ promise: "no failure", what });
    this.#wasStarved = isStarved;
  }

  get #starved(): number {
    return this.#worlds.reduce((sum, { starved }) => sum + starved, this.#rabble.starved);
  }

  /** With as much going on each time: the crowds are there, and nobody else. */
  async #measure(): Promise<void> {
    await this.#rabble.leave();
    for (const world of this.#worlds) await world.measure();
    await this.#rabble.come();
  }

  async #tellProgress(fault: string): Promise<void> {
    const counts = await this.#counts();
    const living = await Promise.all(
      this.#worlds.flatMap(({ servings }) => servings).map(({ process }) => process.ask<Pulse>("told")),
    );
    for (const { largestOutbox } of living) {
      this.#boundedChecks += 1;
      if (largestOutbox > MOST_OUTBOX)
        this.#violate({ promise: "bounded", what: `${largestOutbox} bytes wait for one` });
    }
    const { checks } = await this.#checks(counts);
    this.#options.tell({
      rounds: this.#rounds,
      fault,
      elapsedMs: this.#elapsedMs,
      forMs: this.#options.forMs,
      connections: living.reduce((sum, { stats }) => sum + stats.connections, 0),
      acknowledged: this.#acknowledged,
      checks: Object.values(checks).reduce((sum, each) => sum + each, 0),
      violations: this.#violations.length,
      heap: this.#worlds
        .flatMap(({ servings }) => servings)
        .map(({ name }, index) => ({ name, bytes: living[index]?.heapBytes ?? 0 })),
    });
  }

  async #counts(): Promise<readonly WatchedCounts[]> {
    return (await Promise.all(this.#worlds.map((world) => world.counts()))).flat();
  }

  async #checks(counts: readonly WatchedCounts[]) {
    const { checks: ofVisits, visits } = await this.#rabble.counts();
    const all = [...counts.map((each) => each.checks), ...ofVisits];
    const checks = Object.fromEntries(
      soakPromises.map((promise) => [promise, all.reduce((sum, each) => sum + (each[promise] ?? 0), 0)]),
    ) as Record<SoakPromise, number>; // of each one
    const sum = (of: (world: World) => number) => this.#worlds.reduce((total, world) => total + of(world), 0);
    checks.order += sum(({ heardChecks }) => heardChecks);
    checks.resume += sum(({ heardChecks }) => heardChecks);
    checks.stored += sum(({ storedChecks }) => storedChecks);
    checks.presence += this.#rounds * this.#worlds.length;
    checks.bounded += this.#boundedChecks;
    checks["no failure"] += this.#rounds;
    return { checks, visits };
  }

  /** All go, and it is looked what stays. */
  async #end(): Promise<SoakReport> {
    this.#options.goesOn("all go, and it is looked what stays");
    await this.#rabble.leave();
    const counts = await this.#counts();
    const { checks, visits } = await this.#checks(counts);
    for (const world of this.#worlds) await world.leave();
    const processes: ProcessReport[] = [];
    for (const serving of this.#worlds.flatMap(({ servings }) => servings)) {
      const report = await processReport(serving, this.#beganMs);
      processes.push(report);
      checks.rest += 1;
      checks.heap += report.growth === undefined ? 0 : 1;
      for (const violation of faultsOfRest(report)) this.#violate(violation);
    }
    for (const world of this.#worlds) await world.close();
    const redisKeys = await this.#keysLeft();
    for (const key of redisKeys.forever) this.#violate({ promise: "rest", what: `Redis keeps ${key} for ever` });
    return {
      seed: this.#options.seed,
      seconds: Math.round(this.#elapsedMs / 1_000),
      rounds: this.#rounds,
      starvedRounds: this.#starvedRounds,
      faults: this.#befell,
      clients: {
        ofTheCrowd: this.#options.clients * this.#worlds.length,
        came: this.#worlds.reduce((sum, { comers }) => sum + comers, 0),
        left: this.#worlds.reduce((sum, { leavers }) => sum + leavers, 0),
        visits,
      },
      messages: { acknowledged: this.#acknowledged, ...messagesOf(counts) },
      checks,
      violations: this.#violations,
      processes,
      redisKeys,
    };
  }

  get #acknowledged(): number {
    return this.#worlds.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  }

  async #keysLeft(): Promise<SoakReport["redisKeys"]> {
    const keys = (await this.#redis.command("KEYS", "*")) as readonly string[]; // as Redis answers it
    const ttls = await Promise.all(keys.map((key) => this.#redis.command("PTTL", key)));
    return { left: keys.length, forever: keys.filter((key, index) => ttls[index] === NO_TTL && !BOUNDED.test(key)) };
  }

  #violate(violation: Violation): void {
    this.#violations.push(violation);
    this.#options.violated(violation);
  }
}

interface Pulse extends WatchedCounts {
  readonly heapBytes: number;
  readonly largestOutbox: number;
}

function messagesOf(counts: readonly WatchedCounts[]): Omit<SoakReport["messages"], "acknowledged"> {
  const total = (name: keyof WatchedCounts["stats"]) => counts.reduce((sum, { stats }) => sum + Number(stats[name]), 0);
  return {
    published: total("eventsPublished"),
    received: total("messagesReceived"),
    sent: total("messagesSent"),
    replayed: total("eventsReplayed"),
    gaps: total("gaps"),
    rateLimited: total("rateLimited"),
    slowConsumers: total("slowConsumers"),
    pingTimeouts: total("pingTimeouts"),
    handshakesRefused: total("handshakesRefused"),
    connectionsOpened: total("connectionsOpened"),
  };
}

/** From here on there is time for more points of the heap's curve. */
const LONG_MS = 10 * 60_000;
/** Twice soak-app's limit, and what a socket is given ahead. */
const MOST_OUTBOX = 2 * 256 * 1024 + 64 * 1024;
/** What was revoked and is not known to expire: as many are remembered as `limits.revocations` says. */
const BOUNDED = /:revoked(-order|-until)?$/;
/** What `PTTL` answers of a key that stays. */
const NO_TTL = -1;
