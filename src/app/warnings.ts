import { isIP } from "node:net";
import { ConfigError } from "../base/config-error.js";
import type { Origins } from "../connection/origins.js";
import type { Route } from "../connection/route.js";
import type { ListenOptions } from "../declare/app.js";
import type { ChannelDefinition } from "../declare/channel.js";
import type { StartupWarning, TokenVerifier } from "../declare/credential.js";
import type { DependencyDefinition } from "../declare/dependency.js";
import { isGuardedElsewhere } from "../declare/group.js";
import { networkOf } from "./places.js";
import type { TrustedProxies } from "./proxies.js";
import type { Routes } from "./routes.js";

/**
 * What works and should not be left so.
 *
 * @throws ConfigError where a credential can't work
 */
export function findWarnings(
  { all }: Routes,
  origins: Origins,
  overrides: ReadonlyMap<DependencyDefinition, unknown>,
): readonly StartupWarning[] {
  const warnings = [...verifiersOf(all, overrides)].flatMap(([verifier, where]) => checkAt(verifier, where));
  const byCookie = all.find(({ plan }) => plan.places.has("cookie"));
  if (byCookie !== undefined && origins.allowsAny) {
    warnings.push({
      code: "any_origin_with_cookies",
      message: `${byCookie.endpoint.pattern.source} takes a cookie, and \`origins\` has "*": any page can act for its visitors.`,
      fix: "List the origins of your pages.",
    });
  }
  for (const { endpoint } of all) {
    if (endpoint.auth !== undefined || !isGuardedElsewhere(endpoint)) continue;
    warnings.push({
      code: "unguarded_endpoint",
      message: `${endpoint.pattern.source} is listed as it was given to a group(), whose \`auth\` it has not: here nobody is asked who they are.`,
      fix: "List what group() returns in its place; where everybody may enter here, declare the endpoint twice.",
    });
  }
  for (const { endpoint, limits } of all) {
    if (limits.messageSize <= LARGEST_MESSAGE) continue;
    warnings.push({
      code: "large_messages",
      message: `${endpoint.pattern.source} takes messages of up to ${limits.messageSize} bytes: a few clients can fill the memory.`,
      fix: "Keep limits.messageSize at 16mb or less, and send large things over HTTP.",
    });
  }
  return warnings;
}

/** An endpoint of the app's own that takes its sockets away from the dashboard. */
export function warnOfHidden({ all }: Routes, dashboard: Routes): readonly StartupWarning[] {
  const [ours] = dashboard.all;
  const hiding = ours && all.find(({ endpoint }) => endpoint.pattern.overlaps(ours.endpoint.pattern));
  if (ours === undefined || hiding === undefined) return [];
  return [
    {
      code: "dashboard_hidden",
      message: `${hiding.endpoint.pattern.source} takes what comes to ${ours.endpoint.pattern.source}: the dashboard shows nothing.`,
      fix: "Give that endpoint another path, give the pages a port of their own with `http: { port }`, or do without: `http: { dashboard: false }`.",
    },
  ];
}

/** What listening so should not be left to. */
export function warnOfListening(
  { all }: Routes,
  { host = "127.0.0.1", tls }: ListenOptions,
  proxies: TrustedProxies,
): readonly StartupWarning[] {
  // A TLS socket that is paused goes on reading there: what a client may send before it is handled has no bound.
  if (tls !== undefined && "Deno" in globalThis) return [TLS_ON_DENO];
  const isLocal = host.toLowerCase() === "localhost" || (isIP(host) !== 0 && networkOf(host) === undefined);
  const byQuery = all.find(({ plan }) => plan.places.has("query"));
  if (isLocal || tls !== undefined || !proxies.isEmpty || byQuery === undefined) return [];
  return [
    {
      code: "token_without_tls",
      message: `${byQuery.endpoint.pattern.source} takes a token in the query, on ${host} without TLS: whoever listens in has it.`,
      fix: "Give listen() a `tls`; behind a proxy that ends TLS, name it in `trustProxy`.",
    },
  ];
}

const TLS_ON_DENO: StartupWarning = {
  code: "tls_on_deno",
  message: "On Deno nothing slows down who sends too much over TLS: one client can fill the memory.",
  fix: "Let a proxy end TLS, and name it in `trustProxy`.",
};

/** What an app without a broker of others says where none of its endpoints listens. */
export function warnOfUnheard(pattern: string): StartupWarning {
  return {
    code: "unheard_channel",
    message: `"${pattern}" is published to, and no endpoint of this app lists it: nobody can hear it.`,
    fix: "List the channel in an endpoint's `channels`, and publish through the app that has this endpoint.",
  };
}

/** The channels that endpoints list. */
export function listedChannels({ all }: Routes): Set<ChannelDefinition> {
  return new Set(all.flatMap(({ endpoint: { speaks } }) => (speaks.kind === "messages" ? speaks.channels : [])));
}

const LARGEST_MESSAGE = 16 * 1_024 * 1_024;

/** Each once, with the first endpoint that has it. */
function verifiersOf(
  routes: readonly Route[],
  overrides: ReadonlyMap<DependencyDefinition, unknown>,
): ReadonlyMap<TokenVerifier, string> {
  const verifiers = new Map<TokenVerifier, string>();
  for (const { endpoint, plan } of routes) {
    for (const credential of plan.credentials) {
      if (overrides.has(credential)) continue;
      for (const { verifier, owner } of credential.ways) {
        if (owner !== undefined && overrides.has(owner())) continue;
        if (!verifiers.has(verifier)) verifiers.set(verifier, endpoint.pattern.source);
      }
    }
  }
  return verifiers;
}

function checkAt(verifier: TokenVerifier, where: string): readonly StartupWarning[] {
  try {
    return verifier.check();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { code, fix, message } = error;
    // The one that was thrown says no more: as a cause it would say it again, with its stack.
    throw new ConfigError(code, { message: `${where}: ${message.slice(0, -fix.length).trimEnd()}`, fix });
  }
}
