import { type Logger, silentLogger } from "./logger.js";

/** From which level on lines are written. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export const logLevels: readonly LogLevel[] = ["debug", "info", "warn", "error", "silent"];

/** The same logger, without the lines below this level. */
export function fromLevel(logger: Logger, level: LogLevel): Logger {
  const least = logLevels.indexOf(level);
  const methodOf = (name: keyof Logger): Logger[keyof Logger] =>
    logLevels.indexOf(name) < least ? silentLogger[name] : (fields, message) => logger[name](fields, message);
  return { debug: methodOf("debug"), info: methodOf("info"), warn: methodOf("warn"), error: methodOf("error") };
}
