import { TidingsApp } from "../app/app.js";
import type { AppOptions } from "../app/app-options.js";
import { randomId } from "../app/system.js";
import type { Duration } from "../base/duration.js";
import type { ClientFor, EndpointLike, OptionsOf, UrlOf } from "../client/client.js";
import { createConnect } from "../client/connect.js";
import type { App } from "../declare/app.js";
import type { Carries, EndpointContract } from "../declare/contract.js";
import type { Dependency, DependencyDefinition } from "../declare/dependency.js";
import type { AnyEndpoint } from "../declare/endpoint.js";
import type { Handshake } from "../declare/handshake.js";
import type { AppLimits } from "../declare/limits.js";
import { failuresLogger } from "./failures-logger.js";
import { FakeClock } from "./fake-clock.js";
import { Network, type TestNetwork } from "./network.js";
import { Random } from "./random.js";
import type { RawTestConnection, TestConnection } from "./test-connection.js";
import { connect, type TestConnectOptions } from "./test-dial.js";
import { TestProcess, Turns } from "./test-process.js";
import { Uplink } from "./uplink.js";

/** What `startTestApp` takes beside the app. */
export interface TestAppOptions<Fakes extends readonly unknown[]> {
  /** Above the app's and the endpoints' own. */
  limits?: AppLimits | undefined;
  /**
   * In the place of the app's own. Default: that, unless it is one that others share, such as `redis()`; then one in memory. A
   * test that wants Redis gives `redis({ url, prefix })`, with a prefix of its own.
   */
  broker?: AppOptions["broker"];
  /**
   * What is made in the place of dependencies, credentials among them: `[[user, ({ token }) => ({ id: token })]]`. What they
   * need is not made for them; without a token nobody gets in. A value is disposed of as the real one would be. A credential
   * within firstOf() is overridden by itself. One that no endpoint needs is a `ConfigError`.
   */
  override?:
    | {
        readonly [Index in keyof Fakes]: readonly [
          real: Dependency<Fakes[Index]>,
          fake: (given: FakeGiven) => NoInfer<Fakes[Index]> | Promise<NoInfer<Fakes[Index]>>,
        ];
      }
    | undefined;
}

/** What a replacement can look at. */
export interface FakeGiven {
  /** The handshake. A dependency of the app has none: looking at it throws. */
  readonly request: Handshake;
  /** The token that was offered; empty for none. */
  readonly token: string;
}

/** Where a client of `client()` is: what a page has beside the options of `connect()`. */
export interface TestPageOptions {
  /** Of the page. Default: the server's own, `http://localhost`. */
  origin?: string | undefined;
  /** Name → value. */
  cookies?: Readonly<Record<string, string>> | undefined;
  /** The peer's address. Default `"127.0.0.1"`. */
  address?: string | undefined;
}

/** What `restart` and `crash` take. */
export interface RestartOptions {
  /** From its end to its beginning; meanwhile nobody answers who dials. Default: none. */
  downFor?: Duration | undefined;
}

/** An app in memory, with its clock and its network. Disposing of it closes the app. */
export interface TestApp extends AsyncDisposable {
  readonly app: App;
  readonly clock: TestClock;
  /** What lies between the server and those whom `client()` made. */
  readonly network: TestNetwork;
  /**
   * Connects once in memory, through the same checks as a real socket: for tests of what a server says and refuses, frame
   * by frame.
   *
   * Rejects with a `RefusedError` that holds what such a client would see.
   */
  connect<E extends AnyEndpoint = never>(path: string, options?: TestConnectOptions): Promise<ConnectedTo<E>>;
  /**
   * The real client of `tidings/client`, in a page of its own: it dials again, resumes and times out by this clock, over
   * `network`. For tests of what your users live through. Closed with the test app.
   */
  client<E extends EndpointLike = never>(url: UrlOf<E>, options?: OptionsOf<E> & TestPageOptions): ClientFor<E>;
  /**
   * The app closes as for a deploy, and starts again. A broker that `createApp` was given stays as it is, as one of another
   * process would; without one a new memory begins, so that each channel with history has a gap.
   */
  restart(options?: RestartOptions): Promise<void>;
  /** The same without a good-bye: the connections of `client()` break first. */
  crash(options?: RestartOptions): Promise<void>;
}

/** The client's end of a connection to this endpoint. */
export type ConnectedTo<E extends AnyEndpoint> = [E] extends [never]
  ? RawTestConnection
  : E extends Carries<infer Contract>
    ? Contract extends EndpointContract
      ? TestConnection<Contract>
      : RawTestConnection
    : RawTestConnection;

