import type { Broker } from "../broker/broker.js";
import { Agenda } from "../connection/agenda.js";
import { type Environment, report } from "../connection/environment.js";
import { InspectedConnection } from "../connection/inspected-connection.js";
import type { LiveConnection } from "../connection/live-connection.js";
import type { Revoked, Stats } from "../declare/app.js";
import type { Dependency, OfApp } from "../declare/dependency.js";
import type { MetricFamily } from "../declare/metric-family.js";
import type { ProcessFigures } from "../declare/process-view.js";
import { type EndOfTurn, Turn } from "../delivery/turn.js";
import type { Headcount } from "../http/handler.js";
import { Hub } from "../hub/hub.js";
import { LoopMonitor } from "../observe/loop-monitor.js";
import { startLoopTimer } from "../observe/loop-timer.js";
import { Metrics } from "../observe/metrics.js";
import { type Counters, createCounters, type Happening, type TracingSource } from "../observe/observe.js";
import type { Limits } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Upgrade } from "../transport/transport.js";
import { AppValues } from "./app-values.js";
import { ClosedConnections } from "./closed-connections.js";
import { Doorman } from "./doorman.js";
import { Drain, type DrainTimes, type Farewell } from "./drain.js";
import { RunningHost } from "./host.js";
import { LoopDelayMeter } from "./loop-delay.js";
import { Outages } from "./outages.js";
import { Places } from "./places.js";
import { RunningView } from "./process-view.js";
import type { FoundRoute, Routes } from "./routes.js";

/** What an app is started with: the computer's, or a test's. */
export interface StartOptions
  extends Pick<Environment, "app" | "clock" | "createId" | "random" | "overrides" | "origins"> {
  readonly broker: Broker;
  readonly endOfTurn: EndOfTurn;
  /** May what is large be sent compressed? */
  readonly compression: boolean;
  readonly routes: Routes;
  readonly drain: DrainTimes;
  readonly tracing: TracingSource | undefined;
  /** Is the time that handlers take counted? */
  readonly timesHandlers: boolean;
  /** Are the last connections that have closed remembered? */
  readonly remembersClosed: boolean;
  readonly happened: (what: Happening) => void;
  readonly onStart: ((given: OfApp) => unknown) | undefined;
  readonly onStop: ((given: OfApp) => unknown) | undefined;
}

/** An app from its start to its close: everything that has an identity only while it runs. */
export class RunningApp {
  readonly hub: Hub;
  readonly limits: Limits;
  readonly host: RunningHost;
  readonly #options: StartOptions;
  readonly #environment: Environment;
  readonly #counters: Counters;
  readonly #values: AppValues;
  readonly #metrics: Metrics;
  readonly #monitor: LoopMonitor;
  readonly #loopTimer: { stop(): void };
  readonly #places: Places;
  readonly #doorman: Doorman;
  readonly #outages: Outages;
  readonly #view: RunningView;
  readonly #connections = new Map<string, LiveConnection>();
  readonly #drain: Drain;
  #isDraining = false;
  /** While `onStart` runs. */
  #giveUp: (() => void) | undefined;

  static async start(options: StartOptions): Promise<RunningApp> {
    const { app, clock, createId, random, overrides, origins, routes } = options;
    const counters = createCounters();
    const metrics = new Metrics({ counters, timesHandlers: options.timesHandlers });
    const happened = (what: Happening) => {
      metrics.happened(what);
      options.happened(what);
    };
    const monitor = new LoopMonitor({
      now: () => performance.now(),
      onBlocked: (what) => happened({ event: "blocked", ...what }),
      onHandled: metrics.handled,
    });
    const tracing = options.tracing?.start((error) =>
      happened({ event: "error", error, during: "tracing", ...NOWHERE }),
    );
    const answered = (code: string) => metrics.answered(code);
    const observer = { counters, loop: monitor, tracing, happened, answered };
    const outages = new Outages({ observer, clock });
    const onError = (error: unknown, during: string) => report(observer, error, { during });
    const smallestOutbox = Math.min(...routes.all.map(({ limits }) => limits.outbox));
    const turn = new Turn(options.endOfTurn, observer.counters, smallestOutbox);
    const appValues = new AppValues({ app, overrides, onError });
    const agenda = new Agenda(clock, (error) => onError(error, "agenda"));
    const { limits } = routes;
    const hub = await Hub.open((node) => options.broker.connect(node), {
      turn,
      counters: observer.counters,
      tracing,
      limits,
      presenceGraceMs: limits.presenceGrace,
      after: (ms, run) => agenda.after(ms, run),
      loadState: ({ snapshot, needs }, params) => snapshot?.({ ...appValues.ofApp(needs), app, params }),
      onError: (error, during) => outages.explains(error) || onError(error, during),
      maxRevocations: limits.revocations,
      onForgotten: (count) => happened({ event: "warning", ...forgotten(count) }),
      onAway: (reason) => outages.began(reason),
      onBack: () => outages.ended(),
    });
    const closedConnections = new ClosedConnections();
    const shared = { app, hub, turn, limits, clock, agenda, createId, random, observer, origins, appValues, overrides };
    const remembered = options.remembersClosed ? closedConnections : undefined;
    const environment = { ...shared, compression: options.compression, closedConnections: remembered };
    try {
      for (const { plan } of routes.all) await appValues.makeAll(plan.steps);
    } catch (error) {
      await appValues.dispose();
      await hub.close();
      throw error;
    }
    return new RunningApp(options, environment, { appValues, metrics, monitor, outages, closedConnections });
  }

