import { ConfigError } from "../base/config-error.js";
import { type Duration, durationMs } from "../base/duration.js";
import { nearestOf } from "../base/nearest.js";
import { parseRate, type Rate } from "../base/rate.js";
import { type Size, sizeBytes } from "../base/size.js";
import type { AppLimits, EndpointLimits } from "../declare/limits.js";
import { defaultLimits, type Limits } from "../protocol/limits.js";

/**
 * What is given, over what was there before. Give an app's limits first, then its endpoint's; `where` begins the errors.
 *
 * @throws ConfigError for a limit that is none, and for a duration, a rate, a size or a number that cannot be
 */
export function resolveLimits(given: AppLimits, base: Limits = defaultLimits, where: string = ""): Limits {
  const resolved: { -readonly [Name in keyof Limits]: Limits[Name] } = { ...base };
  for (const [name, value] of Object.entries(given)) {
    if (!isLimit(name)) throw unknownLimit(name, where);
    // The reader of this name gives what the limit of this name is.
    if (value !== undefined)
      Object.assign(resolved, { [name]: readers[name](value as never, `${where}limits.${name}`) });
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
  presenceGrace: readDuration,
  revocations: readCount,
  members: readCount,
  historyPage: readCount,
  tasks: readCount,
  tasksPerUser: readCount,
  taskResult: readSize,
  apiBody: readSize,
  apiBodyTime: readPositiveDuration,
  apiBatch: readCount,
  apiRequests: readCount,
  historyBytes: readSize,
  positionTtl: readPositiveDuration,
};

function isLimit(name: string): name is keyof AppLimits {
  return Object.hasOwn(readers, name);
}

function readSize(value: Size, name: string): number {
  return readCount(sizeBytes(value, name), name);
}

function readDuration(value: Duration, name: string): number {
  return durationMs(value, name);
}

/** To `node:http` 0 would be no limit at all. */
function readPositiveDuration(value: Duration, name: string): number {
  return readCount(readDuration(value, name), name);
}

function readRate(value: Rate, name: string): Limits["messages"] {
  return parseRate(value, name);
}

function readCount(value: number, name: string): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new ConfigError("invalid_limit", {
    message: `${name} is ${String(value)}.`,
    fix: "Give a whole number of at least 1.",
  });
}

/** @throws ConfigError `app_limit` for a limit that an endpoint can't have of its own */
export function checkEndpointLimits(given: EndpointLimits, where: string): void {
  const name = Object.keys(given).find((each) => APP_ONLY.has(each));
  if (name === undefined) return;
  throw new ConfigError("app_limit", {
    message: `${where}limits.${name} is a limit of the whole app.`,
    fix: "Give it to createApp().",
  });
}

const APP_ONLY: ReadonlySet<string> = new Set<keyof AppLimits>([
  "handshake",
  "auth",
  "needs",
  "close",
  "connections",
  "connectionsPerAddress",
  "pending",
  "expiryGrace",
  "presenceGrace",
  "revocations",
  "members",
  "historyPage",
  "tasks",
  "tasksPerUser",
  "taskResult",
  "apiBody",
  "apiBodyTime",
  "apiBatch",
  "apiRequests",
  "historyBytes",
  "positionTtl",
]);

function unknownLimit(name: string, where: string): ConfigError {
  const meant = nearestOf(name, Object.keys(readers));
  return new ConfigError("unknown_limit", {
    message: `${where}there is no limit \`${name}\`.`,
    fix: meant === undefined ? `The limits are ${Object.keys(readers).join(", ")}.` : `Did you mean \`${meant}\`?`,
  });
}