/** The app's clock, which stands still until it is told to go on. */
export interface TestClock {
  /** In milliseconds since 1970. */
  now(): number;
  /** Lets time pass for the app: time-outs, expiry, limits. */
  advance(by: Duration): Promise<void>;
}

/**
 * Starts an app in memory, with a clock that stands still. Disposing of it closes the app, which can then start again.
 *
 * @throws TidingsError `already_started` where the app runs, ConfigError where it can't
 */
export async function startTestApp<const Fakes extends readonly unknown[] = []>(
  app: App,
  options: TestAppOptions<Fakes> = {},
): Promise<TestApp> {
  const started = new MemoryApp(app, options, COMPUTER);
  await started.process.start();
  return started;
}

/** Where chance and the beginning of time come from. */
export interface Chance {
  readonly startMs: number | undefined;
  readonly createId: () => string;
  /** Of the server. */
  readonly random: () => number;
  /** Of the client that is made as number so and so, and its way. */
  readonly randomOf: (client: number) => () => number;
  /** Real time that code has that waits for neither the clock nor the network. */
  readonly momentMs: number;
}

const COMPUTER: Chance = {
  startMs: undefined,
  createId: randomId,
  random: () => 0.5,
  // Each of its own, and in each run the same: clients tell their publishes apart by it.
  randomOf: (client) => new Random(client).next,
  momentMs: 1_000,
};

/** An app in memory, its clock, its network and its clients. */
export class MemoryApp implements TestApp {
  readonly app: App;
  readonly clock: FakeClock;
  readonly network: Network = new Network();
  readonly process: TestProcess;
  readonly #app: TidingsApp;
  readonly #chance: Chance;
  readonly #turns = new Turns();
  readonly #clients: Disposable[] = [];

  constructor(app: App, { override, limits = {}, broker }: TestAppOptions<readonly unknown[]>, chance: Chance) {
    if (!(app instanceof TidingsApp)) throw new TypeError("startTestApp() takes what createApp() made.");
    this.app = app;
    this.#app = app;
    this.#chance = chance;
    this.clock = new FakeClock({ startMs: chance.startMs, isBusy: this.#turns.isPending });
    // Each pair fits together, which is what the type of `override` says.
    const fakes = (override ?? []) as unknown as Iterable<[Dependency<unknown>, (given: FakeGiven) => unknown]>;
    const overrides = new Map<DependencyDefinition, (given: FakeGiven) => unknown>();
    for (const [real, fake] of fakes) overrides.set(real["~definition"], fake);
    this.process = new TestProcess({
      app,
      clock: this.clock,
      network: this.network,
      turns: this.#turns,
      momentMs: chance.momentMs,
      surroundings: {
        createId: chance.createId,
        random: chance.random,
        overrides,
        limits,
        broker: broker ?? "alone",
        // What a developer has set for a server must not move a test.
        environment: {},
        defaultLogger: failuresLogger,
      },
    });
  }

  connect<E extends AnyEndpoint = never>(path: string, options?: TestConnectOptions): Promise<ConnectedTo<E>> {
    return connect(this.#app, path, options) as never; // the endpoint's type says which
  }

  client<E extends EndpointLike>(url: UrlOf<E>, options: OptionsOf<E> & TestPageOptions = {}): ClientFor<E> {
    const { origin = "http://localhost", cookies = {}, address, ...connectOptions } = options;
    const cookie = Object.entries(cookies).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    const uplink = new Uplink({
      clock: this.clock,
      random: this.#chance.randomOf(this.#clients.length),
      later: this.#turns.endOfTurn,
      origin,
      headers: cookie.length > 0 ? { cookie: cookie.join("; ") } : {},
      address,
      isUp: () => this.process.isUp,
      answer: (upgrade) => void this.#app.answer(upgrade),
    });
    this.network.add(uplink);
    const client = createConnect(uplink)<E>(url, connectOptions as OptionsOf<E>);
    this.network.connect(client, uplink);
    this.#clients.push(client);
    return client;
  }

  restart({ downFor = "0s" }: RestartOptions = {}): Promise<void> {
    return this.process.restart("drained", downFor);
  }

  crash({ downFor = "0s" }: RestartOptions = {}): Promise<void> {
    return this.process.restart("killed", downFor);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients.splice(0)) client[Symbol.dispose]();
    await this.process.untilUp();
    await this.process.drive(this.process.end("drained"), "1h");
  }
}
