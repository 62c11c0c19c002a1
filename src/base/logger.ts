import { ownRejection } from "./thenable.js";

/** Takes structured log lines, the fields first: a pino logger is one, and so is any object of these four methods. */
export interface Logger {
  /** What only helps to find a fault: each message, each event. */
  debug(fields: object, message?: string | undefined): void;
  /** What is as it should be, such as a start. */
  info(fields: object, message?: string | undefined): void;
  /** What works, and should not be left so. */
  warn(fields: object, message?: string | undefined): void;
  /** What failed, with what was thrown as `err`. */
  error(fields: object, message?: string | undefined): void;
}

/** Drops every line. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};

/** Where a line can't be logged there is nowhere left to say so; what was being done goes on. */
export function unbreakable(logger: Logger): Logger {
  const guarded = (level: keyof Logger) => (fields: object, message?: string) => {
    try {
      ownRejection(logger[level](fields, message));
    } catch {}
  };
  return { debug: guarded("debug"), info: guarded("info"), warn: guarded("warn"), error: guarded("error") };
}
