import { ConfigError } from "../base/config-error.js";
import type { Route } from "../connection/route.js";
import type { ChannelDefinition } from "../declare/channel.js";
import type { Middleware } from "../declare/context.js";
import type { AnyEndpoint } from "../declare/endpoint.js";
import type { AppLimits } from "../declare/limits.js";
import { decodePath, type PathPattern } from "../declare/path-pattern.js";
import { resolveLimits } from "./limits.js";

export interface FoundRoute {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

export interface RoutesOptions {
  readonly endpoints: readonly AnyEndpoint[];
  readonly limits?: AppLimits | undefined;
  readonly use?: readonly Middleware[] | undefined;
  /** Above the app's and the endpoints' own: a test's. */
  readonly overLimits?: AppLimits | undefined;
}

/** The endpoints of an app, by path. */
export class Routes {
  readonly #bySegmentCount = new Map<number, Route[]>();

  /** @throws ConfigError `ambiguous_path` or `ambiguous_channel` where two can match one name */
  constructor({ endpoints, limits = {}, use = [], overLimits = {} }: RoutesOptions) {
    const definitions = endpoints.map((each) => each["~definition"]);
    checkOverlaps(
      definitions.map(({ pattern }) => pattern),
      "endpoints",
    );
    checkOverlaps(
      [...channelsOf(endpoints)].map(({ pattern }) => pattern),
      "channels",
    );
    const appLimits = resolveLimits(limits);
    for (const endpoint of definitions) {
      const own = endpoint.speaks.kind === "messages" ? endpoint.speaks.use : [];
      const ownLimits = resolveLimits(overLimits, resolveLimits(endpoint.limits, appLimits));
      const route = { endpoint, limits: ownLimits, use: [...use, ...own] };
      const { segmentCount } = endpoint.pattern;
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
