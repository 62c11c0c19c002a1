import { ConfigError } from "../base/config-error.js";
import { durationMs } from "../base/duration.js";
import { sizeBytes } from "../base/size.js";
import type { AppLimits } from "../declare/limits.js";
import { defaultLimits, type Limits } from "../protocol/limits.js";

/**
 * What is given, over what was there before. Give an app's limits first, then its endpoint's.
 *
 * @throws ConfigError for a duration, a size or a number that cannot be
 */
export function resolveLimits(given: AppLimits, base: Limits = defaultLimits): Limits {
  const size = (name: "messageSize" | "outbox" | "waitingBytes") =>
    given[name] === undefined ? base[name] : checkCount(sizeBytes(given[name], `limits.${name}`), name);
  const duration = (name: "auth" | "close") =>
    given[name] === undefined ? base[name] : durationMs(given[name], `limits.${name}`);
  const count = (name: "fragments" | "waitingMessages" | "channels" | "connections") =>
    given[name] === undefined ? base[name] : checkCount(given[name], name);
  return {
    ...base,
    messageSize: size("messageSize"),
    fragments: count("fragments"),
    outbox: size("outbox"),
    waitingMessages: count("waitingMessages"),
    waitingBytes: size("waitingBytes"),
    channels: count("channels"),
    connections: count("connections"),
    auth: duration("auth"),
    close: duration("close"),
  };
}

function checkCount(value: number, name: string): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new ConfigError("invalid_limit", {
    message: `limits.${name} is ${String(value)}.`,
    fix: "Give at least 1.",
  });
}
