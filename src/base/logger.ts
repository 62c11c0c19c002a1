/** Takes structured log lines, the fields first: a pino logger is one, and so is any object of these four methods. */
export interface Logger {
  debug(fields: object, message?: string | undefined): void;
  info(fields: object, message?: string | undefined): void;
  warn(fields: object, message?: string | undefined): void;
  error(fields: object, message?: string | undefined): void;
}

/** Drops every line. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};
