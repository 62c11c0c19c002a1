import { isParamValue, tidingsV1 } from "../../src/protocol/index.js";
import type { EndpointDoc, PagePlace } from "./api.js";

/** What somebody has said of how to connect. */
export interface Entry {
  /** Such as `ws://127.0.0.1:8000`. */
  readonly server: string;
  readonly params: Readonly<Record<string, string>>;
  /** Those that are given. */
  readonly query: Readonly<Record<string, string>>;
  readonly speaks: "tidings.v1" | "plain";
  /** One of the endpoint's own, offered too. */
  readonly subprotocol: string | undefined;
  /** Empty for none. */
  readonly token: string;
  readonly place: PagePlace | undefined;
}

/** A WebSocket to open, and what is said first. */
export interface Dial {
  readonly url: string;
  /** The same with `…` for a token: for people. */
  readonly shownUrl: string;
  readonly protocols: readonly string[];
  readonly speaks: "tidings.v1" | "plain";
  /** Said by message, and nowhere to be shown. */
  readonly token: string | undefined;
}

export function dialOf(endpoint: Pick<EndpointDoc, "path">, entry: Entry): Dial {
  const { server, query, speaks, subprotocol, token, place } = entry;
  const path = pathOf(endpoint.path, entry.params);
  const asked = new URLSearchParams(query);
  const isInQuery = token !== "" && place === "query";
  const bareUrl = addressOf(server, path, asked);
  if (isInQuery) asked.set("token", token);
  const protocols = speaks === "tidings.v1" ? [tidingsV1] : [];
  if (subprotocol !== undefined) protocols.push(subprotocol);
  if (token !== "" && place === "subprotocol") protocols.push(bearerOf(token));
  return {
    url: addressOf(server, path, asked),
    shownUrl: isInQuery ? `${bareUrl}${bareUrl.includes("?") ? "&" : "?"}token=…` : bareUrl,
    protocols,
    speaks,
    token: token !== "" && place === "message" ? token : undefined,
  };
}

/** Where a plain client can have its token: beside a subprotocol only where the endpoint has one that the server can choose. */
export function placesFor(
  places: readonly PagePlace[],
  { speaks, subprotocol }: Pick<Entry, "speaks" | "subprotocol">,
): PagePlace[] {
  return places.filter((place) => place !== "subprotocol" || speaks === "tidings.v1" || subprotocol !== undefined);
}

/** Why a param can't be what it is, in words; undefined where it can. */
export function paramProblem(value: string): string | undefined {
  if (value === "") return "A value is needed here.";
  return isParamValue(value) ? undefined : "Up to 128 bytes, without / and control characters, and not . or .. alone.";
}

/** A pattern with its params filled in: `chat/:room` → `chat/lobby`. */
export function nameOf(
  pattern: string,
  params: Readonly<Record<string, string>>,
  encode = (value: string) => value,
): string {
  return pattern
    .split("/")
    .map((part) => (part.startsWith(":") ? encode(params[part.slice(1)] ?? "") : part))
    .join("/");
}

/** What the params of a pattern are in such a name; undefined where it is no name of it. */
export function paramsIn(pattern: string, name: string): Readonly<Record<string, string>> | undefined {
  const [parts, given] = [pattern.split("/"), name.split("/")];
  const isOfIt = parts.length === given.length && parts.every((part, at) => part.startsWith(":") || part === given[at]);
  if (!isOfIt) return undefined;
  return Object.fromEntries(
    parts.flatMap((part, at) => (part.startsWith(":") ? [[part.slice(1), given[at] ?? ""]] : [])),
  );
}

export function pathOf(path: string, params: Readonly<Record<string, string>>): string {
  return nameOf(path, params, encodeURIComponent);
}

/**
 * Where to dial: what the page was served by, where the document names none or means the same host (in front of which
 * something may end TLS, or add a prefix); what it names otherwise.
 */
export function serversFor(named: readonly string[], page: URL): string[] {
  const own = new URL(".", page);
  const ownServer = `${own.protocol === "https:" ? "wss:" : "ws:"}//${own.host}${own.pathname}`.replace(/\/$/, "");
  const others = named.filter((server) => new URL(server).host !== own.host);
  return others.length === named.length && named.length > 0 ? others : [ownServer, ...others];
}

/** A token as a subprotocol: base64url without padding (PROTOCOL.md, The subprotocol). */
function bearerOf(token: string): string {
  const binary = String.fromCharCode(...new TextEncoder().encode(token));
  return `bearer.${btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

function addressOf(server: string, path: string, query: URLSearchParams): string {
  return `${server}${path}${query.size > 0 ? `?${query}` : ""}`;
}
