import { Random } from "../../src/testing/random.js";
import type { AskedProcess } from "../support/redis/chaos/asked-process.js";
import { type RedisServer, startRedis } from "../support/redis/redis-server.js";
import { type Fault, faultsWithoutEnd, type Stage } from "./faults.js";
import { faultsOfRest, processReport } from "./process-report.js";
import { startSoakProcess } from "./soak-process.js";
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
  const redis = await startRedis();
  const soak = new Soak(options, redis);
  try {
    return await soak.run();
  } finally {
    await soak[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  }
}

class Soak implements AsyncDisposable {
  readonly #options: SoakOptions;
  readonly #redis: RedisServer;
  readonly #far: World;
  readonly #near: World;
  readonly #random: Random;
  readonly #violations: Violation[] = [];
  readonly #befell: Record<string, number> = {};
  #beganMs = 0;
  readonly #pastVisits: RabbleCounts[] = [];
  #rabble: AskedProcess;
  #rabbles = 0;
  #troubles = [0, 0];
  #isTroubled = [false, false];
  #rounds = 0;
  #boundedChecks = 0;
  /** Visits of this round that went wrong though nothing befell them. */
  #cut: Cut[] = [];
  #rabbleStarved = 0;
  #starvedRounds = 0;
  #wasStarved = false;

