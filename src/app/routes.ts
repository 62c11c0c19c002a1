import { ConfigError } from "../base/config-error.js";
import { type Duration, durationMs } from "../base/duration.js";
import { checkOptions } from "../base/options.js";
import { describeGiven } from "../base/quantity.js";
import { type DependencyPlan, planDependencies } from "../connection/dependency-plan.js";
import type { Route } from "../connection/route.js";
import type { ChannelDefinition } from "../declare/channel.js";
import type { Middleware } from "../declare/context.js";
import type { DependencyDefinition } from "../declare/dependency.js";
import type { AnyEndpoint, EndpointDefinition } from "../declare/endpoint.js";
import type { AppLimits } from "../declare/limits.js";
import { decodePath, type PathPattern } from "../declare/path-pattern.js";
import type { Limits } from "../protocol/limits.js";
import type { Upgrade } from "../transport/transport.js";
import { checkJson } from "./json-check.js";
import { checkEndpointLimits, resolveLimits } from "./limits.js";

export interface FoundRoute {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
  /** Asked before all that the route itself asks. Rejects with a `TidingsError`, which refuses. */
  readonly enter?: ((upgrade: Upgrade, connection: string) => Promise<void>) | undefined;
}

export interface RoutesOptions {
  readonly endpoints: readonly AnyEndpoint[];
  readonly limits?: AppLimits | undefined;
  readonly use?: readonly Middleware[] | undefined;
  readonly heartbeat?: HeartbeatOptions | undefined;
  /** Above the app's and the endpoints' own: a test's. */
  readonly overLimits?: AppLimits | undefined;
  /** What a test puts in the place of a dependency. */
  readonly overrides?: ReadonlyMap<DependencyDefinition, unknown> | undefined;
}

/** How it is found out that a peer is gone. */
export interface HeartbeatOptions {
  /** Between two pings. Default `"30s"`. */
  every?: Duration | undefined;
  /** How long a sign of life may take after a ping. Default `"10s"`. */
  timeout?: Duration | undefined;
  /** How plain clients are pinged at endpoints that speak messages: by a ping frame (default), or by `{"type":"ping"}`. */
  by?: "frame" | "message" | undefined;
}

/** The endpoints of an app, by path. */
export class Routes {
  readonly all: readonly Route[];
  /** Whose connections nobody's endpoint says more about: the app's. */
  readonly limits: Limits;
  readonly #bySegmentCount = new Map<number, Route[]>();

  /**
   * @throws ConfigError `ambiguous_path` or `ambiguous_channel` where two can match one name, and for limits, dependencies
   * and schemas that cannot be
   */
  constructor({ endpoints, limits = {}, use = [], heartbeat = {}, overLimits = {}, overrides }: RoutesOptions) {
    const definitions = endpoints.map(definitionOf);
    checkOverlaps(
      definitions.map(({ pattern }) => pattern),
      "endpoints",
    );
    checkOverlaps(
      [...channelsOf(endpoints)].map(({ pattern }) => pattern),
      "channels",
    );
    for (const endpoint of definitions) checkJson(endpoint);
    const appLimits = { ...resolveLimits(limits), ...resolveHeartbeat(heartbeat) };
    this.limits = resolveLimits(overLimits, appLimits);
    this.all = definitions.map((endpoint) => ({
      endpoint,
      limits: resolveLimits(overLimits, limitsOf(endpoint, appLimits)),
      userRateScope: endpoint.limits.messagesPerUser === undefined ? "" : endpoint.pattern.source,
      pingsByMessage: heartbeat.by === "message",
      use: [...use, ...(endpoint.speaks.kind === "messages" ? endpoint.speaks.use : [])],
      plan: planFor(endpoint, overrides),
    }));
    for (const route of this.all) {
      const { segmentCount } = route.endpoint.pattern;
      const others = this.#bySegmentCount.get(segmentCount);
      if (others === undefined) this.#bySegmentCount.set(segmentCount, [route]);
      else others.push(route);
    }
  }

  /** The endpoint of a path as it was sent: its segments are percent-decoded once. */
  find(path: string): FoundRoute | undefined {
    const segments = decodePath(path);
    if (segments === undefined) return undefined;
    for (const route of this.#bySegmentCount.get(segments.length) ?? []) {
      const params = route.endpoint.pattern.match(segments);
      if (params !== undefined) return { route, params };
    }
    return undefined;
  }
}

function definitionOf(endpoint: AnyEndpoint): EndpointDefinition {
  const given: unknown = endpoint;
  if (typeof given === "object" && given !== null && "~is" in given && given["~is"] === "endpoint") {
    return endpoint["~definition"];
  }
  throw new ConfigError("not_an_endpoint", {
    message: `createApp() lists ${describeGiven(given)} among its \`endpoints\`.`,
    fix: "List what endpoint() and rawEndpoint() make; where two files import each other, move it into a third.",
  });
}

function limitsOf({ limits, pattern }: EndpointDefinition, appLimits: Limits): Limits {
  const where = `${pattern.source}: `;
  checkEndpointLimits(limits, where);
  return resolveLimits(limits, appLimits, where);
}

function planFor(endpoint: EndpointDefinition, overrides: RoutesOptions["overrides"]): DependencyPlan {
  const { source } = endpoint.pattern;
  const channels = endpoint.speaks.kind === "messages" ? endpoint.speaks.channels : [];
  const plan = planDependencies(source, { ...endpoint, channels }, (each) => overrides?.has(each) === true);
  if (
    endpoint.speaks.kind === "frames" &&
    plan.ways.length > 0 &&
    plan.ways.every(({ place }) => place === "message")
  ) {
    throw new ConfigError("credential_by_message", {
      message: `${source} is raw, and its credential can come by message alone.`,
      fix: "Name another place in its `from`: a raw endpoint has no messages.",
    });
  }
  return plan;
}

function resolveHeartbeat(given: HeartbeatOptions): Partial<Limits> {
  checkOptions("heartbeat", given, { every: "text", timeout: "text", by: "text" });
  const { every, timeout } = given;
  return {
    ...(every !== undefined && { heartbeat: positiveMs(every, "heartbeat.every") }),
    ...(timeout !== undefined && { pong: positiveMs(timeout, "heartbeat.timeout") }),
  };
}

function positiveMs(duration: Duration, name: string): number {
  const ms = durationMs(duration, name);
  if (ms > 0) return ms;
  throw new ConfigError("invalid_duration", { message: `${name} is 0.`, fix: 'Give a time, like "30s".' });
}

function channelsOf(endpoints: readonly AnyEndpoint[]): ReadonlySet<ChannelDefinition> {
  return new Set(
    endpoints.flatMap(({ "~definition": { speaks } }) => (speaks.kind === "messages" ? speaks.channels : [])),
  );
}

function checkOverlaps(patterns: readonly PathPattern[], what: "endpoints" | "channels"): void {
  for (const [index, pattern] of patterns.entries()) {
    const other = patterns.slice(0, index).find((earlier) => earlier.overlaps(pattern));
    if (other === undefined) continue;
    throw new ConfigError(what === "endpoints" ? "ambiguous_path" : "ambiguous_channel", {
      message: `The ${what} "${other.source}" and "${pattern.source}" can match one name.`,
      fix: "Give one of them another word or another number of segments.",
    });
  }
}
