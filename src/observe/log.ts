import type { Logger } from "../base/logger.js";
import type { Happening } from "./observe.js";

/**
 * Writes what happened to a logger: one line each, with the connection's id wherever there is one.
 *
 * An error stands under `err`, where pino and its kin look for one and write its stack.
 */
export function logTo(logger: Logger): (what: Happening) => void {
  return (what) => {
    switch (what.event) {
      case "connected":
        logger.info(what, "connected");
        break;
      case "refused":
        logger.warn(what, "refused");
        break;
      case "disconnected":
        logger.info(what, "disconnected");
        break;
      case "blocked":
        logger.warn(what, `${what.during} blocked the event loop for ${Math.round(what.blockedMs)} ms`);
        break;
      case "warning":
        logger.warn(what, `${what.message} ${what.fix}`);
        break;
      case "api_key_refused":
        logger.warn(what, "a key that the API does not know");
        break;
      case "page_refused":
        logger.warn(what, "credentials that a guard of the pages lets nobody in with");
        break;
      case "broker_away": {
        const { reason, ...rest } = what;
        logger.warn({ ...rest, err: reason }, "the broker is away: what needs it is refused until it is back");
        break;
      }
      case "broker_back":
        logger.info(what, `the broker is back after ${Math.round(what.awayMs)} ms`);
        break;
      case "draining":
        logger.info(what, "draining");
        break;
      case "drained":
        logger.info(what, "drained");
        break;
      case "error": {
        const { error, ...rest } = what;
        logger.error({ ...rest, err: error }, `error in ${what.during}`);
        break;
      }
    }
  };
}
