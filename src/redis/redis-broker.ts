import { randomBytes } from "node:crypto";
import type { RedisClientOptions, RedisClusterOptions, RedisSentinelOptions } from "redis";
import { ConfigError } from "../base/config-error.js";
import { type Duration, durationMs } from "../base/duration.js";
import { checkOptions, type OptionKind } from "../base/options.js";
import type { Broker, BrokerLink, BrokerNode } from "../broker/broker.js";
import { defaultLimits } from "../protocol/limits.js";
import { Names } from "./names.js";
import { RedisLink } from "./redis-link.js";
import { alone, bySentinels, ofCluster, type Whereabouts } from "./whereabouts.js";

/** What `redis` takes: where Redis is, by one of the first five, and how to use it. */
export interface RedisOptions {
  /** `redis[s]://[[user][:password]@]host[:port][/database]`, as node-redis takes it. */
  url?: string | undefined;
  /** A client of node-redis, or its cluster: its options are taken, not its connection. */
  client?: RedisClientLike | RedisClusterLike | undefined;
  /** node-redis's own options, for TLS, an ACL user, and all else. */
  options?: RedisClientOptions | undefined;
  /** Sentinels that name the master, as node-redis's `createSentinel` takes them. */
  sentinel?: RedisSentinelOptions | undefined;
  /** A cluster, as node-redis's `createCluster` takes it. */
  cluster?: RedisClusterOptions | undefined;
  /** All keys and topics begin with it. Apps with another one do not hear each other. Default `"tidings"`. */
  prefix?: string | undefined;
  /** How long Redis may take to be connected to, and be silent before it is taken to be away. Default `"5s"`. */
  timeout?: Duration | undefined;
  /** How long users and members of a process that has died are still taken to be there. Default `"60s"`. */
  lease?: Duration | undefined;
  /** How long the place in a channel's stream is remembered while nobody uses it. Default `"1d"`. */
  positionTtl?: Duration | undefined;
  /** What a publish does while Redis is away: it is rejected with `unavailable`, or waits. Default `"reject"`. */
  whenUnavailable?: "reject" | "queue" | undefined;
  /** How many publishes wait in each process; one more is rejected. Default 1,000. */
  queue?: number | undefined;
  /** How many replicas must have an event before `publish` resolves (Redis's `WAIT`). Default 0. */
  replicas?: number | undefined;
  /**
   * Takes what programs without HTTP ask of the app, as JSON in the stream `<prefix>:requests` (docs/reference/http-api.md).
   * Whoever may write there may do all that the HTTP API can. Opens one connection more. Default: false.
   */
  requests?: boolean | undefined;
}

/** What is needed of a client of node-redis. */
export interface RedisClientLike {
  readonly isOpen: boolean;
  readonly options?: object | undefined;
}

/** What is needed of a cluster of node-redis. */
export interface RedisClusterLike {
  readonly isOpen: boolean;
  readonly _options: object;
}

/**
 * A broker for many processes: every one with the same Redis, and the same `prefix`, is one app.
 *
 * It needs Redis 7 or newer. Each app that starts with it opens one connection, to each master of a cluster.
 *
 * Where it is not said where Redis is, the app that starts with it throws a `ConfigError` `missing_redis`.
 *
 * @throws {ConfigError} where it is said twice, or an option can't be
 */
export function redis(options: RedisOptions): Broker {
  checkOptions("redis()", options, OPTIONS);
  const { prefix = "tidings", timeout = "5s", lease, positionTtl } = options;
  const { whenUnavailable = "reject", queue = 1_000, replicas = 0 } = options;
  const takesRequests = options.requests === true;
  const patienceMs = atLeast("timeout", timeout, 100);
  const leaseMs = lease === undefined ? defaultLimits.lease : atLeast("lease", lease, 100);
  const rememberedMs = positionTtl === undefined ? defaultLimits.positionTtl : atLeast("positionTtl", positionTtl, 100);
  // Who listens keeps it from being forgotten, as often as the leases are renewed.
  const liveTtlMs = LIVE_LEASES * leaseMs;
  const positionTtlMs = Math.max(rememberedMs, liveTtlMs);
  checkPrefix(prefix);
  checkCount("queue", queue, 1);
  checkCount("replicas", replicas, 0);
  if (whenUnavailable !== "reject" && whenUnavailable !== "queue") {
    throw invalid("whenUnavailable", String(whenUnavailable), 'Give it "reject" or "queue".');
  }
  if (isNowhere(options)) return new RedisBroker(() => Promise.reject(missing(options)));
  const whereabouts = whereaboutsOf(options, patienceMs);
  const names = new Names(prefix, databaseOf(whereabouts.client));
  const queueSize = whenUnavailable === "queue" ? queue : undefined;
  return new RedisBroker((node) => {
    const process = randomBytes(PROCESS_BYTES).toString("base64url");
    let epochs = 0;
    const freshEpoch = () => `${process}.${(epochs++).toString(36)}`;
    const onError = (error: unknown, during: string) => node.failed(error, during);
    const compareMs = Math.min(leaseMs * COMPARE_PART, COMPARE_MS);
    const settings = { names, process, leaseMs, compareMs, positionTtlMs, liveTtlMs, freshEpoch, onError };
    return RedisLink.open({ settings, whereabouts, patienceMs, queueSize, replicas, takesRequests }, node);
  });
}

class RedisBroker implements Broker {
  readonly "~is" = "broker";
  readonly "~isShared" = true;
  readonly #open: (node: BrokerNode) => Promise<BrokerLink>;

