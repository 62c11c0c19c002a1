import { ConfigError } from "../base/config-error.js";
import { checkOptions } from "../base/options.js";
import { describeGiven } from "../base/quantity.js";
import type { Middleware } from "./context.js";
import type { ContractOf, EndpointContract } from "./contract.js";
import type { Dependency } from "./dependency.js";
import type {
  AnyEndpoint,
  Endpoint,
  EndpointDefinition,
  RawEndpoint,
  SpeaksFrames,
  SpeaksMessages,
} from "./endpoint.js";
import { authOf } from "./endpoint-auth.js";
import type { Identity } from "./identity.js";
import type { EndpointLimits } from "./limits.js";
import { PathPattern } from "./path-pattern.js";

/** What the endpoints of a group have in common. */
export interface GroupOptions {
  /**
   * Who it is, for endpoints without an `auth` of their own. Middleware and `connection.user` tell who it is; an endpoint
   * whose handlers need `user` names the same `auth` itself, so that its type knows of it.
   */
  auth?: Dependency<Identity>;
  /** Around each message, outside the endpoint's own. A raw endpoint has no messages: with `use` there may be none in the group. */
  use?: readonly Middleware[] | undefined;
  /** An endpoint's own come before these, and these before the app's. Each endpoint counts for itself. */
  limits?: EndpointLimits | undefined;
}

/** Prefix and path; of a `/` nothing is left. */
export type JoinedPath<Prefix extends string, Path extends string> = Prefix extends "/"
  ? Path
  : Path extends "/"
    ? Prefix
    : `${Prefix}${Path}`;

/** The same endpoint at another path. */
export type Prefixed<Prefix extends string, Each extends AnyEndpoint> =
  Each extends RawEndpoint<infer Path>
    ? RawEndpoint<JoinedPath<Prefix, Path>>
    : [ContractOf<Each>] extends [never]
      ? AnyEndpoint
      : ContractOf<Each> extends infer Contract extends EndpointContract
        ? Endpoint<PrefixedContract<Prefix, Contract>>
        : AnyEndpoint;
/** The same contract at another path. */
export type PrefixedContract<Prefix extends string, Contract extends EndpointContract> = {
  path: JoinedPath<Prefix, Contract["path"]>;
  query: Contract["query"];
  receives: Contract["receives"];
  replies: Contract["replies"];
  sends: Contract["sends"];
  channels: Contract["channels"];
};

/**
 * The same endpoints with a prefix before their paths, and with what the group gives them:
 * `const [room, lobby] = group("/v1", { auth: user }, [roomEndpoint, lobbyEndpoint])`. A group may hold what another gave.
 *
 * The prefix may have params: handlers see them, and know their types where the endpoint's `params` names them. What was
 * given stays as it was: list what this returns, or its endpoints are served without what the group gives them.
 *
 * @throws ConfigError for a prefix, an option or an endpoint that cannot be
 */
export function group<const Prefix extends string, const Endpoints extends readonly AnyEndpoint[]>(
  prefix: Prefix,
  options: GroupOptions,
  endpoints: Endpoints,
): { readonly [Index in keyof Endpoints]: Prefixed<Prefix, Endpoints[Index]> } {
  checkPrefix(prefix);
  const where = `group("${prefix}")`;
  checkOptions(where, options, { auth: "anything", use: "list", limits: "object" });
  if (!Array.isArray(endpoints)) throw notEndpoints(where, endpoints);
  const auth = authOf(where, options);
  const grouped = endpoints.map((each: unknown) => {
    if (!isEndpoint(each)) throw notEndpoints(where, each);
    const { auth: own, pattern, speaks, limits } = each["~definition"];
    const path = joined(prefix, pattern.source);
    const definition: EndpointDefinition = {
      ...each["~definition"],
      pattern: new PathPattern(path),
      auth: own ?? auth,
      limits: within(options.limits ?? {}, limits),
      speaks: around(options.use ?? [], speaks, `${where} lists ${pattern.source}`),
    };
    if (own === undefined && auth !== undefined) guardedElsewhere.add(each["~definition"]);
    return { ...each, path, "~definition": definition };
  });
  // One for each that was given, in its place.
  return grouped as unknown as { readonly [Index in keyof Endpoints]: Prefixed<Prefix, Endpoints[Index]> };
}

/** Does a group give it the `auth` that it has not of its own? */
export function isGuardedElsewhere(definition: EndpointDefinition): boolean {
  return guardedElsewhere.has(definition);
}

const guardedElsewhere = new WeakSet<EndpointDefinition>();

function isEndpoint(given: unknown): given is AnyEndpoint {
  return typeof given === "object" && given !== null && "~is" in given && given["~is"] === "endpoint";
}

function joined(prefix: string, path: string): string {
  if (prefix === "/") return path;
  return path === "/" ? prefix : `${prefix}${path}`;
}

/** An option that is undefined was left out. */
function within(outer: EndpointLimits, inner: EndpointLimits): EndpointLimits {
  const given = Object.entries(inner).filter(([, value]) => value !== undefined);
  return { ...outer, ...Object.fromEntries(given) };
}

function around(
  use: readonly Middleware[],
  speaks: SpeaksMessages | SpeaksFrames,
  where: string,
): SpeaksMessages | SpeaksFrames {
  if (use.length === 0) return speaks;
  if (speaks.kind === "messages") return { ...speaks, use: [...use, ...speaks.use] };
  throw new ConfigError("use_of_raw", {
    message: `${where}, which is raw: it has no messages that its \`use\` could stand around.`,
    fix: "Put raw endpoints into a group without `use`, and check in their handlers.",
  });
}

function checkPrefix(prefix: unknown): void {
  const isPath = typeof prefix === "string" && prefix.startsWith("/") && (prefix === "/" || !prefix.endsWith("/"));
  if (isPath) return;
  throw new ConfigError("invalid_pattern", {
    message: `group() is given ${describeGiven(prefix)} for its prefix.`,
    fix: 'Begin it with "/" and end it without, such as "/v1"; "/" alone leaves the paths as they are.',
  });
}

function notEndpoints(where: string, given: unknown): ConfigError {
  return new ConfigError("not_an_endpoint", {
    message: `${where} lists ${describeGiven(given)} among its endpoints.`,
    fix: "Give it a list of what endpoint(), rawEndpoint() and group() make; where two files import each other, move it into a third.",
  });
}
