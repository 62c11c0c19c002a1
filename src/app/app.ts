import { Api } from "../api/api.js";
import { type Logger, unbreakable } from "../base/logger.js";
import { checkOptions } from "../base/options.js";
import { ownedPromise } from "../base/owned-promise.js";
import { ownRejection } from "../base/thenable.js";
import type { Broker } from "../broker/broker.js";
import { MemoryBroker, type MemoryLeft } from "../broker/memory.js";
import { refusalResponse } from "../connection/refusal.js";
import { splitTarget } from "../connection/request.js";
import type { Route } from "../connection/route.js";
import type {
  App,
  AppHost,
  HistoryRequest,
  HttpRequest,
  HttpResponse,
  HttpServer,
  Listening,
  ListenOptions,
  Published,
  PublishOptions,
  RefWithPresence,
  Revoked,
  Stats,
  Stored,
  TlsFiles,
} from "../declare/app.js";
import type { AsyncApiDocument } from "../declare/asyncapi-document.js";
import { type ChannelDefinition, type ChannelEvent, type ChannelRef, checkNamed } from "../declare/channel.js";
import type { AnyConnection } from "../declare/connection.js";
import type { ChannelContract } from "../declare/contract.js";
import type { StartupWarning } from "../declare/credential.js";
import type { Dependency } from "../declare/dependency.js";
import type { AppLimits } from "../declare/limits.js";
import type { MetricFamily } from "../declare/metric-family.js";
import type { OpenApiDocument } from "../declare/openapi-document.js";
import { AppPages } from "../http/app-pages.js";
import { type Asked, readAsked, valuesOf } from "../http/asked.js";
import { socketServerAt } from "../http/socket-servers.js";
import type { Hub } from "../hub/hub.js";
import { writeExposition } from "../observe/exposition.js";
import { logTo } from "../observe/log.js";
import { logSteps } from "../observe/log-steps.js";
import type { Happening, TracingSource } from "../observe/observe.js";
import { processFamilies } from "../observe/process-metrics.js";
import { isSendableCloseCode } from "../protocol/close-codes.js";
import { isPublishKey } from "../protocol/names.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Upgrade } from "../transport/transport.js";
import { AppApi } from "./app-api.js";
import { loggerFor } from "./app-logger.js";
import { type AppOptions, checkAppOptions } from "./app-options.js";
import { checkCount, checkRevoked } from "./call-checks.js";
import { Description } from "./description.js";
import { type Farewell, farewells } from "./drain.js";
import type { ProcessEnvironment } from "./environment.js";
import { handoverOfProcess } from "./handover.js";
import { idleFamilies, idleStats } from "./idle.js";
import { checkOverrides } from "./overrides.js";
import { type FoundRoute, Routes } from "./routes.js";
import { RunningApp, type StartOptions } from "./running.js";
import { ServedDashboard } from "./served-dashboard.js";
import { type Port, Servers } from "./servers.js";
import { Settings } from "./settings.js";
import { randomId, systemClock } from "./system.js";
import { findWarnings, listedChannels, warnOfHidden, warnOfListening, warnOfUnheard } from "./warnings.js";

/**
 * Puts endpoints together to an app, which starts with `listen` or `attach`. What is left out is what the environment says
 * (`TIDINGS_PORT`, `TIDINGS_LIMITS_MESSAGE_SIZE`, …: docs/reference/environment.md).
 *
 * @throws ConfigError where two endpoints, or two channels, can match one name, or a limit or a variable cannot be
 */
export function createApp(options: AppOptions): App {
  return new TidingsApp(options);
}

/** What the world around an app is: the computer, or a test. */
export interface Surroundings extends Pick<StartOptions, "clock" | "createId" | "random" | "endOfTurn" | "overrides"> {
  /** Above the app's and the endpoints' own. */
  readonly limits: AppLimits;
  /** In the place of the app's own; `"alone"`: of one that others share, one in memory. */
  readonly broker?: Broker | "alone" | undefined;
  /** Fills what code leaves out. */
  readonly environment: ProcessEnvironment;
  /** Where an app without a logger logs. Default: to stderr. */
  readonly defaultLogger?: Logger | undefined;
}

