import type { RedisClientOptions } from "redis";
import { createDialledClient, type DialledClient } from "./dialled-client.js";
import { allScripts } from "./scripts/all.js";
import type { Script } from "./scripts/script.js";
import { after } from "./timer.js";

/** Where a server is. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface LineOptions {
  /** node-redis's, for whatever it takes to come in: user, password, TLS, database. */
  readonly client: RedisClientOptions;
  /** Undefined: where the client's own options say. */
  readonly address: Address | undefined;
  /** Is it one of a cluster? Then what is published goes by slots (sharded publish and subscribe). */
  readonly isSharded: boolean;
  /** How long it may take to connect, and how long a server may be silent that was asked something. */
  readonly patienceMs: number;
  /** Ends the dial. */
  readonly stop?: AbortSignal | undefined;
  /** Something was published on a topic this line listens to. Must not throw. */
  readonly hear: (topic: string, message: string) => void;
  /** The server listens no more on behalf of this line: the topic's slot has moved. Must not throw. */
  readonly deafen: (topic: string) => void;
  /** It has ended, for this reason. Said once, and not before `dial` has resolved. Must not throw. */
  readonly end: (line: Line, reason: unknown) => void;
}

/**
 * One connection to one Redis server, from its dial to its end. It never comes back: another is dialled in its place.
 *
 * Commands and what is published go over the same connection (RESP3), so a process is told of what it published before, or
 * right behind, the answer. What is asked takes effect in the order it was asked. A server that has nothing to say for too
 * long is taken to be gone.
 */
export class Line {
  /** What it listens to, as it was asked last. */
  readonly topics: Set<string> = new Set();
  readonly #changing = new Map<string, Promise<unknown>>();
  readonly #options: LineOptions;
  readonly #client: DialledClient;
  readonly #hear: (message: string, topic: string) => void;
  #endedBy: { readonly reason: unknown } | undefined;
  #reloading: Promise<unknown> | undefined;
  #watch: { cancel(): void } | undefined;
  /** When the server said anything last. */
  #heardAtMs = performance.now();

  /** Resolves when it can be used. Rejects where the server can't be reached, or is none that will do. */
  static async dial(options: LineOptions): Promise<Line> {
    const line = new Line(options);
    const late = after(options.patienceMs, () => line.end(new Error(`No answer within ${options.patienceMs} ms.`)));
    const stop = () => line.end(options.stop?.reason);
    options.stop?.addEventListener("abort", stop);
    try {
      await line.#open();
    } catch (error) {
      line.end(error);
      throw line.#endedBy?.reason ?? error;
    } finally {
      late.cancel();
      options.stop?.removeEventListener("abort", stop);
    }
    line.#listenForEnd();
    line.#watchSilence();
    return line;
  }

