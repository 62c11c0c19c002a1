import { setTimeout as sleep } from "node:timers/promises";
import { LoadProcess, ServerProcess } from "./child.mjs";
import { cores } from "./machine.mjs";
import { peers } from "./peers.mjs";
import { startRedis } from "./redis.mjs";

/**
 * What a row plays on: a server, or several that one Redis connects, and the load for them.
 *
 * @typedef {object} StageOptions
 * @property {string} peer
 * @property {string} tidings where its build is
 * @property {number} [processes] of the server, all on one core
 * @property {"server" | "load"} [redis] on which core there is one
 * @property {readonly string[]} [nodeFlags]
 * @property {boolean} [compression]
 * @property {number} [textLength] of what is said
 */
export class Stage {
  /** @type {LoadProcess | undefined} */
  #load;
  /** @type {ServerProcess[]} */
  servers = [];
  /** @type {ServerProcess | undefined} */
  redis;
  /** A V8 CPU profile of what was measured first in each server, where they are wanted. */
  profiles = [];
  isProfiling = false;
  /** Is only the CPU time counted that the servers spend in user code? */
  isUserOnly = false;

  /** @param {StageOptions} options */
  static async open(options) {
    const stage = new Stage();
    try {
      await stage.#set(options);
    } catch (error) {
      await stage.close();
      throw error;
    }
    return stage;
  }

  async #set({ peer, tidings, processes = 1, redis, nodeFlags, compression = false, textLength = TEXT_LENGTH }) {
    if (redis !== undefined) this.redis = await startRedis(cores()[redis]);
    const how = {
      core: redis === "server" ? cores().load : cores().server,
      args: compression ? ["--compression"] : [],
      nodeFlags,
      env: {
        TIDINGS: tidings,
        ...(redis === undefined ? {} : { BENCH_REDIS: `redis://127.0.0.1:${this.redis.port}` }),
      },
    };
    for (let index = 0; index < processes; index += 1) {
      this.servers.push(await ServerProcess.start(peers[peer], how));
    }
    const { dialect } = peers[peer];
    if (dialect === undefined) return;
    this.#load = new LoadProcess();
    await this.#load.order("meet", { ports: this.ports, dialect, compression, textLength });
  }

  get ports() {
    return this.servers.map(({ port }) => port);
  }

  /** The first one, which is most often the only one. */
  get server() {
    return this.servers[0];
  }

  async dial(what) {
    const result = await this.#load.order("dial", { atOnce: 50, ...what });
    // A handshake is answered before the server's own work for it is done.
    await sleep(SETTLE_MS);
    return result;
  }

  async hangUp(what) {
    await this.#load.order("hangUp", what);
    await sleep(SETTLE_MS);
  }

  order(order, what) {
    return this.#load.order(order, what);
  }

  /** Resolves when the servers have nothing more to do. */
  async rest() {
    for (let before = -1, now = await this.#spent(); now.servers - before > IDLE_SECONDS; ) {
      before = now.servers;
      await sleep(SETTLE_MS);
      now = await this.#spent();
    }
  }

  /** What an order gave, and the seconds of CPU time that it took: the servers', all together, and Redis's. */
  async costOf(work) {
    const isProfiling = this.isProfiling && this.profiles.length === 0;
    const before = await this.#spent();
    if (isProfiling) await Promise.all(this.servers.map((server) => server.profile()));
    const result = await work();
    if (isProfiling) this.profiles = await Promise.all(this.servers.map((server) => server.profiled()));
    const after = await this.#spent();
    return {
      result,
      cpuSeconds: after.servers - before.servers,
      redisCpuSeconds: this.redis && after.redis - before.redis,
    };
  }

  async close() {
    await this.#load?.stop();
    await Promise.all(this.servers.map((server) => server.stop()));
    await this.redis?.stop();
  }

  async #spent() {
    const seconds = await Promise.all(this.servers.map((server) => server.cpuSeconds(this.isUserOnly)));
    return { servers: seconds.reduce((sum, each) => sum + each, 0), redis: await this.redis?.cpuSeconds() };
  }
}

/** With the type around it, a message from a client has 100 bytes. */
const TEXT_LENGTH = 64;
const SETTLE_MS = 150;
/** CPU time in so long: of who is asked for it, and has nothing else to do. */
const IDLE_SECONDS = 0.005;
