import type { RateLimit } from "../../../src/protocol/limits.js";
import { Names } from "../../../src/redis/names.js";
import type { Script } from "../../../src/redis/scripts/script.js";
import { unavailable } from "../../../src/redis/servers.js";
import { SharedRates } from "../../../src/redis/shared-rates.js";
import { after } from "../../../src/redis/timer.js";
import type { RedisServer } from "./redis-server.js";

/** Processes that share rates of one user through a real Redis, with a clock, Redis's too, that a test moves. */
export class RateWorld {
  readonly redis: RedisServer;
  readonly names: Names;
  readonly living: RateProcess[] = [];
  /** When messages passed, of whatever process. */
  readonly passedMs: number[] = [];
  /** Far from now: by its own clock Redis forgets nothing. */
  nowMs = Date.now() + 86_400_000;
  readonly leaseMs: number;

  constructor(redis: RedisServer, prefix: string, leaseMs: number) {
    this.redis = redis;
    this.names = new Names(prefix, 0);
    this.leaseMs = leaseMs;
  }

  /** One more, with so many of the user's connections. */
  async start(name: string, connections = 0): Promise<RateProcess> {
    const process = new RateProcess(this, name);
    this.living.push(process);
    if (connections > 0) await process.connect(connections);
    return process;
  }

  /** As Redis runs a script, by this world's clock. */
  eval({ source }: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    if (!source.includes(askForTime)) throw new Error("This script asks for the time in another way.");
    const text = source.replace(askForTime, "{ ARGV[#ARGV - 1], ARGV[#ARGV] }");
    const time = [Math.floor(this.nowMs / 1_000), Math.floor((this.nowMs % 1_000) * 1_000)];
    return this.redis.command("EVAL", text, `${keys.length}`, ...keys, ...[...args, ...time].map(String));
  }

  /** The most that passed in any window of this length. */
  mostIn(windowMs: number): number {
    const counts = this.passedMs.map(
      (from) => this.passedMs.filter((atMs) => atMs >= from && atMs < from + windowMs).length,
    );
    return Math.max(0, ...counts);
  }
}

const PATIENCE_MS = 5;

const askForTime = "redis.call('TIME')";

export class RateProcess {
  readonly name: string;
  readonly rates: SharedRates;
  /** What it asked Redis for, so many times. */
  asked = 0;
  /** `away`: nothing gets to Redis. `deaf`: what Redis answers does not get here. */
  line: "whole" | "away" | "deaf" = "whole";
  /** The server that has this key is away. */
  awayFor: string | undefined;
  /** What is run from now on waits for this. */
  gate: Promise<void> | undefined;
  /** What Redis answers waits for this. */
  answerGate: Promise<void> | undefined;
  /** What is run when the line ends is done late, by `runLate`. */
  isHeldUp = false;
  readonly #late: (() => Promise<unknown>)[] = [];
  readonly #world: RateWorld;

  constructor(world: RateWorld, name: string) {
    this.#world = world;
    this.name = name;
    // No two processes have the same clock.
    const aheadMs = world.living.length * 12_345.25;
    this.rates = new SharedRates({
      run: (script, keys, args) => this.#run(script, keys, args),
      names: world.names,
      process: name,
      leaseMs: world.leaseMs,
      now: () => world.nowMs + aheadMs,
      // Where others are dead they are waited for in vain: a test has less patience, and comes again.
      after: (_, run) => after(PATIENCE_MS, run),
      tellOthers: (json) => this.#tell(json),
      onError: (error) => {
        throw error;
      },
    });
  }

  /** Redis knows of so many connections of the user here. */
  async connect(count: number): Promise<void> {
    const { redis, names, nowMs } = this.#world;
    const until = Math.floor(nowMs) + 1_000_000_000;
    await redis.command("HSET", names.user("ana"), this.name, `${count} ${count} ${until}`);
  }

  async disconnect(): Promise<void> {
    await this.#world.redis.command("HDEL", this.#world.names.user("ana"), this.name);
    this.rates.departed("ana");
  }

  /** The user says something here. 0 where it passed, otherwise how long to wait. */
  async say(limit: RateLimit): Promise<number | "unavailable"> {
    try {
      const waitMs = await this.rates.count("ana", "chat", limit);
      if (waitMs === 0) this.#world.passedMs.push(this.#world.nowMs);
      return waitMs;
    } catch {
      return "unavailable";
    }
  }

  /** How many of so many pass. */
  async sayMany(count: number, limit: RateLimit): Promise<number> {
    let passed = 0;
    for (let n = 0; n < count; n += 1) passed += (await this.say(limit)) === 0 ? 1 : 0;
    return passed;
  }

  /** As `kill -9`. */
  kill(): void {
    this.line = "away";
    this.#world.living.splice(this.#world.living.indexOf(this), 1);
  }

  /** A server that was held up does now what it was told over a line that has ended. */
  async runLate(): Promise<void> {
    for (const run of this.#late.splice(0)) await run();
  }

  async #run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    this.asked += 1;
    await this.gate;
    if (this.isHeldUp) this.#late.push(() => this.#world.eval(script, keys, args));
    const isAway = this.line === "away" || keys.includes(this.awayFor ?? "");
    if (isAway || this.isHeldUp) throw unavailable("away");
    const answer = await this.#world.eval(script, keys, args);
    await this.answerGate;
    if (this.line !== "whole") throw unavailable("cut");
    return answer;
  }

  async #tell(json: string): Promise<void> {
    if (this.line === "away") throw unavailable("away");
    for (const { line, rates } of this.#world.living) if (line === "whole") rates.heard(json);
  }
}
