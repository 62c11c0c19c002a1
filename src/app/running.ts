import type { Broker } from "../broker/broker.js";
import { type Environment, report } from "../connection/environment.js";
import type { LiveConnection } from "../connection/live-connection.js";
import type { Stats } from "../declare/app.js";
import { type EndOfTurn, Turn } from "../delivery/turn.js";
import { Hub } from "../hub/hub.js";
import { type Counters, createCounters, type Happening } from "../observe/observe.js";
import type { Upgrade } from "../transport/transport.js";
import { Doorman } from "./doorman.js";
import type { FoundRoute } from "./routes.js";

/** What an app is started with: the computer's, or a test's. */
export interface StartOptions extends Pick<Environment, "app" | "clock" | "createId" | "overrides"> {
  readonly broker: Broker;
  readonly endOfTurn: EndOfTurn;
  readonly maxConnections: number;
  readonly happened: (what: Happening) => void;
}

/** An app from its start to its close: everything that has an identity only while it runs. */
export class RunningApp {
  readonly hub: Hub;
  readonly #counters: Counters;
  readonly #doorman: Doorman;
  readonly #connections = new Map<string, LiveConnection>();
  #isDraining = false;
  #emptied: (() => void) | undefined;

  static async start(options: StartOptions): Promise<RunningApp> {
    const observer = { counters: createCounters(), happened: options.happened };
    const turn = new Turn(options.endOfTurn, observer.counters);
    const hub = await Hub.open((node) => options.broker.connect(node), {
      turn,
      counters: observer.counters,
      onError: (error, during) => report(observer, error, { during }),
    });
    const { app, clock, createId, overrides } = options;
    return new RunningApp(options, { app, hub, turn, clock, createId, observer, overrides });
  }

  private constructor({ maxConnections }: StartOptions, environment: Omit<Environment, "ended">) {
    this.hub = environment.hub;
    this.#counters = environment.observer.counters;
    this.#doorman = new Doorman({
      environment: { ...environment, ended: (connection) => this.#ended(connection) },
      isFull: () => this.#connections.size >= maxConnections,
      began: (connection) => this.#connections.set(connection.id, connection),
    });
  }

  get isReady(): boolean {
    return !this.#isDraining;
  }

  /** Answers an upgrade whose path was looked up. Never rejects. */
  answer(upgrade: Upgrade, found: FoundRoute | undefined): Promise<void> {
    return this.#doorman.answer(upgrade, found);
  }

  /** Those that are open: not yet known to the hub, or known no more, are those that come and go. */
  *connections(): Iterable<LiveConnection> {
    for (const connection of this.#connections.values()) if (this.hub.members.has(connection.id)) yield connection;
  }

  stats(): Stats {
    return {
      connections: this.hub.connectionCount,
      users: this.hub.userCount,
      channels: this.hub.channelCount,
      ...this.#counters,
    };
  }

  /** Resolves when every connection has ended, its `close` handler included. */
  async close(): Promise<void> {
    this.#isDraining = true;
    this.#doorman.drain();
    for (const connection of this.#connections.values()) connection.goAway();
    if (this.#connections.size > 0) await new Promise<void>((resolve) => (this.#emptied = resolve));
    await this.hub.close();
  }

  #ended(connection: string): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#emptied?.();
  }
}