  private constructor(options: LineOptions) {
    this.#options = options;
    this.#hear = (message, topic) => {
      this.#heardAtMs = performance.now();
      options.hear(topic, message);
    };
    this.#client = createDialledClient(clientOptions(options), options.patienceMs);
    this.#client.on("error", (error: unknown) => this.end(error));
    this.#client.on("end", () => this.end(new Error("The connection was closed.")));
    this.#client.on("sharded-channel-moved", (topic: string) => {
      this.topics.delete(topic);
      options.deafen(topic);
    });
  }

  get address(): Address | undefined {
    return this.#options.address;
  }

  /** By which another connection to the same server is dialled. */
  get clientOptions(): RedisClientOptions {
    return clientOptions(this.#options);
  }

  get hasEnded(): boolean {
    return this.#endedBy !== undefined;
  }

  /** Rejects with what Redis answered, or where the line ends first: then it may have been done. */
  async run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    // Behind those that are asked again, so that the order stays.
    if (this.#reloading !== undefined) await this.#reloading.then(nothing);
    return this.#run(script, keys, args, false);
  }

  /** The same, at a server that its slot is moving to, and that has these keys already or is to have them. */
  async runAsking(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.#run(script, keys, args, true);
  }

  /** Resolves with how many replicas have what was done before, which is less than `count` where it takes too long. */
  async replicated(count: number, withinMs: number): Promise<number> {
    const reached = await this.#client.sendCommand(["WAIT", String(count), String(withinMs)]);
    this.#heardAtMs = performance.now();
    return Number(reached);
  }

  /** Resolves when what was asked last about a topic has been answered; undefined: it has. */
  changing(topic: string): Promise<unknown> | undefined {
    return this.#changing.get(topic);
  }

  /** From when this resolves on, all that is published there is heard. What is asked of the line next sees it so. */
  async subscribe(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.topics.add(topic);
    try {
      await this.#change(topics, {
        each: (topic) => this.#client.sSubscribe(topic, this.#hear),
        all: () => this.#client.subscribe([...topics], this.#hear),
      });
    } catch (error) {
      for (const topic of topics) this.topics.delete(topic);
      throw error;
    }
  }

  async unsubscribe(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.topics.delete(topic);
    await this.#change(topics, {
      each: (topic) => this.#client.sUnsubscribe(topic, this.#hear),
      all: () => this.#client.unsubscribe([...topics], this.#hear),
    });
  }

  /** Which servers of a cluster have which slots, as this one knows. */
  async clusterSlots(): Promise<unknown> {
    return this.#client.sendCommand(["CLUSTER", "SLOTS"]);
  }

  /** It ends now; what waits for an answer rejects. */
  end(reason: unknown): void {
    if (this.#endedBy !== undefined) return;
    this.#endedBy = { reason };
    this.#watch?.cancel();
    this.#client.destroy();
    this.#onEnd?.(reason);
  }

  #onEnd: ((reason: unknown) => void) | undefined;

  /** Whoever dialled is told first that it is there, and then that it has ended. */
  #listenForEnd(): void {
    this.#onEnd = (reason) => queueMicrotask(() => this.#options.end(this, reason));
    if (this.#endedBy !== undefined) this.#onEnd(this.#endedBy.reason);
  }

  /** Topics of a cluster are of different slots, and one command is of one. */
  async #change(topics: readonly string[], { each, all }: TopicCommands): Promise<void> {
    const changing = this.#options.isSharded ? Promise.all(topics.map(each)) : all();
    for (const topic of topics) this.#changing.set(topic, changing);
    try {
      await changing;
    } finally {
      for (const topic of topics) if (this.#changing.get(topic) === changing) this.#changing.delete(topic);
    }
  }

  async #open(): Promise<void> {
    await this.#client.connect();
    checkServer(String(await this.#client.sendCommand(["INFO"])), this.#options);
    await this.#load();
  }

  async #load(): Promise<void> {
    await Promise.all(allScripts.map(({ source }) => this.#client.sendCommand(["SCRIPT", "LOAD", source])));
  }

  async #run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
    isAsking: boolean,
  ): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args.map(String)];
    const send = (...which: [string, string]) => {
      if (!isAsking) return this.#client.sendCommand([...which, ...rest]);
      // The two stand beside each other in the queue: the first is for the second alone.
      const asking = this.#client.sendCommand(["ASKING"]);
      return Promise.all([this.#client.sendCommand([...which, ...rest]), asking]).then(([answer]) => answer);
    };
    try {
      const answer = await send("EVALSHA", script.sha);
      this.#heardAtMs = performance.now();
      return answer;
    } catch (error) {
      if (isReply(error, "READONLY")) this.end(error);
      if (!isReply(error, "NOSCRIPT")) throw error;
    }
    // They were flushed. Those that were asked before the load was are asked again when it is done, in their order; unless
    // another process has loaded them meanwhile, and so has let later ones pass.
    this.#reloading ??= this.#load().finally(() => {
      this.#reloading = undefined;
    });
    await this.#reloading;
    // As it is: they may have been flushed again.
    return send("EVAL", script.source);
  }

  /** Asks something every now and then; a server that says nothing more is away, whatever it did before. */
  #watchSilence(): void {
    const { patienceMs } = this.#options;
    this.#watch = after(Math.min(patienceMs / 2, PING_MS), () => {
      this.#waitForWord(performance.now(), patienceMs);
      this.#client.sendCommand(["PING"]).then(
        () => {
          this.#watch?.cancel();
          if (this.#endedBy === undefined) this.#watchSilence();
        },
        (error: unknown) => this.end(error),
      );
    });
  }

  /** What was asked may wait behind much else: away is who has not answered any of it for so long. */
  #waitForWord(askedAtMs: number, ms: number): void {
    const { patienceMs } = this.#options;
    const look = () => {
      // Answered, and then another is watched for, or none.
      if (watch !== this.#watch || this.hasEnded) return;
      const leftMs = Math.max(askedAtMs, this.#heardAtMs) + patienceMs - performance.now();
      if (leftMs > 0) this.#waitForWord(askedAtMs, leftMs);
      else this.end(new Error(`Silent for ${patienceMs} ms.`));
    };
    // Where it is this process that was busy, the answer waits to be read.
    const watch = after(ms, () => setImmediate(() => setImmediate(look)));
    this.#watch = watch;
  }
}

interface TopicCommands {
  readonly each: (topic: string) => Promise<unknown>;
  readonly all: () => Promise<unknown>;
}

/** How often a server is asked whether it is there. */
const PING_MS = 1_000;

/** Did Redis answer with an error of this kind? */
export function isReply(error: unknown, kind: string): boolean {
  return error instanceof Error && error.message.startsWith(`${kind} `);
}

/** An address that was found out takes the place of a given one, and not what else the options say. */
function clientOptions({ client, address }: LineOptions): RedisClientOptions {
  if (address === undefined) return client;
  const { url, socket } = client;
  return {
    ...client,
    ...(url !== undefined && { url: urlAt(url, address) }),
    socket: { ...socket, ...address } as NonNullable<RedisClientOptions["socket"]>, // by an address, not by a path
  };
}

function urlAt(url: string, { host, port }: Address): string {
  const parsed = new URL(url);
  parsed.hostname = host.includes(":") ? `[${host}]` : host;
  parsed.port = String(port);
  return parsed.href;
}

function checkServer(info: string, { isSharded }: LineOptions): void {
  if (!isSharded && /^redis_mode:cluster/m.test(info)) {
    throw new Error("This Redis is one of a cluster: give `cluster`, or a `client` of createCluster().");
  }
  const version = /^redis_version:(\d+)/m.exec(info)?.[1];
  if (version !== undefined && Number(version) < 7) throw new Error(`This is Redis ${version}: 7 or newer is needed.`);
  if (/^role:slave/m.test(info)) throw new Error("This Redis is a replica: give the master's address, or `sentinel`.");
}

function nothing(): void {}
