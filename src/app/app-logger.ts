import { ConfigError } from "../base/config-error.js";
import { fromLevel, type LogLevel, logLevels } from "../base/log-level.js";
import type { Logger } from "../base/logger.js";
import { checkOptions } from "../base/options.js";
import { describeGiven } from "../base/quantity.js";
import { jsonLogger } from "../observe/log-json.js";
import { textLogger } from "../observe/log-text.js";
import { fillIn, type ProcessEnvironment, readEnvironment } from "./environment.js";
import { environmentVariables } from "./environment-variables.js";
import { systemClock } from "./system.js";

/** What is logged, and how it is written. */
export interface LogOptions {
  /**
   * From which level on lines are written. Default `"info"`; of a logger of your own, what it writes itself. `"debug"` tells of
   * each message that is handled and each event that is published, never what is in them.
   */
  level?: LogLevel | undefined;
  /** `"text"` for people, `"json"` for programs. Default: text in a terminal, JSON elsewhere. Of no effect on a logger of your own. */
  format?: LogFormat | undefined;
}
/** How a line is written: for people, or one JSON object. */
export type LogFormat = "text" | "json";

/**
 * The logger that an app has without one of its own: to stderr, in colours where that is a terminal and NO_COLOR is not set.
 * What is left out is what `TIDINGS_LOG` and `TIDINGS_LOG_FORMAT` say.
 *
 * @throws ConfigError for an option that cannot be
 */
export function createLogger(options: LogOptions = {}): Logger {
  const { values } = readEnvironment(process.env, LOG_VARIABLES);
  checkLogOptions(options);
  return openLogger(
    fillIn(options, (values.log ?? {}) as Readonly<Record<string, unknown>>) as LogOptions,
    process.env,
    process.stderr,
  ); // its two rows
}

/** An app's: its own, or one to stderr. */
export function loggerFor(
  { logger, log = {} }: { readonly logger?: Logger | undefined; readonly log?: LogOptions | undefined },
  environment: ProcessEnvironment,
): Logger {
  if (logger === undefined) return openLogger(log, environment, process.stderr);
  return log.level === undefined ? logger : fromLevel(logger, log.level);
}

/** Where lines go. */
export interface LogStream {
  write(line: string): unknown;
  readonly isTTY?: boolean | undefined;
}

export function openLogger(
  { level = "info", format }: LogOptions,
  environment: ProcessEnvironment,
  stream: LogStream,
): Logger {
  const { now } = systemClock;
  const write = (line: string) => void stream.write(line);
  const isRead = stream.isTTY === true;
  const isText = format === undefined ? isRead : format === "text";
  const logger = isText
    ? textLogger({ write, now, isColourful: isRead && !environment.NO_COLOR })
    : jsonLogger(write, now);
  return fromLevel(logger, level);
}

/** @throws ConfigError `invalid_option` */
export function checkLogOptions(given: LogOptions): void {
  checkOptions("log", given, { level: "text", format: "text" });
  checkWord("log.level", given.level, logLevels);
  checkWord("log.format", given.format, FORMATS);
}

const FORMATS: readonly LogFormat[] = ["text", "json"];
const LOG_VARIABLES = environmentVariables.filter(({ option }) => option.startsWith("log."));

function checkWord(where: string, given: string | undefined, words: readonly string[]): void {
  if (given === undefined || words.includes(given)) return;
  throw new ConfigError("invalid_option", {
    message: `${where} is ${describeGiven(given)}.`,
    fix: `Give it one of ${words.map((word) => `"${word}"`).join(", ")}.`,
  });
}