  constructor(open: (node: BrokerNode) => Promise<BrokerLink>) {
    this.#open = open;
  }

  connect(node: BrokerNode): Promise<BrokerLink> {
    return this.#open(node);
  }
}

const OPTIONS: Readonly<Record<string, OptionKind>> = {
  url: "text",
  client: "object",
  options: "object",
  sentinel: "object",
  cluster: "object",
  prefix: "text",
  timeout: "text",
  lease: "text",
  positionTtl: "text",
  whenUnavailable: "text",
  queue: "anything",
  replicas: "anything",
  requests: "flag",
};

/** So many times as long as a process may be silent is it remembered where a stream is that keeps nothing. */
const LIVE_LEASES = 10;

/** Of the lease; and who missed something is told within 30 s (PROTOCOL.md, Promises). */
const COMPARE_PART = 5 / 12;
const COMPARE_MS = 25_000;

/** 96 random bits: with a count they make epochs that there never were. */
const PROCESS_BYTES = 12;

function whereaboutsOf({ url, client, options, sentinel, cluster }: RedisOptions, patienceMs: number): Whereabouts {
  const ways = { url: url || undefined, client, sentinel, cluster };
  const given = Object.entries({ ...ways, options: ways.url === undefined ? options : undefined }).filter(
    ([, value]) => value !== undefined,
  );
  const [only, other] = given.map(([name]) => `\`${name}\``);
  if (other !== undefined) {
    throw new ConfigError("ambiguous_redis", {
      message: `redis() is given ${only} and ${other}.`,
      fix: "Say once where Redis is; `options` goes with `url`, or alone.",
    });
  }
  if (sentinel !== undefined) {
    const { sentinelRootNodes, sentinelClientOptions } = sentinel;
    if (sentinelRootNodes.length === 0) throw invalid("sentinel.sentinelRootNodes", "empty", "Give it one at least.");
    checkUrl(sentinelClientOptions?.url);
    return bySentinels(sentinel, patienceMs);
  }
  if (cluster !== undefined) return whereaboutsOfCluster(cluster, patienceMs);
  if (client !== undefined) return whereaboutsOfClient(client, patienceMs);
  return alone({ ...options, ...(ways.url !== undefined && { url: ways.url }) });
}

function isNowhere({ url, client, options, sentinel, cluster }: RedisOptions): boolean {
  return [url || undefined, client, options, sentinel, cluster].every((way) => way === undefined);
}

/** Told when an app starts with it, and not where a test imports the app and does without it. */
function missing({ url }: RedisOptions): ConfigError {
  return new ConfigError("missing_redis", {
    message: `redis() is not told where Redis is: \`url\` is ${JSON.stringify(url) ?? "undefined"}.`,
    fix: 'Give it a `url` such as "redis://localhost:6379", `client`, `options`, `sentinel` or `cluster`.',
  });
}

function whereaboutsOfCluster(cluster: RedisClusterOptions, patienceMs: number): Whereabouts {
  if (cluster.rootNodes.length === 0) throw invalid("cluster.rootNodes", "empty", "Give it one node at least.");
  for (const { url } of cluster.rootNodes) checkUrl(url);
  return ofCluster(cluster, patienceMs);
}

/** node-redis's know whether they are open, and those of others don't. Its sentinels and pools don't tell their options. */
function whereaboutsOfClient(client: RedisClientLike | RedisClusterLike, patienceMs: number): Whereabouts {
  if (!("isOpen" in client && ("options" in client || "_options" in client))) {
    throw new ConfigError("invalid_redis_client", {
      message: "redis() is given a `client` that is none of node-redis's createClient() or createCluster().",
      fix: "Give it one, or `url`, `options`, `sentinel` or `cluster`.",
    });
  }
  // Both are node-redis's own.
  if ("_options" in client) return whereaboutsOfCluster(client._options as RedisClusterOptions, patienceMs);
  return alone({ ...(client.options as RedisClientOptions | undefined) });
}

/** The number that a client's options select: what its URL says comes first, as with node-redis. */
function databaseOf({ url, database = 0 }: RedisClientOptions): number {
  if (url === undefined) return database;
  checkUrl(url);
  const path = new URL(url).pathname.slice(1);
  return path === "" ? database : Number(path) || 0;
}

/** A password may be in it, so it is not shown. */
function checkUrl(url: string | undefined): void {
  if (url === undefined) return;
  if (URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol)) return;
  throw new ConfigError("invalid_option", {
    message: "redis(): `url` is not the URL of a Redis.",
    fix: 'Give it one such as "redis://user:password@localhost:6379/0", or "rediss://…" for TLS; what is special in a password is percent-encoded.',
  });
}

function checkPrefix(prefix: string): void {
  if (/^[^{}\s]{1,64}$/.test(prefix)) return;
  throw invalid("prefix", JSON.stringify(prefix), "Give it 1–64 characters, without braces and white space.");
}

function checkCount(name: string, count: number, least: number): void {
  if (Number.isSafeInteger(count) && count >= least) return;
  throw invalid(name, String(count), `Give it a whole number of at least ${least}.`);
}

function atLeast(name: string, given: Duration, least: number): number {
  const ms = durationMs(given, name);
  if (ms >= least) return ms;
  throw invalid(name, `${ms}ms`, `Give it ${least}ms at least.`);
}

function invalid(name: string, given: string, fix: string): ConfigError {
  return new ConfigError("invalid_option", { message: `redis(): \`${name}\` is ${given}.`, fix });
}
