import { type RedisServer, startRedis } from "./redis-server.js";

export interface SentinelsOptions {
  readonly replicas?: number | undefined;
  readonly sentinels?: number | undefined;
}

/** A master with its replicas, and sentinels that watch it. Resolves when a failover would succeed. */
export async function startSentinels(options: SentinelsOptions = {}): Promise<Sentinels> {
  const { replicas = 1, sentinels = 3 } = options;
  const group = new Sentinels();
  try {
    await group.start(replicas, sentinels);
    return group;
  } catch (error) {
    await group[Symbol.asyncDispose]();
    throw error;
  }
}

export class Sentinels implements AsyncDisposable {
  /** Of the master, as the sentinels call it. */
  readonly name = "tidings";
  /** The sentinels. */
  readonly nodes: RedisServer[] = [];
  /** Whoever of them is the master now. */
  readonly servers: RedisServer[] = [];

  /** Use `startSentinels`. */
  async start(replicas: number, sentinels: number): Promise<void> {
    const master = await startRedis();
    this.servers.push(master);
    for (let n = 0; n < replicas; n += 1) {
      const replica = await startRedis({ config: { replicaof: `${master.host} ${master.port}` } });
      this.servers.push(replica);
      await master.process.line(new RegExp(`Synchronization with replica \\S+:${replica.port} succeeded`));
    }
    for (let n = 0; n < sentinels; n += 1) {
      const sentinel = await startRedis({ sentinel: true });
      this.nodes.push(sentinel);
      await this.#watch(sentinel, master);
    }
    await Promise.all(this.nodes.map((sentinel) => this.#knowsAll(sentinel)));
  }

  /** Whom the first sentinel that runs names. */
  async master(): Promise<RedisServer> {
    const asked = this.nodes.find(({ pid }) => pid !== undefined);
    const address = await asked?.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", this.name);
    const [, port] = address as readonly string[]; // its answer for a name that it knows
    return this.#at(Number(port));
  }

  /** Kills the master as `kill -9` does. Gives the new one, when all sentinels name it and it accepts writes. */
  async failOver(): Promise<RedisServer> {
    const master = await this.master();
    const switched = this.switched();
    await master.kill();
    return switched;
  }

  /** The next master, as soon as all sentinels name it: not before it accepts writes. */
  async switched(): Promise<RedisServer> {
    const running = this.nodes.filter(({ pid }) => pid !== undefined);
    const lines = await Promise.all(
      running.map(({ process }) => process.nextLine(new RegExp(`\\+switch-master ${this.name} `))),
    );
    const [port] = lines.map((line) => Number(line.split(" ").at(-1)));
    return this.#at(port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.nodes, ...this.servers].map((server) => server[Symbol.asyncDispose]()));
  }

  /** Its own intervals first: they are made for networks, and would have a test look on for seconds. */
  async #watch(sentinel: RedisServer, { host, port }: RedisServer): Promise<void> {
    for (const [name, ms] of Object.entries(intervals)) await sentinel.command("SENTINEL", "DEBUG", name, `${ms}`);
    await sentinel.command("SENTINEL", "MONITOR", this.name, host, `${port}`, "2");
    for (const [name, value] of Object.entries(settings)) {
      await sentinel.command("SENTINEL", "SET", this.name, name, `${value}`);
    }
  }

  async #knowsAll(sentinel: RedisServer): Promise<void> {
    const others = this.nodes.filter((other) => other !== sentinel);
    await Promise.all([
      ...others.map(({ port }) => sentinel.process.line(new RegExp(`\\+sentinel sentinel \\w+ \\S+ ${port} @`))),
      ...this.servers.slice(1).map(({ port }) => sentinel.process.line(new RegExp(`\\+slave slave \\S+:${port} `))),
    ]);
  }

  #at(port: number | undefined): RedisServer {
    const server = this.servers.find((each) => each.port === port);
    if (server === undefined) throw new Error(`The sentinels name port ${port}, where none of ours is.`);
    return server;
  }
}

const settings = { "down-after-milliseconds": 500, "failover-timeout": 2_000 };

/**
 * Of SENTINEL DEBUG. The first ping to a new master goes out after a whole interval, and the answer must be there before
 * it counts as down. A sentinel that was kept from running trusts nothing for its "tilt", of 30 s if nobody says else.
 */
const intervals = {
  "ping-period": 200,
  "info-period": 200,
  "ask-period": 100,
  "publish-period": 100,
  "min-link-reconnect-period": 500,
  "tilt-period": 1_000,
};
