import { type Logger, silentLogger } from "../base/logger.js";

/** Shows what went wrong inside an app where its tests are read: a client is told no more than `internal`. The rest is dropped. */
export const failuresLogger: Logger = {
  ...silentLogger,
  error(fields, message) {
    const { err }: { readonly err?: unknown } = fields;
    console.error(`${message}:`, err);
  },
};
