import cluster from "node:cluster";
import type { Logger } from "../base/logger.js";
import { type App, createLogger, type Listening } from "../index.js";
import { type CommandShape, tellError } from "./command.js";
import { withEnvFile } from "./env-file.js";
import { exitCodes } from "./exit-code.js";
import type { ServeConfig } from "./serve/config.js";
import { configSchema } from "./serve/config-schema.js";
import { type LoadedConfig, loadConfig } from "./serve/loaded-config.js";
import { printedSettings, printSettings } from "./serve/printed-config.js";
import { makeApp, readTls } from "./serve/served-app.js";
import { startedAs, startLines } from "./serve/start-line.js";
import { ofWorker, superviseWorkers, type Told, toldPrimary } from "./serve/workers.js";
import type { Streams, Terminal } from "./terminal.js";

interface ServeOptions {
  readonly config?: string;
  readonly port?: string;
  readonly host?: string;
  readonly workers?: string;
  readonly printConfig?: boolean;
  readonly schema?: boolean;
}

/** A ready server, of a configuration alone. */
export const serveCommand: CommandShape<ServeOptions> = {
  usage: "serve",
  summary: "a ready server from a configuration file or the environment",
  examples: [
    ["tidings serve", "as tidings.config.json, .env and the environment say"],
    ["TIDINGS_JWT_SECRET=… TIDINGS_CHANNELS=chat/:room tidings serve", "without a file: users may subscribe"],
    ["tidings serve --config prod.json --host 0.0.0.0 --workers 4", "four processes on one port, over Redis"],
    ["tidings serve --print-config", "what would hold, and where each value is from"],
    ["tidings serve --schema > tidings.schema.json", "the file's JSON Schema, for your editor"],
  ],
  options(command) {
    command
      .option(
        "--config <file>",
        "JSON, or .js/.mjs with a default export (default: tidings.config.json, where it is there)",
      )
      .option("--port <port>", "0 picks a free one (default: 8000)")
      .option("--host <address>", 'which to listen on (default: "127.0.0.1")')
      .option("--workers <count>", "processes that share the port, over Redis (default: 1)")
      .option("--print-config", "print what holds, secrets masked, and do not serve")
      .option("--schema", "print the configuration's JSON Schema, and do not serve");
  },
  async run({ terminal, options }) {
    if (options.schema === true) {
      terminal.result(configSchema);
      return exitCodes.done;
    }
    const loaded = await loadFor(options, terminal.env);
    if (options.printConfig === true) {
      const settings = printedSettings(loaded);
      terminal.result(settings, printSettings(settings));
      return exitCodes.done;
    }
    const workers = loaded.config.workers ?? 1;
    if (cluster.isWorker) return asWorker(loaded, terminal);
    const logger = loggerOf(loaded);
    for (const { name, nearest } of loaded.unknown.filter(({ name }) => isOurs(name, terminal.env))) {
      const fix = nearest === undefined ? "See tidings serve --print-config." : `Did you mean ${nearest}?`;
      logger.warn({ event: "warning", code: "unknown_variable" }, `The variable ${name} means nothing here. ${fix}`);
    }
    const tell = (told: Told) => {
      const started = startedAs(told, loaded.config, workers);
      terminal.result(started, startLines(started, loaded.config));
    };
    if (workers > 1) {
      // What can't be served is told once, and not by each of them.
      await makeApp(loaded.config, logger);
      return superviseWorkers(loaded.config, { count: workers, logger, tell });
    }
    tell(await serve(loaded, logger));
    return untilSignal();
  },
};

/** The app warns of variables itself, but for those of the command, and those of `.env`. */
function isOurs(name: string, own: Streams["env"]): boolean {
  return own[name] === undefined || /^TIDINGS_(JWT|REDIS|WEBHOOKS|TLS)_/.test(name);
}

/** The server keeps the process alive, and a signal that has closed it ends that: nothing is left to be done here. */
function untilSignal(): Promise<never> {
  return new Promise(() => {});
}

async function loadFor({ config, port, host, workers }: ServeOptions, own: Streams["env"]): Promise<LoadedConfig> {
  const flags = { port: numberOf(port), host, workers: numberOf(workers) };
  return loadConfig({
    file: config,
    env: withEnvFile(own),
    ownEnv: own,
    flags: Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)),
    folder: process.cwd(),
  });
}

/** What is no number stays what it is, for the error. */
function numberOf(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : text;
}

async function serve({ config, folder }: LoadedConfig, logger: Logger): Promise<Listening> {
  const app = await makeApp(config, logger);
  const { port = 8_000, host = "127.0.0.1" } = config;
  const tls = readTls(config, folder);
  if (tls !== undefined) process.on("SIGHUP", () => renewTls(app, config, { folder, logger }));
  return app.listen(port, { host, tls });
}

/** The certificate was renewed. One that can't be used leaves the old one. */
function renewTls(
  app: App,
  config: ServeConfig,
  { folder, logger }: { readonly folder: string; readonly logger: Logger },
): void {
  try {
    const tls = readTls(config, folder);
    if (tls !== undefined) app.reloadTls(tls);
    logger.info({ event: "tls_renewed" }, "the certificate was read anew");
  } catch (error) {
    logger.error({ event: "error", err: error }, "the certificate can't be renewed: the old one stays");
  }
}

/** What goes wrong ends it here: the line to who started it would keep it alive. */
async function asWorker(loaded: LoadedConfig, terminal: Terminal): Promise<never> {
  try {
    toldPrimary(await serve({ ...loaded, config: ofWorker(loaded.config) }, loggerOf(loaded)));
  } catch (error) {
    process.exit(tellError(terminal, error));
  }
  return untilSignal();
}

function loggerOf({ config: { log = {} } }: LoadedConfig): Logger {
  return createLogger(log);
}