const COMPUTER: Surroundings = {
  clock: systemClock,
  createId: randomId,
  random: Math.random,
  endOfTurn: setImmediate,
  overrides: new Map(),
  limits: {},
  environment: process.env,
};

/** How often a start that has failed is tried again by who asks whether it is ready. */
const RETRY_MS = 1_000;
const DEFAULT_HISTORY = 100;
const WITHOUT_HISTORY: Published = { epoch: undefined, offset: undefined };
const NOBODY = { users: 0, connections: 0, isOfThisProcess: false };
const FORBIDDEN = { code: 1008, reason: "forbidden" };
const NOWHERE = { connection: undefined, endpoint: undefined };

/** At the call itself, where the broker is of this process. */
async function publishIn(hub: Hub, ref: ChannelRef, event: ChannelEvent, options: PublishOptions): Promise<Published> {
  const { except, key } = options;
  if (key !== undefined && !isPublishKey(key))
    throw new TypeError("The `key` of a publish is a text of 1–64 characters.");
  // No client can choose this one: theirs are written otherwise.
  const ownKey = key === undefined ? undefined : `app ${key}`;
  const { epoch, offset } = await hub.channels.publish(ref, event, { except: except?.id, key: ownKey });
  return ref["~definition"].history === undefined ? WITHOUT_HISTORY : { epoch, offset };
}

