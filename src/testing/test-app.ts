import { type Surroundings, TidingsApp } from "../app/app.js";
import { randomId } from "../app/system.js";
import type { Duration } from "../base/duration.js";
import { silentLogger } from "../base/logger.js";
import type { App } from "../declare/app.js";
import type { Carries, EndpointContract } from "../declare/contract.js";
import type { CredentialWay, TokenPlace } from "../declare/credential.js";
import type { Dependency, DependencyDefinition } from "../declare/dependency.js";
import type { AnyEndpoint } from "../declare/endpoint.js";
import type { Handshake } from "../declare/handshake.js";
import type { AppLimits } from "../declare/limits.js";
import { tidingsV1 } from "../protocol/subprotocol.js";
import { dialMemory, type MemoryAnswer, type MemoryDial } from "../transport/memory.js";
import { FakeClock } from "./fake-clock.js";
import { FramesEnd } from "./frames-end.js";
import { MessagesEnd } from "./messages-end.js";
import { RefusedError } from "./refused-error.js";
import type { TestPosition } from "./test-channels.js";
import type { RawTestConnection, TestConnection } from "./test-connection.js";

export interface TestAppOptions<Fakes extends readonly unknown[]> {
  /** Above the app's and the endpoints' own. */
  limits?: AppLimits | undefined;
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

export interface TestConnectOptions {
  /** Goes where the endpoint looks first, of the places such a client has: a browser can set no headers. */
  token?: string | undefined;
  /** Name → value. */
  cookies?: Readonly<Record<string, string>> | undefined;
  /** Of the page, where it is a browser. Default: the server's own, `http://localhost`. */
  origin?: string | undefined;
  /** Names in lower case. */
  headers?: Readonly<Record<string, string>> | undefined;
  /**
   * What connects: our client (`"tidings"`, the default for endpoints that speak messages), any other program
   * (`"plain"`, the default for raw ones), or a page in a browser, which can set no headers and is shown no HTTP status.
   */
  as?: "tidings" | "plain" | "browser" | undefined;
  /**
   * Where our client stood when its last connection ended, by the channel's name: `{ "prices/BTC": { epoch, offset } }`. It
   * counts for the server's first join of each. A TypeError for other clients, which give it to `subscribe`.
   */
  since?: Readonly<Record<string, TestPosition>> | undefined;
  /** False: it takes nothing from its socket until `startReading()`. */
  reading?: boolean | undefined;
  /** False: it answers no pings, as if the network were gone. */
  answersPings?: boolean | undefined;
  /** The peer's address. Default `"127.0.0.1"`. */
  address?: string | undefined;
}

export interface TestApp extends AsyncDisposable {
  readonly app: App;
  readonly clock: TestClock;
  /**
   * Connects in memory, through the same checks as a real socket.
   *
   * Rejects with a `RefusedError` that holds what such a client would see.
   */
  connect<E extends AnyEndpoint = never>(
    path: string,
    options?: TestConnectOptions,
  ): Promise<
    [E] extends [never]
      ? RawTestConnection
      : E extends Carries<infer Contract>
        ? Contract extends EndpointContract
          ? TestConnection<Contract>
          : RawTestConnection
        : RawTestConnection
  >;
}

export interface TestClock {
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
  if (!(app instanceof TidingsApp)) throw new TypeError("startTestApp() takes what createApp() made.");
  const clock = new FakeClock();
  // Each pair fits together, which is what the type of `override` says.
  const fakes = (options.override ?? []) as unknown as Iterable<[Dependency<unknown>, (given: FakeGiven) => unknown]>;
  const overrides = new Map<DependencyDefinition, (given: FakeGiven) => unknown>();
  for (const [real, fake] of fakes) overrides.set(real["~definition"], fake);
  await app.startIn({
    clock,
    createId: randomId,
    random: () => 0.5,
    endOfTurn: setImmediate,
    overrides,
    limits: options.limits ?? {},
    defaultLogger: silentLogger,
  } satisfies Surroundings);
  return {
    app,
    clock,
    connect: (path, connectOptions) => connect(app, path, connectOptions) as never, // the endpoint's type says which
    [Symbol.asyncDispose]: () => close(app, clock),
  };
}

async function connect(
  app: TidingsApp,
  target: string,
  options: TestConnectOptions = {},
): Promise<FramesEnd | MessagesEnd> {
  const route = app.routeAt(target.split("?", 1)[0] ?? target);
  const isRaw = route?.endpoint.speaks.kind === "frames";
  const client = options.as ?? (isRaw ? "plain" : "tidings");
  if (options.since !== undefined && (isRaw || client !== "tidings")) throw new TypeError(ONLY_OUR_CLIENT);
  const place = options.token === undefined ? undefined : placeFor(route, client);
  const dial = dialFor(target, options, client, place, route?.endpoint.subprotocols ?? []);
  const answer = await dialMemory((upgrade) => void app.answer(upgrade), dial);
  if ("refused" in answer) throw refusedBy(answer, client, target);
  const isOurClient = answer.subprotocol === tidingsV1;
  const end = isRaw ? new FramesEnd(answer.peer) : new MessagesEnd(answer.peer, isOurClient);
  if (options.answersPings === false) end.ignorePings();
  const token = place?.place === "message" ? options.token : undefined;
  if (end instanceof MessagesEnd && isOurClient) await admitted(end, end.greet(token, options.since), target);
  else if (end instanceof MessagesEnd && token !== undefined) await admitted(end, end.authenticate(token), target);
  if (options.reading === false) end.stopReading();
  return end;
}

const ONLY_OUR_CLIENT =
  "`since` is what our client says when it connects: leave `as` out, or give it to `subscribe`. Frames have none.";

type ServedRoute = NonNullable<ReturnType<TidingsApp["routeAt"]>>;
type ClientKind = NonNullable<TestConnectOptions["as"]>;
type Place = Pick<CredentialWay, "place" | "cookie">;

/** The first place that an endpoint looks at and such a client has. */
function placeFor(route: ServedRoute | undefined, client: ClientKind): Place {
  const isBrowser = client === "browser";
  const isWithin = ({ place }: Place) => {
    if (place === "header") return !isBrowser;
    // A browser fails where it offers subprotocols and the server selects none of them.
    if (place === "subprotocol") return !isBrowser || route?.endpoint.subprotocols.length !== 0;
    return place !== "message" || route?.endpoint.speaks.kind === "messages";
  };
  return route?.plan.ways.find(isWithin) ?? { place: isBrowser ? "query" : "header" };
}

function dialFor(
  target: string,
  { token = "", headers, cookies, origin, address }: TestConnectOptions,
  client: ClientKind,
  at: Place | undefined,
  own: readonly string[],
): MemoryDial {
  const isAt = (place: TokenPlace) => at?.place === place;
  const protocols = [
    ...(client === "tidings" ? [tidingsV1] : []),
    ...(client === "browser" && isAt("subprotocol") ? own : []),
    ...(isAt("subprotocol") ? [`bearer.${Buffer.from(token).toString("base64url")}`] : []),
  ];
  const all = { ...cookies, ...(isAt("cookie") && at?.cookie !== undefined && { [at.cookie]: token }) };
  const cookie = Object.entries(all).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return {
    target: isAt("query") ? withToken(target, token) : target,
    address,
    headers: {
      ...(protocols.length > 0 && { "sec-websocket-protocol": protocols.join(", ") }),
      ...(isAt("header") && { authorization: `Bearer ${token}` }),
      ...(cookie.length > 0 && { cookie: cookie.join("; ") }),
      ...((client === "browser" || origin !== undefined) && { origin: origin ?? "http://localhost" }),
      ...headers,
    },
  };
}

/** Code that never ends is waited for by the clock, which stands still: it gets a moment of real time instead. */
async function close(app: TidingsApp, clock: FakeClock): Promise<void> {
  let isClosed = false;
  const closed = app.close().finally(() => {
    isClosed = true;
  });
  let timer: NodeJS.Timeout | undefined;
  const moment = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, MOMENT_MS);
  });
  await Promise.race([closed, moment]);
  clearTimeout(timer);
  while (!isClosed) await clock.advance("1h");
  await closed;
}

const MOMENT_MS = 1_000;

/** A close before the answer is a refusal. */
async function admitted(end: MessagesEnd, answered: Promise<unknown>, target: string): Promise<void> {
  try {
    await answered;
  } catch {
    const { code, reason } = await end.closed;
    const message = `${target} was closed at once: ${code} ${reason}.`;
    throw new RefusedError({ status: 101, code: reason, closeCode: code, message });
  }
}

function refusedBy(
  { refused }: Extract<MemoryAnswer, { refused: unknown }>,
  client: ClientKind,
  target: string,
): RefusedError {
  if (client === "browser") {
    const message = `${target} was refused, and a page is told no more than 1006.`;
    return new RefusedError({ status: undefined, code: undefined, closeCode: 1006, message });
  }
  const { status, headers } = refused;
  const { code, message } = JSON.parse(refused.body) as { readonly code: string; readonly message: string };
  const told = `${target} was refused: ${status} ${code}. ${message}`;
  return new RefusedError({ status, code, closeCode: 1006, headers, message: told });
}

function withToken(target: string, token: string): string {
  return `${target}${target.includes("?") ? "&" : "?"}token=${encodeURIComponent(token)}`;
}
