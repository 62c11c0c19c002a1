import { ConfigError } from "../base/config-error.js";
import { type Duration, durationMs } from "../base/duration.js";
import { parseRate, type Rate } from "../base/rate.js";
import { type Size, sizeBytes } from "../base/size.js";
import type { AppLimits } from "../declare/limits.js";
import { defaultLimits, type Limits } from "../protocol/limits.js";

/**
 * What is given, over what was there before. Give an app's limits first, then its endpoint's.
 *
 * @throws ConfigError for a limit that is none, and for a duration, a rate, a size or a number that cannot be
 */
export function resolveLimits(given: AppLimits, base: Limits = defaultLimits): Limits {
  const resolved: { -readonly [Name in keyof Limits]: Limits[Name] } = { ...base };
  for (const [name, value] of Object.entries(given)) {
    if (!isLimit(name)) throw unknownLimit(name);
    // The reader of this name gives what the limit of this name is.
    if (value !== undefined) Object.assign(resolved, { [name]: readers[name](value as never, name) });
  }
  return resolved;
}

/** How each limit is written, in the order of PROTOCOL.md. */
const readers: { readonly [Name in keyof Required<AppLimits>]: (value: never, name: string) => Limits[Name] } = {
  messageSize: readSize,
  fragments: readCount,
  handshake: readPositiveDuration,
  auth: readDuration,
  needs: readDuration,
  handler: readDuration,
  close: readDuration,
  waitingMessages: readCount,
  waitingBytes: readSize,
  messages: readRate,
  messagesPerUser: readRate,
  strikes: readRate,
  control: readRate,
  channels: readCount,
  connections: readCount,
  connectionsPerUser: readCount,
  connectionsPerAddress: readCount,
  pending: readCount,
  outbox: readSize,
  expiryGrace: readDuration,
  revocations: readCount,
};

function isLimit(name: string): name is keyof AppLimits {
  return Object.hasOwn(readers, name);
}

function readSize(value: Size, name: string): number {
  return readCount(sizeBytes(value, `limits.${name}`), name);
}

function readDuration(value: Duration, name: string): number {
  return durationMs(value, `limits.${name}`);
}

/** To `node:http` 0 would be no limit at all. */
function readPositiveDuration(value: Duration, name: string): number {
  return readCount(readDuration(value, name), name);
}

function readRate(value: Rate, name: string): Limits["messages"] {
  return parseRate(value, `limits.${name}`);
}

function readCount(value: number, name: string): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new ConfigError("invalid_limit", {
    message: `limits.${name} is ${String(value)}.`,
    fix: "Give at least 1.",
  });
}

function unknownLimit(name: string): ConfigError {
  return new ConfigError("unknown_limit", {
    message: `There is no limit \`${name}\`.`,
    fix: `The limits are ${Object.keys(readers).join(", ")}.`,
  });
}
