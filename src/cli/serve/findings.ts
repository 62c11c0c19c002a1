import type { ChannelConfig, EndpointConfig, ServeConfig } from "./config.js";
import { shownPath } from "./config-faults.js";
import { DEFAULT_ENDPOINTS } from "./declared-endpoints.js";

/**
 * What `tidings check` has found: an `error` keeps it from starting, what is `unsafe` works and should not be left so, and an
 * `advice` may be meant so.
 */
export interface Finding {
  readonly code: string;
  readonly severity: "error" | "unsafe" | "advice";
  /** Where it is, as `shownPath` writes it; empty: the whole. */
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

/** What is unsafe, or may be meant otherwise, in a configuration that can be. Options that come from a file are named. */
export function findingsIn(config: ServeConfig, isOfFile: (path: string) => boolean): readonly Finding[] {
  const place = placeOf(config);
  return [
    ...endpointFindings(config, place),
    ...channelFindings(config),
    ...httpFindings(config, place),
    ...webhookFindings(config),
    ...secretFindings(config, isOfFile),
    ...processFindings(config),
  ];
}

/** Who can reach it. */
interface Place {
  /** Others than this computer can. */
  readonly isPublic: boolean;
  /** TLS here, or a proxy that is known to be before it. */
  readonly isCovered: boolean;
  readonly host: string;
}

function placeOf({ host = "127.0.0.1", tls, trustProxy = [] }: ServeConfig): Place {
  return { host, isPublic: !isLoopback(host), isCovered: tls !== undefined || trustProxy.length > 0 };
}

/** RFC 6761 §6.3 for the names. */
function isLoopback(host: string): boolean {
  return /^(?:127(?:\.\d+){3}|\[?::1\]?|(?:.+\.)?localhost)$/i.test(host);
}

function* endpointFindings(config: ServeConfig, { isPublic, host }: Place): Generator<Finding> {
  for (const [path, endpoint] of endpointsOf(config)) {
    if (endpoint.auth !== "none" || !isPublic) continue;
    yield {
      code: "anybody_enters",
      severity: "unsafe",
      path: shownPath(["endpoints", path, "auth"]),
      message: `Anybody who reaches ${host} may connect, as nobody in particular.`,
      fix: 'Take "auth": "none" away, or keep to channels that are for everybody and can only be heard.',
    };
  }
}

function* channelFindings(config: ServeConfig): Generator<Finding> {
  for (const [pattern, channel] of Object.entries(config.channels ?? {})) {
    const at = (option?: string) => shownPath(["channels", pattern, ...(option === undefined ? [] : [option])]);
    const endpoints = endpointsOf(config).filter(([, { channels }]) => channels?.includes(pattern) ?? true);
    const owner = ownerParam(pattern);
    const { subscribe, publish, match = {} } = channel;
    if (owner !== undefined && match[owner] === undefined && (isOpen(subscribe) || isOpen(publish))) {
      yield {
        code: "open_inbox",
        severity: "unsafe",
        path: at("match"),
        message: `Any user may be on "${pattern}" of any other: nothing says that :${owner} is who they are.`,
        fix: `Add "match": { "${owner}": "sub" }.`,
      };
    }
    if (publish === "everybody" && endpoints.some(([, { auth }]) => auth === "none")) {
      yield {
        code: "anybody_publishes",
        severity: "unsafe",
        path: at("publish"),
        message: "Whoever connects may publish, without being anybody.",
        fix: 'Write "users", or let your backend publish by the HTTP API.',
      };
    }
    if (isOpen(publish) && channel.events === undefined) {
      yield {
        code: "unchecked_events",
        severity: "advice",
        path: at("events"),
        message: "Clients may publish any event with any payload here.",
        fix: "Name the events with a JSON Schema each.",
      };
    }
    if (endpoints.length === 0) yield unheard(at(), "No endpoint lists it.", "List it in an endpoint's `channels`.");
    else if (isSilent(pattern, channel, endpoints)) {
      yield unheard(
        at("subscribe"),
        "Nobody may subscribe, and no endpoint puts anybody on it.",
        'Say who may subscribe, such as "subscribe": "users", or have an endpoint `join` it.',
      );
    }
  }
}

function unheard(path: string, message: string, fix: string): Finding {
  return { code: "unheard_channel", severity: "advice", path, message, fix };
}

function isSilent(
  pattern: string,
  { subscribe }: ChannelConfig,
  endpoints: readonly (readonly [string, EndpointConfig])[],
): boolean {
  if (subscribe !== undefined && subscribe !== "nobody") return false;
  return !endpoints.some(([, { join }]) => join?.includes(pattern) === true);
}

/** Beside a webhook, which decides by itself. */
function isOpen(rule: ChannelConfig["subscribe"]): boolean {
  return rule === "users" || rule === "everybody";
}

/** A param that reads as if it were somebody. */
function ownerParam(pattern: string): string | undefined {
  return /:(user|userid|user_id|owner|account|me)(?=\/|$)/i.exec(pattern)?.[1];
}

function* httpFindings({ http = {} }: ServeConfig, { isPublic, isCovered, host }: Place): Generator<Finding> {
  const { api, users } = http;
  const hasApi = api !== undefined && api !== false && (api.keys ?? []).length > 0;
  // With a port of their own, pages and API are where that is: a network's own, as a rule, which nothing here can tell.
  const isApart = http.port !== undefined;
  const isOut = isApart ? !isLoopback(http.host ?? "127.0.0.1") : isPublic;
  if (hasApi && isOut && (!isCovered || isApart)) {
    yield {
      code: "api_without_tls",
      severity: isApart ? "advice" : "unsafe",
      path: "http.api",
      message: `The HTTP API is asked on ${isApart ? `${http.host}, port ${http.port},` : host} without TLS: whoever listens in has its key.`,
      fix: isApart
        ? "Let nobody but your backend reach that port, such as by a network policy."
        : "Set tls, name the proxy that ends TLS in trustProxy, or give the API a port of its own with http.port.",
    };
  }
  if (!isOut || users !== undefined || http.port !== undefined) return;
  for (const page of ["dashboard", "metrics"] as const) {
    if (http[page] !== true) continue;
    yield {
      code: "public_page",
      severity: "unsafe",
      path: `http.${page}`,
      message: `Everybody who reaches ${host} sees it.`,
      fix: "Name who may: http.users; or give the pages a port of their own: http.port.",
    };
  }
}

function* webhookFindings(config: ServeConfig): Generator<Finding> {
  const { webhooks, origins = [] } = config;
  if (webhooks?.url === undefined) return;
  const { protocol, hostname } = URL.canParse(webhooks.url) ? new URL(webhooks.url) : { protocol: "", hostname: "" };
  if (protocol === "http:" && !isLoopback(hostname)) {
    yield {
      code: "webhooks_without_tls",
      severity: "unsafe",
      path: "webhooks.url",
      message: `${hostname} is asked over http: whoever is between can read it, and answer in its place.`,
      fix: "Ask it over https; within one host, by a loopback address.",
    };
  }
  const readsCookies = (webhooks.cookies ?? []).length > 0 || webhooks.from?.includes("cookie") === true;
  if (readsCookies && origins.includes("*")) {
    yield {
      code: "any_origin_with_cookies",
      severity: "unsafe",
      path: "origins",
      message: 'Cookies say who somebody is, and `origins` has "*": any page can act for its visitors.',
      fix: "List the origins of your pages.",
    };
  }
  if (!isAsked(config)) {
    yield {
      code: "unused_webhooks",
      severity: "advice",
      path: "webhooks",
      message: "Your backend is never asked.",
      fix: 'Name hooks (connect, disconnect), a rule "webhook", or "receives": "webhook" of an endpoint.',
    };
  }
}

/** Is there anything that the backend decides? */
export function isAsked({ webhooks = {}, channels = {}, ...config }: ServeConfig): boolean {
  if ((webhooks.hooks ?? []).length > 0) return true;
  if (Object.values(channels).some(({ subscribe, publish }) => [subscribe, publish].includes("webhook"))) return true;
  return endpointsOf(config).some(([, { receives }]) => receives !== undefined);
}

function* secretFindings(
  { jwt, webhooks, http, redis }: ServeConfig,
  isOfFile: (path: string) => boolean,
): Generator<Finding> {
  const api = http?.api === false ? undefined : http?.api?.keys;
  const hasPassword = redis?.url !== undefined && URL.canParse(redis.url) && new URL(redis.url).password !== "";
  const secrets = [
    ["jwt.secret", jwt?.secret],
    ["webhooks.secret", webhooks?.secret],
    ["http.api.keys", api],
    ["http.users", http?.users],
    ["redis.url", hasPassword || undefined],
  ] as const;
  for (const [path, value] of secrets) {
    if (value === undefined || !isOfFile(path)) continue;
    yield {
      code: "secret_in_file",
      severity: "advice",
      path,
      message: "A secret stands in the configuration file.",
      fix: `Keep the file out of version control, or set ${variableOf(path)} in its place.`,
    };
  }
}

function variableOf(path: string): string {
  return path === "http.users"
    ? "it from a .mjs file's process.env"
    : `TIDINGS_${path.replaceAll(".", "_").toUpperCase()}`;
}

function* processFindings({ workers = 1, redis }: ServeConfig): Generator<Finding> {
  if (workers === 1 || redis?.url !== undefined) return;
  yield {
    code: "workers_without_redis",
    severity: "error",
    path: "workers",
    message: `${workers} processes that don't know each other would be as many servers.`,
    fix: "Set redis.url (TIDINGS_REDIS_URL), or leave workers out.",
  };
}

function endpointsOf({
  endpoints = DEFAULT_ENDPOINTS,
}: Pick<ServeConfig, "endpoints">): readonly (readonly [string, EndpointConfig])[] {
  return Object.entries(endpoints);
}
