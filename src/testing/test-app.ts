import { type Surroundings, TidingsApp } from "../app/app.js";
import { randomId } from "../app/system.js";
import type { Duration } from "../base/duration.js";
import { silentLogger } from "../base/logger.js";
import type { App } from "../declare/app.js";
import type { Carries, EndpointContract } from "../declare/contract.js";
import type { Credential, CredentialRequest, Identity } from "../declare/credential.js";
import type { AnyEndpoint } from "../declare/endpoint.js";
import type { AppLimits } from "../declare/limits.js";
import { tidingsV1 } from "../protocol/subprotocol.js";
import { dialMemory, type MemoryAnswer } from "../transport/memory.js";
import { FakeClock } from "./fake-clock.js";
import { RefusedError } from "./refused-error.js";
import { FramesEnd, MessagesEnd, type RawTestConnection, type TestConnection } from "./test-connection.js";

export interface TestAppOptions<Users extends readonly Identity[]> {
  /** Above the app's and the endpoints' own. */
  limits?: AppLimits | undefined;
  /** Who somebody is, in the place of an endpoint's `auth`: `[[user, ({ token }) => ({ id: token })]]`. */
  override?:
    | {
        readonly [Index in keyof Users]: readonly [
          real: Credential<Users[Index]>,
          fake: (
            given: CredentialRequest & { readonly token: string },
          ) => NoInfer<Users[Index]> | Promise<NoInfer<Users[Index]>>,
        ];
      }
    | undefined;
}

export interface TestConnectOptions {
  /** Goes where the endpoint's `auth` looks first. */
  token?: string | undefined;
  /** Names in lower case. */
  headers?: Readonly<Record<string, string>> | undefined;
  /**
   * What connects: our client (`"tidings"`, the default for endpoints that speak messages), any other program
   * (`"plain"`, the default for raw ones), or a page in a browser, which can set no headers and is shown no HTTP status.
   */
  as?: "tidings" | "plain" | "browser" | undefined;
  /** False: it takes nothing from its socket until `startReading()`. */
  reading?: boolean | undefined;
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
export async function startTestApp<const Users extends readonly Identity[] = []>(
  app: App,
  options: TestAppOptions<Users> = {},
): Promise<TestApp> {
  if (!(app instanceof TidingsApp)) throw new TypeError("startTestApp() takes what createApp() made.");
  const clock = new FakeClock();
  // Each pair fits together, which is what the type of `override` says.
  const overrides = new Map(options.override as unknown as Iterable<[Credential, never]>);
  await app.startIn({
    clock,
    createId: randomId,
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
  { token, headers = {}, as, reading = true, address }: TestConnectOptions = {},
): Promise<FramesEnd | MessagesEnd> {
  const endpoint = app.endpointAt(target.split("?", 1)[0] ?? target);
  const isRaw = endpoint?.speaks.kind === "frames";
  const client = as ?? (isRaw ? "plain" : "tidings");
  const byHeader = client !== "browser" && endpoint?.auth?.places[0] !== "query";
  const answer = await dialMemory((upgrade) => void app.answer(upgrade), {
    target: token === undefined || byHeader ? target : withToken(target, token),
    address,
    headers: {
      ...(client === "tidings" && { "sec-websocket-protocol": tidingsV1 }),
      ...(token !== undefined && byHeader && { authorization: `Bearer ${token}` }),
      ...headers,
    },
  });
  if ("refused" in answer) throw refusedBy(answer, client);
  const isOurClient = answer.subprotocol === tidingsV1;
  const end = isRaw ? new FramesEnd(answer.peer) : new MessagesEnd(answer.peer, isOurClient);
  if (end instanceof MessagesEnd && isOurClient) await greet(end);
  if (!reading) end.stopReading();
  return end;
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

/** Our client is connected from `connected` on; a close before is a refusal. */
async function greet(end: MessagesEnd): Promise<void> {
  try {
    await end.greet();
  } catch {
    const { code, reason } = await end.closed;
    throw new RefusedError({ status: 101, code: reason, closeCode: code });
  }
}

function refusedBy({ refused }: Extract<MemoryAnswer, { refused: unknown }>, client: string): RefusedError {
  if (client === "browser") return new RefusedError({ status: undefined, code: undefined, closeCode: 1006 });
  const { code, message } = JSON.parse(refused.body) as { readonly code: string; readonly message: string };
  return new RefusedError({ status: refused.status, code, closeCode: 1006, headers: refused.headers, message });
}

function withToken(target: string, token: string): string {
  return `${target}${target.includes("?") ? "&" : "?"}token=${encodeURIComponent(token)}`;
}