  private constructor(options: StartOptions, environment: Environment, parts: Parts) {
    const { appValues, metrics, monitor, outages, closedConnections } = parts;
    const loopDelay = new LoopDelayMeter();
    this.hub = environment.hub;
    this.limits = options.routes.limits;
    this.#view = new RunningView({
      process: environment.createId(),
      startedAtMs: environment.clock.now(),
      connections: this.#connections,
      closedConnections,
      channels: environment.hub.channels,
      loopDelay,
      figures: () => this.#figures(),
    });
    this.host = new RunningHost({ ...environment, view: this.#view });
    this.#options = options;
    this.#environment = environment;
    this.#counters = environment.observer.counters;
    this.#values = appValues;
    this.#metrics = metrics;
    this.#monitor = monitor;
    this.#outages = outages;
    this.#loopTimer = startLoopTimer(monitor, {
      onLook: (lateMs) => {
        metrics.looked(lateMs);
        loopDelay.looked(lateMs);
      },
    });
    this.#places = new Places(this.limits);
    this.#drain = new Drain({ ...environment, times: options.drain, connections: this.#connections });
    this.#doorman = new Doorman({
      environment,
      places: this.#places,
      pagePlaces: new Places(PAGE_LIMITS),
      began: (connection) => this.#connections.set(connection.id, connection),
      ended: ({ id }) => {
        this.#connections.delete(id);
        this.#drain.ended();
      },
    });
  }

  /** What is to be done before anybody is let in. Where it fails all that was made is disposed of. */
  async begin(): Promise<void> {
    const { onStart, app } = this.#options;
    if (onStart === undefined) return;
    const closed = new TidingsError("unavailable", "This app was closed while it started.");
    const givenUp = new Promise<never>((_, reject) => {
      this.#giveUp = () => reject(closed);
    });
    const starting = this.host.watch("onStart", async () => onStart({ app }));
    try {
      await Promise.race([starting, givenUp]);
    } catch (error) {
      if (error === closed) starting.catch((late: unknown) => this.host.report(late, "onStart"));
      this.#doorman.drain();
      await this.#end();
      throw error;
    }
  }

  /** Whatever `onStart` still does is not waited for: it may be what closes the app, and waits for that. */
  giveUp(): void {
    this.#giveUp?.();
  }

  get isReady(): boolean {
    return !this.#isDraining && !this.#outages.isAway;
  }

  /** Of all processes; where the broker is away of this one alone. */
  async count(): Promise<Headcount> {
    const { hub } = this;
    try {
      const [users, connections] = await Promise.all([hub.countUsers(), hub.countConnections()]);
      return { users, connections, isOfThisProcess: false };
    } catch (error) {
      if (!(error instanceof TidingsError) || error.code !== "unavailable") throw error;
      return { users: hub.userCount, connections: hub.connectionCount, isOfThisProcess: true };
    }
  }

  /** Answers an upgrade whose path was looked up. Never rejects. */
  answer(upgrade: Upgrade, found: FoundRoute | undefined): Promise<void> {
    return this.#doorman.answer(upgrade, found);
  }

  /** Those that are open: not yet known to the hub, or known no more, are those that come and go. */
  *connections(): Iterable<LiveConnection> {
    for (const connection of this.#connections.values()) if (this.hub.members.has(connection.id)) yield connection;
  }

  revoke(what: Revoked): Promise<void> {
    return this.hub.revokeEverywhere(what, this.#environment.clock.now());
  }

  get<Value>(dependency: Dependency<Value, "app">): Promise<Value> {
    return this.#values.fetch(dependency);
  }

  stats(): Stats {
    let [waitingBytes, outboxBytes] = [0, 0];
    for (const connection of this.#connections.values()) {
      waitingBytes += connection.waitingBytes;
      outboxBytes += connection.bufferedBytes;
    }
    return { ...this.#figures(), waitingBytes, outboxBytes };
  }

  #figures(): ProcessFigures {
    return {
      connections: this.hub.connectionCount,
      users: this.hub.userCount,
      channels: this.hub.channels.count,
      isBrokerAway: this.#outages.isAway,
      pending: this.#places.pending,
      blocked: this.#monitor.blocked,
      ...this.#counters,
    };
  }

  metrics(): readonly MetricFamily[] {
    const connectionsAt = new Map(this.#options.routes.all.map(({ endpoint }) => [endpoint.pattern.source, 0]));
    let [slowConnections, waitingBytes, outboxBytes] = [0, 0, 0];
    for (const connection of this.connections()) {
      const { bufferedBytes } = connection;
      waitingBytes += connection.waitingBytes;
      outboxBytes += bufferedBytes;
      const { source } = connection.route.endpoint.pattern;
      connectionsAt.set(source, (connectionsAt.get(source) ?? 0) + 1);
      // Of most nothing waits: only the others are looked at closely.
      if (bufferedBytes > 0 && new InspectedConnection(connection).has("stopped reading")) slowConnections += 1;
    }
    return this.#metrics.families({
      stats: { ...this.#figures(), waitingBytes, outboxBytes },
      connectionsAt,
      slowConnections,
    });
  }

  /** Resolves when every connection has ended, its `close` handler included, and what was made is disposed of. */
  async close(farewell: Farewell): Promise<void> {
    const { clock } = this.#environment;
    const beganMs = clock.now();
    const connections = this.hub.connectionCount;
    const closedBefore = this.#counters.closeHandlers;
    this.#isDraining = true;
    this.#options.happened({ event: "draining", connections });
    this.#doorman.drain();
    const abandoned = await this.#drain.run(farewell);
    await this.#end(() => this.#stop());
    const closeHandlers = this.#counters.closeHandlers - closedBefore;
    const durationMs = clock.now() - beganMs;
    this.#options.happened({ event: "drained", connections, closeHandlers, abandoned, durationMs });
  }

  /** Nobody is connected any more. */
  async #end(stop?: () => Promise<void>): Promise<void> {
    const { agenda } = this.#environment;
    // A disposal that hangs is not waited for longer than a connection's.
    await agenda.settledWithin(this.limits.close, this.#doorman.finish());
    // What runs beside may settle as long, and then says how it ended.
    await agenda.settledWithin(2 * this.limits.close, this.host.close());
    if (stop !== undefined && !(await agenda.settledWithin(this.limits.close, stop()))) {
      this.host.report(new Error("`onStop` took longer than limits.close."), "onStop");
    }
    await agenda.settledWithin(this.limits.close, this.hub.close());
    await agenda.settledWithin(this.limits.close, this.#values.dispose());
    agenda.stop();
    this.#loopTimer.stop();
  }

  /** Never rejects. */
  async #stop(): Promise<void> {
    const { onStop, app } = this.#options;
    if (onStop === undefined) return;
    try {
      await this.host.watch("onStop", async () => onStop({ app }));
    } catch (error) {
      this.host.report(error, "onStop");
    }
  }
}

/** What was made for it before it was there. */
interface Parts {
  readonly appValues: AppValues;
  readonly metrics: Metrics;
  readonly monitor: LoopMonitor;
  readonly outages: Outages;
  readonly closedConnections: ClosedConnections;
}

/** Of the dashboard's sockets; as many may wait at the door. */
const PAGE_LIMITS = { connections: 50, connectionsPerAddress: 50, pending: 50 };

const NOWHERE = { connection: undefined, endpoint: undefined };

function forgotten(count: number): { readonly code: string; readonly message: string; readonly fix: string } {
  return {
    code: "revocation_forgotten",
    message: `${count} revocation that still holds was forgotten: there are more than limits.revocations.`,
    fix: "Raise limits.revocations, or let tokens live shorter.",
  };
}
