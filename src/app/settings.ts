import { durationMs } from "../base/duration.js";
import { checkOptions } from "../base/options.js";
import { Origins } from "../connection/origins.js";
import type { StartupWarning } from "../declare/credential.js";
import type { AppOptions } from "./app-options.js";
import type { DrainTimes } from "./drain.js";
import { fillIn, type ProcessEnvironment, readEnvironment } from "./environment.js";
import { environmentVariables } from "./environment-variables.js";
import { TrustedProxies } from "./proxies.js";

/** What an app goes by: what code gives, then what the environment says, then the defaults. */
export class Settings {
  readonly environment: ProcessEnvironment;
  /** What code gives, and what it leaves out and the environment says. */
  readonly options: AppOptions;
  /** Where `listen()` listens that is not told. */
  readonly port: number;
  readonly host: string;
  readonly origins: Origins;
  readonly proxies: TrustedProxies;
  readonly drain: DrainTimes;
  readonly warnings: readonly StartupWarning[];

  /** @throws ConfigError for what can't be, wherever it is from */
  constructor(given: AppOptions, environment: ProcessEnvironment) {
    const { values, unknown } = readEnvironment(environment, environmentVariables);
    const { port = DEFAULTS.port, host = DEFAULTS.host, ...ofApp } = values;
    this.environment = environment;
    this.options = fillIn(given, ofApp) as unknown as AppOptions; // the table's rows fill options of their kind
    this.port = port as number; // its row is of the kind "port"
    this.host = host as string; // and this one "text"
    this.origins = new Origins(this.options.origins);
    this.proxies = new TrustedProxies(this.options.trustProxy ?? []);
    this.drain = drainTimes(this.options.drain);
    this.warnings = unknown.filter(({ name }) => !OF_THE_COMMAND.test(name)).map(warnOfUnknown);
  }
}

const DEFAULTS = { port: 8_000, host: "127.0.0.1", reconnectWithin: "5s", deadline: "30s" } as const;

/** Those of `tidings serve` and its like, which look at them themselves. */
const OF_THE_COMMAND = /^TIDINGS_(JWT|REDIS|WEBHOOKS|TLS|CHANNELS|ENDPOINTS|CONFIG|WORKERS?|TOKEN|DEV|SERVE)(_|$)/;

function drainTimes(given: AppOptions["drain"] = {}): DrainTimes {
  checkOptions("drain", given, { reconnectWithin: "text", deadline: "text" });
  const { reconnectWithin = DEFAULTS.reconnectWithin, deadline = DEFAULTS.deadline } = given;
  return {
    reconnectWithinMs: durationMs(reconnectWithin, "drain.reconnectWithin"),
    deadlineMs: durationMs(deadline, "drain.deadline"),
  };
}

function warnOfUnknown({ name, nearest }: ReturnType<typeof readEnvironment>["unknown"][number]): StartupWarning {
  return {
    code: "unknown_variable",
    message: `The environment has ${name}, which nobody reads.`,
    fix: nearest === undefined ? "Take it out, or look at docs/reference/environment.md." : `Did you mean ${nearest}?`,
  };
}
