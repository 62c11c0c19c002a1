import { ConfigError } from "../base/config-error.js";
import type { Duration } from "../base/duration.js";
import type { Logger } from "../base/logger.js";
import { checkOptions, type OptionKind, requireOption } from "../base/options.js";
import type { Broker } from "../broker/broker.js";
import type { Middleware } from "../declare/context.js";
import type { OfApp } from "../declare/dependency.js";
import type { AnyEndpoint } from "../declare/endpoint.js";
import type { AppInfo, HttpOptions } from "../declare/http-options.js";
import type { AppLimits } from "../declare/limits.js";
import type { TracingSource } from "../observe/observe.js";
import { checkLogOptions, type LogOptions } from "./app-logger.js";
import type { HeartbeatOptions } from "./routes.js";

/** What `createApp` takes. */
export interface AppOptions {
  /** What can be connected to. Without any it is an app that only publishes. */
  endpoints: readonly AnyEndpoint[];
  /** Where events go between processes. Default: a broker in the memory of this process. */
  broker?: Broker | undefined;
  /** What is left out has PROTOCOL.md's default. An endpoint's own come before these. */
  limits?: AppLimits | undefined;
  /**
   * Pages that may connect, such as `["https://app.example"]`, `["https://*.app.example"]` or `["*"]`, beside those of the
   * server's own origin; then every endpoint checks. Default: where a cookie may be the credential, only the own origin.
   */
  origins?: readonly string[] | undefined;
  /** How it is found out that a peer is gone. */
  heartbeat?: HeartbeatOptions | undefined;
  /**
   * Proxies whose `X-Forwarded-For`, `-Proto` and `-Host` are believed: addresses, blocks such as `"10.0.0.0/8"`, or
   * `"loopback"` and `"private"`. Default: none.
   */
  trustProxy?: readonly string[] | undefined;
  /**
   * Offers `permessage-deflate` to who asks for it: texts of 1 KiB and more go compressed, a broadcast's compressed once for
   * all. Costs time, saves bytes. Default: false.
   */
  compression?: boolean | undefined;
  /** How the app closes. */
  drain?: DrainOptions | undefined;
  /** Anything like pino. Default: lines to stderr, as `log` says. */
  logger?: Logger | undefined;
  /** What is logged, and how it is written. */
  log?: LogOptions | undefined;
  /** Around each message of every endpoint, outside the endpoint's own. Default: nothing. */
  use?: readonly Middleware[] | undefined;
  /** What the document and the console call it. */
  info?: AppInfo | undefined;
  /** What it shows of itself over HTTP, and to whom. Default: in development, to this computer. */
  http?: HttpOptions | undefined;
  /** Follows what is done from process to process: `otel()` of `tidings/otel`. Default: nobody does. */
  tracing?: TracingSource | undefined;
  /**
   * Runs when the dependencies of the app are there, before anybody is let in. It may publish. What it throws, or rejects with,
   * fails the start: then those are disposed of, and `onStop` does not run; so does `app.close()`, which does not wait for it.
   * However long it takes, whoever comes meanwhile waits `limits.handshake` at most.
   */
  onStart?: ((given: OfApp) => unknown) | undefined;
  /**
   * Runs once for each start that succeeded: when all connections and tasks have ended, before the app's dependencies are
   * disposed of. It may publish. Waited for as long as `limits.close`; what it throws goes to `onError`.
   */
  onStop?: ((given: OfApp) => unknown) | undefined;
  /** Called with errors that no client can be told of, after they were logged. Default: they are only logged. */
  onError?: ((error: unknown, at: ErrorPlace) => void) | undefined;
}

/** How an app closes: on `app.close()`, and on the signals that `listen` waits for. */
export interface DrainOptions {
  /** Clients of `tidings.v1` are told to dial again at some time within it. Default `"5s"`. */
  reconnectWithin?: Duration | undefined;
  /** When it is over, whoever is still there is ended. Default `"30s"`. */
  deadline?: Duration | undefined;
}

/** Where an error came up that no client can be told of. */
export interface ErrorPlace {
  /** What was being done, such as `open` or `message "say"`. */
  readonly during: string;
  /** The id of the connection that it was for; undefined where it was for none. */
  readonly connection: string | undefined;
  /** The path of its endpoint, as it was declared. */
  readonly endpoint: string | undefined;
}

/** @throws ConfigError for an option that there is not, or that is of another kind */
export function checkAppOptions(options: AppOptions): void {
  checkOptions("createApp()", options, OPTIONS);
  requireOption("createApp()", options, "endpoints", "list");
  checkLogger(options.logger);
  checkOptions("info", options.info ?? {}, { title: "text", version: "text", description: "text" });
  if (options.tracing !== undefined) requireOption("tracing", options.tracing, "start", "function");
  checkLogOptions(options.log ?? {});
}

const OPTIONS: Readonly<Record<string, OptionKind>> = {
  endpoints: "list",
  broker: "object",
  limits: "object",
  origins: "list",
  heartbeat: "object",
  trustProxy: "list",
  compression: "flag",
  drain: "object",
  logger: "anything",
  log: "object",
  use: "list",
  info: "object",
  http: "object",
  tracing: "object",
  onStart: "function",
  onStop: "function",
  onError: "function",
};

function checkLogger(logger: Logger | undefined): void {
  const given: unknown = logger;
  if (given === undefined) return;
  const methods = ["debug", "info", "warn", "error"];
  const has = (name: string) =>
    typeof given === "object" && given !== null && typeof (given as Record<string, unknown>)[name] === "function";
  const missing = methods.find((name) => !has(name));
  if (missing === undefined) return;
  throw new ConfigError("invalid_logger", {
    message: `createApp()'s \`logger\` has no \`${missing}\`.`,
    fix: "Give it an object with debug, info, warn and error, such as pino() or console.",
  });
}
