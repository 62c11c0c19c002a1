import { randomUUID } from "node:crypto";
import { type App, type AppOptions, createApp } from "tidings";
import { type RedisOptions, redis } from "tidings/redis";
import { LogRecorder } from "../log-recorder.js";
import { type ServedApp, serve } from "../served-app.js";

/**
 * Apps that are one through a Redis, under a prefix of their own. As processes do, each has a broker, and so a connection, of
 * its own. Disposing of it closes all of them.
 */
export class Apps implements AsyncDisposable {
  /** Of all keys in Redis. */
  readonly prefix: string;
  readonly #options: RedisOptions;
  readonly #started: Pick<App, "close">[] = [];

  /** @param options of each broker, before what `start` says */
  constructor(options: RedisOptions) {
    const { prefix = `tidings:${randomUUID()}` } = options;
    this.prefix = prefix;
    this.#options = { ...options, prefix };
  }

  /** One more, on a port of its own. */
  async start(options: Omit<AppOptions, "broker">, own: RedisOptions = {}): Promise<ServedApp> {
    const server = await serve({ ...options, broker: this.#broker(own) });
    this.#started.push(server.app);
    return server;
  }

  /** Three alike. */
  async startThree(options: Omit<AppOptions, "broker">): Promise<readonly [ServedApp, ServedApp, ServedApp]> {
    return Promise.all([this.start(options), this.start(options), this.start(options)]);
  }

  /** One that nobody connects to: it publishes, and asks. */
  createWorker(): App {
    const worker = createApp({ endpoints: [], broker: this.#broker(), logger: new LogRecorder() });
    this.#started.push(worker);
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#started.map((app) => app.close()));
  }

  #broker(own: RedisOptions = {}) {
    return redis({ ...this.#options, ...own });
  }
}