  constructor(options: SoakOptions, redis: RedisServer) {
    this.#options = options;
    this.#redis = redis;
    this.#random = new Random(options.seed).fork("faults");
    const { seed, clients } = options;
    const all = { seed, clients, violate: (violation: Violation) => this.#violate(violation) };
    const broker = { url: redis.url, timeout: "1s", lease: "1s", positionTtl: "20s", prefix: "soak" } as const;
    this.#far = new World({ name: "redis", processes: 2, broker, ...all });
    this.#near = new World({ name: "memory", processes: 1, broker: undefined, ...all });
    this.#rabble = this.#startRabble();
  }

  async run(): Promise<SoakReport> {
    await Promise.all(this.#worlds.map((world) => world.start()));
    await Promise.all(this.#worlds.map((world) => world.fill()));
    await this.#warm(this.#far, this.#near);
    await this.#openDoors();
    this.#beganMs = performance.now();
    const { forMs } = this.#options;
    const parts = forMs < LONG_MS ? 4 : 16;
    let measured = 0;
    for (const fault of faultsWithoutEnd(this.#random)) {
      if (this.#elapsedMs >= forMs) break;
      // Who is to be compared with a quarter of its life needs some of it.
      if (fault.on === "near" && fault.replaces !== undefined && this.#elapsedMs > forMs / 2) continue;
      await this.#playRound(fault);
      if (fault.on === "near" && fault.replaces !== undefined) await this.#warm(this.#near);
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
      far: this.#far,
      near: this.#near,
      replaceRabble: () => this.#replaceRabble(),
    };
    const starvedBefore = this.#starved;
    this.#rounds += 1;
    this.#befell[fault.name] = (this.#befell[fault.name] ?? 0) + 1;
    const troubled = fault.name === "nothing at all" ? undefined : { far: 0, near: 1, rabble: undefined }[fault.on];
    await this.#tellRabble(troubled);
    await Promise.all(
      this.#worlds.map((world, index) => {
        const isHere = index === (fault.on === "near" ? 1 : 0);
        return isHere ? world.play(() => fault.befall(stage), fault.gap) : world.play(() => world.flow(), "to nobody");
      }),
    );
    await this.#tellRabble(undefined);
    this.#judgeCut(this.#starved > starvedBefore);
    await this.#tellProgress(fault.name);
  }

  /** Whom the machine has no time for, in this round or the one before, can't be expected to have done in time what it should. */
  #judgeCut(isStarved: boolean): void {
    const cut = this.#cut;
    this.#cut = [];
    if (isStarved) this.#starvedRounds += 1;
    if (!isStarved && !this.#wasStarved) for (const { what } of cut) this.#violate({ promise: "no failure", what });
    this.#wasStarved = isStarved;
  }

  get #starved(): number {
    return this.#worlds.reduce((sum, { starved }) => sum + starved, this.#rabbleStarved);
  }

  /** @param troubled which of the worlds something befalls */
  async #tellRabble(troubled: number | undefined): Promise<void> {
    this.#isTroubled = this.#worlds.map((_, index) => index === troubled);
    if (troubled !== undefined) this.#troubles[troubled] = (this.#troubles[troubled] ?? 0) + 1;
    await this.#rabble.ask(
      "at",
      this.#worlds.map(({ urls }, index) => ({
        urls,
        troubles: this.#troubles[index],
        isTroubled: this.#isTroubled[index],
      })),
    );
  }

  /** A process that is to be compared with itself does everything once before. */
  async #warm(...worlds: readonly World[]): Promise<void> {
    await this.#rabble.ask("leave");
    await this.#tellRabble(undefined);
    for (const world of worlds) await this.#rabble.ask("warm", this.#worlds.indexOf(world));
    if (this.#beganMs > 0) await this.#rabble.ask("come");
  }

  async #openDoors(): Promise<void> {
    await this.#tellRabble(undefined);
    await this.#rabble.ask("come");
  }

  async #replaceRabble(): Promise<void> {
    this.#pastVisits.push(await this.#rabble.ask<RabbleCounts>("told"));
    await this.#rabble.kill();
    this.#rabble = this.#startRabble();
    await this.#openDoors();
  }

  /** With as much going on each time: the crowds are there, and nobody else. */
  async #measure(): Promise<void> {
    await this.#rabble.ask("leave");
    for (const world of this.#worlds) await world.measure();
    await this.#rabble.ask("come");
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
      acknowledged: this.#worlds.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
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

  async #visits(): Promise<readonly RabbleCounts[]> {
    return [...this.#pastVisits, await this.#rabble.ask<RabbleCounts>("told")];
  }

  async #checks(counts: readonly WatchedCounts[]) {
    const visits = await this.#visits();
    const checks = Object.fromEntries(
      soakPromises.map((promise) => [
        promise,
        [...counts, ...visits].reduce((sum, each) => sum + (each.checks[promise] ?? 0), 0),
      ]),
    ) as Record<SoakPromise, number>; // of each one
    const sum = (of: (world: World) => number) => this.#worlds.reduce((all, world) => all + of(world), 0);
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
    await this.#rabble.ask("leave");
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
    const total = (name: keyof WatchedCounts["stats"]) =>
      counts.reduce((sum, { stats }) => sum + Number(stats[name]), 0);
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
        visits: sumOfVisits(visits),
      },
      messages: {
        published: total("eventsPublished"),
        acknowledged: this.#worlds.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
        received: total("messagesReceived"),
        sent: total("messagesSent"),
        replayed: total("eventsReplayed"),
        gaps: total("gaps"),
        rateLimited: total("rateLimited"),
        slowConsumers: total("slowConsumers"),
        pingTimeouts: total("pingTimeouts"),
        handshakesRefused: total("handshakesRefused"),
        connectionsOpened: total("connectionsOpened"),
      },
      checks,
      violations: this.#violations,
      processes,
      redisKeys,
    };
  }

  async #keysLeft(): Promise<SoakReport["redisKeys"]> {
    const keys = (await this.#redis.command("KEYS", "*")) as readonly string[]; // as Redis answers it
    const ttls = await Promise.all(keys.map((key) => this.#redis.command("PTTL", key)));
    return { left: keys.length, forever: keys.filter((key, index) => ttls[index] === NO_TTL && !BOUNDED.test(key)) };
  }

  #startRabble(): AskedProcess {
    this.#rabbles += 1;
    const env = { NAME: `rabble-${this.#rabbles}`, SEED: this.#options.seed };
    return startSoakProcess("rabble.ts", env, (notice, what) => {
      // rabble.ts says so.
      if (notice === "violated") this.#violate(what as Violation);
      if (notice === "cut") this.#cut.push(what as Cut);
      if (notice === "starved") this.#rabbleStarved += 1;
    });
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

interface Cut {
  readonly what: string;
}

interface RabbleCounts {
  readonly checks: Readonly<Partial<Record<SoakPromise, number>>>;
  readonly tally: Readonly<Record<string, { readonly done: number; readonly cut: number }>>;
}

function sumOfVisits(all: readonly RabbleCounts[]): SoakReport["clients"]["visits"] {
  const visits: Record<string, { done: number; cut: number }> = {};
  for (const [kind, { done, cut }] of all.flatMap(({ tally }) => Object.entries(tally))) {
    const sum = (visits[kind] ??= { done: 0, cut: 0 });
    sum.done += done;
    sum.cut += cut;
  }
  return visits;
}

/** From here on there is time for more points of the heap's curve. */
const LONG_MS = 10 * 60_000;
/** Twice soak-app's limit, and what a socket is given ahead. */
const MOST_OUTBOX = 2 * 256 * 1024 + 64 * 1024;
/** What was revoked and is not known to expire: as many are remembered as `limits.revocations` says. */
const BOUNDED = /:revoked(-order|-until)?$/;
/** What `PTTL` answers of a key that stays. */
const NO_TTL = -1;