/** What is thrown at once is rejected with, too. */
function called<Value>(run: () => Promise<Value>): Promise<Value> {
  try {
    return run();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** What follows from what code and the environment say. */
interface Layout {
  readonly settings: Settings;
  readonly routes: Routes;
  readonly pages: AppPages;
}

export class TidingsApp implements App {
  /** As code gave it. */
  readonly #given: AppOptions;
  readonly #isProduction: boolean = process.env.NODE_ENV === "production";
  #settings: Settings;
  #routes: Routes;
  readonly #description: Description;
  /** What others may ask from without, whichever way they come. */
  readonly #api: Api;
  #pages: AppPages;
  readonly #dashboard = new ServedDashboard();
  readonly #servers: Servers;
  #happened: (what: Happening) => void;
  #starting: Promise<RunningApp> | undefined;
  /** It does all but let somebody in: that waits for `onStart`. */
  #begun: RunningApp | undefined;
  #running: RunningApp | undefined;
  /** While it runs. */
  #asked: AppApi | undefined;
  #closing: Promise<void> | undefined;
  #isClosed = false;
  /** Those that an endpoint lists, or that were warned of. */
  readonly #known: Set<ChannelDefinition>;
  /** Handshakes that came before it runs. */
  #waitingForStart = 0;
  /** When a start was last tried by who asks whether it is ready. */
  #triedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: AppOptions) {
    checkAppOptions(options);
    this.#given = options;
    this.#api = new Api({
      host: () => this.#askedSoon(),
      limits: () => this.#routes.limits,
      onError: (error, during) => this.#happened({ event: "error", error, during, ...NOWHERE }),
    });
    const { settings, routes, pages } = this.#laidOutFirst();
    this.#settings = settings;
    this.#routes = routes;
    this.#pages = pages;
    this.#known = new Set([...listedChannels(routes), ...listedChannels(this.#dashboard.routes)]);
    this.#happened = this.#watcher();
    this.#description = new Description({
      info: () => this.#options.info,
      routes: () => this.#routes,
      onWarning: (warning) => this.#happened({ event: "warning", ...warning }),
    });
    this.#servers = new Servers({
      answer: (upgrade, port) => this.answer(upgrade, port),
      isOurs: (request) => this.#find(readAsked(request), "here") !== undefined,
      onRequest: (request, response) => this.http(request, response),
      apart: () => this.#pages.apart,
      isProxy: (address) => this.#settings.proxies.trusts(address),
      close: () => this.close(),
    });
  }

  publish(ref: ChannelRef, type: string, payload: unknown, options: PublishOptions = {}): Promise<Published> {
    const running = this.#begun;
    const say = ({ hub }: RunningApp) => publishIn(hub, ref, { type, payload }, options);
    return this.#owned(`publish of "${type}"`, () => {
      checkNamed(ref);
      if (!this.#known.has(ref["~definition"])) this.#warnOfUnheard(ref);
      return running === undefined ? this.#core().then(say) : say(running);
    });
  }

  async presence<Contract extends ChannelContract>(
    ref: RefWithPresence<Contract>,
  ): Promise<readonly Contract["member"][]> {
    const { channel, "~definition": definition, pattern } = ref as ChannelRef; // the other is an advice in a type's place
    checkNamed(ref as ChannelRef);
    if (definition.presence === undefined) throw new TypeError(`The channel "${pattern}" has no \`presence\`.`);
    const { hub, limits } = await this.#core();
    const { members } = await hub.channels.members(channel, limits.members);
    return members.map(({ faceJson }) => JSON.parse(faceJson) as Contract["member"]); // what `presence` gave
  }

  async history<Contract extends ChannelContract>(
    ref: ChannelRef<Contract>,
    { limit = DEFAULT_HISTORY, before }: HistoryRequest = {},
  ): Promise<readonly Stored<Contract["events"]>[]> {
    checkNamed(ref);
    const { channel, "~definition": definition } = ref;
    checkCount("limit", limit);
    if (before !== undefined) checkCount("before", before);
    if (definition.history === undefined) return [];
    const { hub } = await this.#core();
    const { events } = await hub.channels.history(channel, limit, before);
    const stored = events.map(({ type, offset, payloadJson }) => ({ type, offset, payload: JSON.parse(payloadJson) }));
    return stored as readonly unknown[] as readonly Stored<Contract["events"]>[]; // as they were published
  }

  connections(): Iterable<AnyConnection> {
    return this.#running?.connections() ?? [];
  }

  async isConnected(user: string): Promise<boolean> {
    return (await this.#core()).hub.isConnected(user);
  }

  disconnectUser(user: string, how: { code: number; reason?: string | undefined } = FORBIDDEN): Promise<void> {
    return this.#owned("disconnectUser", async () => {
      if (!isSendableCloseCode(how.code))
        throw new RangeError(`A server may not close with ${how.code} (RFC 6455 §7.4).`);
      await (await this.#core()).hub.disconnectEverywhere(user, how.code, how.reason ?? "");
    });
  }

  revoke(what: Revoked): Promise<void> {
    return this.#owned("revoke", async () => {
      checkRevoked(what);
      await (await this.#core()).revoke(what);
    });
  }

  async get<Value>(dependency: Dependency<Value, "app">): Promise<Value> {
    return (await this.#core()).get(dependency);
  }

  async "~host"(): Promise<AppHost> {
    return (await this.#core()).host;
  }

  "~warnings"(listen: ListenOptions = {}): readonly StartupWarning[] {
    if (this.#starting === undefined) this.#settle(COMPUTER.environment);
    const { proxies, host } = this.#settings;
    const where = { ...listen, host: listen.host ?? host };
    return [...this.#warningsFor(new Map()), ...warnOfListening(this.#routes, where, proxies)];
  }

  stats(): Stats {
    return this.#running?.stats() ?? idleStats();
  }

  asyncapi(): AsyncApiDocument {
    return this.#description.reachedAt(this.#servers.listening.map(socketServerAt));
  }

  openapi(): OpenApiDocument {
    return this.#description.openapi;
  }

  metrics(): readonly MetricFamily[] {
    return [...(this.#running?.metrics() ?? idleFamilies()), this.#api.metrics()];
  }

  async listen(port?: number, options: ListenOptions = {}): Promise<Listening> {
    checkOptions("listen()", options, { host: "text", tls: "object", signals: "list" });
    handoverOfProcess()?.listens(this);
    const { limits } = await this.#started(true);
    const { proxies, ...settings } = this.#settings;
    const where = { ...options, host: options.host === undefined ? settings.host : options.host };
    const listening = await this.#servers.listen(port === undefined ? settings.port : port, where, limits);
    for (const warning of warnOfListening(this.#routes, where, proxies)) {
      this.#happened({ event: "warning", ...warning });
    }
    return listening;
  }

  reloadTls(tls: TlsFiles): void {
    this.#servers.reloadTls(tls);
  }

  start(): Promise<void> {
    return this.#owned("start", async () => void (await this.#started(true)));
  }

  attach(server: HttpServer): void {
    handoverOfProcess()?.listens(this);
    this.#servers.attach(server);
    this.#startAttached();
  }

  http(request: HttpRequest, response: HttpResponse, next?: () => void): void {
    const isGoing = this.#closing !== undefined || this.#isClosed;
    if (isGoing && request.httpVersionMajor !== 2) response.setHeader?.("connection", "close");
    this.#pages.here.answer(request, response, next);
  }

  close(): Promise<void> {
    return this.#closeWith(farewells.goingAway);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Starts it as a test wants it. Rejects with `already_started` where it runs. */
  async startIn(surroundings: Surroundings): Promise<void> {
    if (this.#starting !== undefined) {
      throw new TidingsError(
        "already_started",
        "This app is started already, by a test, by listen() or by something published: close it, or dispose of its test, first.",
      );
    }
    await this.#start(surroundings);
  }

  /** Answers an upgrade, wherever it comes from. Never rejects. */
  async answer(upgrade: Upgrade, port: Port = "here"): Promise<void> {
    try {
      const running = this.#running ?? (await this.#startedSoon());
      await running.answer(this.#settings.proxies.see(upgrade), this.#find(upgrade, port));
    } catch {
      // It could not start, which whoever started it was told.
      upgrade.refuse(refusalResponse(new TidingsError("unavailable")));
    }
  }

  /** How this path is served. */
  routeAt(path: string): Route | undefined {
    return this.#routes.find(path)?.route;
  }

  /** The app's own endpoints are at its own port only. */
  #find(asked: Asked, port: Port): FoundRoute | undefined {
    const { path } = splitTarget(asked.target);
    const own = port === "here" ? this.#routes.find(path) : undefined;
    return own ?? this.#dashboard.find(path, asked, this.#pages[port]?.door);
  }

  /** What can be asked of it, once it runs. */
  async #askedSoon(): Promise<AppApi> {
    if (this.#asked === undefined) await this.#started();
    if (this.#asked === undefined) throw new TidingsError("unavailable", "This app is closed.");
    return this.#asked;
  }

  get #options(): AppOptions {
    return this.#settings.options;
  }

  /** As it is before it starts: where the environment says what can't be, that keeps it from starting, and not a test of it. */
  #laidOutFirst(): Layout {
    try {
      return this.#laidOut(COMPUTER.environment);
    } catch {
      return this.#laidOut({});
    }
  }

  /** @throws ConfigError for what can't be, wherever it is from */
  #laidOut(environment: ProcessEnvironment): Layout {
    const settings = new Settings(this.#given, environment);
    return { settings, routes: new Routes(settings.options), pages: this.#createPages(settings.options) };
  }

  /** What it answers over plain HTTP. */
  #createPages({ http }: AppOptions): AppPages {
    return new AppPages({
      http,
      isProduction: this.#isProduction,
      clock: COMPUTER.clock,
      limits: () => this.#routes.limits,
      hasEndpoint: (path) => this.#routes.find(path) !== undefined,
      isReady: () => this.#isReady(),
      count: async () => (await this.#running?.count()) ?? NOBODY,
      document: (servers) => this.#description.reachedAt(servers),
      api: this.#api,
      openapi: () => this.#description.openapi,
      metrics: () => writeExposition([...this.metrics(), ...processFamilies()]),
      forwarded: (asked) =>
        this.#settings.proxies.read(asked.address, (name) => valuesOf(asked, name).join(", ") || undefined),
      listening: () => this.#servers.listening,
      onError: (error) => this.#happened({ event: "error", error, during: "http", ...NOWHERE }),
      onKeyRefused: (what) => this.#happened({ event: "api_key_refused", ...what }),
      onPageRefused: (what) => this.#happened({ event: "page_refused", ...what }),
    });
  }

  /** Whoever waits for it to be ready lets nobody dial before: where a start has failed, to ask for it is to try again. */
  #isReady(): boolean {
    const nowMs = COMPUTER.clock.elapsed();
    // Whoever asks needs no password.
    if (this.#starting === undefined && this.#servers.isAttached && nowMs >= this.#triedAtMs + RETRY_MS) {
      this.#triedAtMs = nowMs;
      this.#startAttached();
    }
    return this.#running?.isReady === true;
  }

  /** Nobody awaits it. */
  #startAttached(): void {
    this.#started(true)
      .then(({ limits }) => this.#servers.openPages(limits))
      .catch((error) => this.#happened({ event: "error", error, during: "start", ...NOWHERE }));
  }

  /** It runs, for a handshake: so many, and so long, as `limits.pending` and `limits.handshake` say, wait for a start. */
  async #startedSoon(): Promise<RunningApp> {
    const { pending, handshake } = this.#routes.limits;
    if (this.#waitingForStart >= pending) throw new TidingsError("overloaded");
    this.#waitingForStart += 1;
    let late: { cancel(): void } | undefined;
    try {
      return await Promise.race([
        this.#started(),
        new Promise<never>((_, reject) => {
          late = COMPUTER.clock.after(handshake, () => reject(new TidingsError("unavailable")));
        }),
      ]);
    } finally {
      late?.cancel();
      this.#waitingForStart -= 1;
    }
  }

  /** It runs, or begins to. Once closed it begins only where it is to serve again. */
  #started(isToServe = false): Promise<RunningApp> {
    // What is going away serves nobody who comes to stay: it starts anew when that is over.
    if (isToServe && this.#closing !== undefined) {
      const again = () => this.#started(true);
      return this.#closing.then(again, again);
    }
    if (this.#starting !== undefined) return this.#starting;
    if (this.#isClosed && !isToServe) return Promise.reject(new TidingsError("unavailable", "This app is closed."));
    return this.#start(COMPUTER);
  }

  /** What can be asked and told already by what runs before anybody is let in. */
  #core(): Promise<RunningApp> {
    return this.#begun === undefined ? this.#started() : Promise.resolve(this.#begun);
  }

  #start(surroundings: Surroundings): Promise<RunningApp> {
    this.#isClosed = false;
    const starting = this.#startOnce(surroundings);
    this.#starting = starting;
    // A start that failed may be tried again.
    starting.catch(() => {
      if (this.#starting !== starting) return;
      this.#starting = undefined;
      this.#begun = undefined;
    });
    return starting;
  }

  async #startOnce({ limits, defaultLogger, broker: given, ...surroundings }: Surroundings): Promise<RunningApp> {
    // Before anything is made: until then another may be serving in its place.
    const handover = handoverOfProcess();
    const left = handover && (await handover.takeTurn());
    this.#settle(surroundings.environment);
    const own = this.#options.broker;
    const others = given === "alone" ? (own?.["~isShared"] === true ? undefined : own) : (given ?? own);
    const { overrides } = surroundings;
    this.#routes = new Routes({ ...this.#options, overLimits: limits, overrides });
    checkOverrides(this.#routes, overrides);
    const { drain, origins } = this.#settings;
    this.#happened = this.#watcher(defaultLogger);
    for (const warning of this.#warningsFor(overrides)) this.#happened({ event: "warning", ...warning });
    // What an app of this package left before it.
    const heritage = left as MemoryLeft | undefined;
    const broker = others ?? new MemoryBroker({ ...surroundings, limits: this.#routes.limits, left: heritage });
    const running = await RunningApp.start({
      ...surroundings,
      app: this,
      broker,
      routes: this.#routes,
      origins,
      drain: handover?.drain ?? drain,
      compression: this.#options.compression === true,
      tracing: this.#tracing(defaultLogger),
      timesHandlers: this.#options.http?.metrics !== false,
      remembersClosed: this.#mayBeLookedAt,
      happened: this.#happened,
      onStart: this.#options.onStart,
      onStop: this.#options.onStop,
    });
    this.#begun = running;
    await running.begin();
    if (this.#mayBeLookedAt) this.#dashboard.begin(this, running.host);
    this.#asked = new AppApi({ app: this, running, channels: listedChannels(this.#routes) });
    this.#running = running;
    this.#asked.serveRequests(this.#api);
    const memory = broker instanceof MemoryBroker ? broker : undefined;
    handover?.began({
      leave: () => this.#closeWith(farewells.restarting),
      state: () => memory?.state(),
    });
    return running;
  }

  /** What works and should not be left so, wherever it listens. */
  #warningsFor(overrides: Surroundings["overrides"]): readonly StartupWarning[] {
    const { origins, warnings } = this.#settings;
    const isShown = this.#pages.here.door.mayBeThere("dashboard");
    const hidden = isShown ? warnOfHidden(this.#routes, this.#dashboard.routes) : [];
    return [...warnings, ...findWarnings(this.#routes, origins, overrides), ...hidden];
  }

  /** May anybody see the dashboard, by one port or the other? */
  get #mayBeLookedAt(): boolean {
    return [this.#pages.here, this.#pages.apart].some((pages) => pages?.door.mayBeThere("dashboard"));
  }

  #closeWith(farewell: Farewell): Promise<void> {
    this.#closing ??= this.#close(farewell).finally(() => {
      this.#closing = undefined;
    });
    return this.#closing;
  }

  async #close(farewell: Farewell): Promise<void> {
    await this.#servers.close(async () => {
      if (this.#running === undefined) this.#begun?.giveUp();
      const running = await this.#starting?.catch(() => undefined);
      await running?.close(farewell);
    });
    this.#starting = undefined;
    this.#begun = undefined;
    this.#running = undefined;
    this.#asked = undefined;
    this.#isClosed = true;
  }

  /** What it fails with goes to `onError`, where nobody awaits it. */
  #owned<Value>(during: string, run: () => Promise<Value>): Promise<Value> {
    const failed = (error: unknown) => this.#happened({ event: "error", error, during, ...NOWHERE });
    return ownedPromise(called(run), failed, setImmediate);
  }

  /** Once. Without endpoints, or with a broker, it is others who hear. */
  #warnOfUnheard({ pattern, "~definition": definition }: ChannelRef): void {
    this.#known.add(definition);
    if (this.#options.broker !== undefined || this.#routes.all.length === 0) return;
    this.#happened({ event: "warning", ...warnOfUnheard(pattern) });
  }

  /** From now on it goes by this environment. */
  #settle(environment: ProcessEnvironment): void {
    if (environment === this.#settings.environment) return;
    const { settings, routes, pages } = this.#laidOut(environment);
    this.#settings = settings;
    this.#routes = routes;
    this.#pages = pages;
  }

  #logger(defaultLogger: Logger | undefined): Logger {
    const { logger = defaultLogger, log } = this.#options;
    return unbreakable(loggerFor({ logger, log }, this.#settings.environment));
  }

  /** Where the steps are not told nobody follows them: then they cost nothing. */
  #tracing(defaultLogger: Logger | undefined): TracingSource | undefined {
    const { tracing, log } = this.#options;
    return log?.level === "debug" ? logSteps(this.#logger(defaultLogger), tracing) : tracing;
  }

  #watcher(defaultLogger?: Logger): (what: Happening) => void {
    const { onError } = this.#options;
    const log = logTo(this.#logger(defaultLogger));
    return (what) => {
      log(what);
      if (what.event !== "error") return;
      const { error, during, connection, endpoint } = what;
      const failed = (thrown: unknown) => {
        log({ event: "error", error: thrown, during: "onError", connection, endpoint });
      };
      try {
        ownRejection(onError?.(error, { during, connection, endpoint }), failed);
      } catch (thrown) {
        failed(thrown);
      }
    };
  }
}
