import { parseCookie } from "cookie";
import type { CredentialWay } from "../declare/credential.js";
import type { Handshake } from "../declare/handshake.js";
import { bearerOf } from "../protocol/authorization.js";
import { defaultLimits } from "../protocol/limits.js";
import { bearerFromSubprotocols } from "../protocol/subprotocol.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Upgrade } from "../transport/transport.js";
import type { Origins } from "./origins.js";

export interface HandshakeRequestOptions {
  readonly upgrade: Upgrade;
  readonly params: Readonly<Record<string, string>>;
  /** The subprotocols it offers, tokens among them. */
  readonly offered: readonly string[];
  /** Whose pages may act for the user. */
  readonly origins: Origins;
}

/**
 * A request as dependencies see it. What is seldom looked at is made when it is; the upgrade itself is not held on to, as
 * the request may be needed for as long as the connection lives.
 */
export class HandshakeRequest implements Handshake {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly address: string;
  readonly #isSecure: boolean;
  readonly #path: string;
  readonly #search: string;
  /** Names and values in turns; once nothing is looked for any more, one text with a line for each. */
  #rawHeaders: readonly string[] | string;
  readonly #host: string | undefined;
  #offered: readonly string[];
  readonly #origins: Origins;
  // Private, so that whoever logs or throws the request does not print them.
  #queryTokens: readonly string[];
  readonly #origin: string | undefined;
  /** Offered as a subprotocol. */
  #bearer: ReturnType<typeof bearerFromSubprotocols>;
  #authorization: string | undefined;
  readonly #cookie: string | undefined;
  #cookies: Readonly<Record<string, string>> | undefined;

  constructor({ upgrade, params, offered, origins }: HandshakeRequestOptions) {
    const { path, search } = splitTarget(upgrade.target);
    this.params = params;
    this.address = upgrade.address;
    this.#isSecure = upgrade.isSecure;
    this.#rawHeaders = upgrade.rawHeaders;
    this.#host = upgrade.header("host");
    this.#origin = upgrade.header("origin");
    this.#authorization = upgrade.header("authorization");
    this.#cookie = upgrade.header("cookie");
    this.#offered = offered;
    this.#bearer = bearerFromSubprotocols(offered);
    this.#origins = origins;
    this.#path = path;
    const { tokens, rest, query } = readSearch(search);
    this.#queryTokens = tokens;
    this.#search = rest;
    this.query = query;
  }

  get url(): URL {
    const scheme = this.#isSecure ? "wss" : "ws";
    const target = `${this.#path}${this.#search === "" ? "" : `?${this.#search}`}`;
    // What a client sends as Host may be anything: it must not fail here, nor become part of the path.
    const host = this.#host ?? "";
    const isHost = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i.test(host) && URL.canParse(`${scheme}://${host}/`);
    return new URL(`${scheme}://${isHost ? host : "localhost"}${target}`);
  }

  get headers(): Headers {
    const raw = this.#rawHeaders;
    const headers = headersFrom(typeof raw === "string" ? raw.split("\n") : raw);
    for (const name of HIDDEN) headers.delete(name);
    const offered = this.#offered.filter((name) => !isBearer(name));
    if (offered.length > 0) headers.set("sec-websocket-protocol", offered.join(", "));
    return headers;
  }

  get cookies(): Readonly<Record<string, string>> {
    this.checkOrigin();
    return this.#readCookies();
  }

  /** @throws TidingsError `origin_not_allowed`, whose cause, which is not told outside, says how to let this page in */
  checkOrigin(): void {
    if (this.isOriginAllowed) return;
    const origin = quoted(this.#origin);
    const host = quoted(this.#host);
    const cause = new Error(
      `${origin} is not in \`origins\`, and not where the server was asked for, ${host}. Let it in with createApp({ origins: [${origin}] }), or TIDINGS_ORIGINS; where a proxy changes the host, name the proxy in \`trustProxy\`.`,
    );
    throw new TidingsError("origin_not_allowed", undefined, { cause });
  }

  /** May the page that sent it act for the user? */
  get isOriginAllowed(): boolean {
    return this.#origins.allows({ origin: this.#origin, host: this.#host, isSecure: this.#isSecure });
  }

  /** It was admitted: its tokens are not needed any more, and the rest should take up little. */
  compact(): void {
    this.#queryTokens = NONE;
    this.#authorization = undefined;
    this.#bearer = undefined;
    this.#offered = this.#offered.length === 0 ? NONE : this.#offered.filter((name) => !isBearer(name));
    const raw = this.#rawHeaders;
    if (typeof raw === "string") return;
    const kept: string[] = [];
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const [name = "", value = ""] = [raw[index], raw[index + 1]];
      if (!HIDDEN.has(name.toLowerCase())) kept.push(name, value);
    }
    // No header's text can have a line break in it (RFC 9110 §5.5).
    this.#rawHeaders = kept.join("\n");
  }

  /** The token in the place of this way; one that comes by message is not here. */
  tokenAt({ place, cookie }: Pick<CredentialWay, "place" | "cookie">): string | undefined {
    switch (place) {
      case "header":
        return bearerOf(this.#authorization);
      case "query":
        return this.#queryTokens[0];
      case "subprotocol":
        return this.#bearer === "invalid" ? undefined : this.#bearer?.token;
      case "cookie":
        return cookie === undefined ? undefined : this.#findCookie(cookie);
      case "message":
        return undefined;
    }
  }

  /** @throws TidingsError `bad_request` for a token given twice in one place, malformed, or too long */
  checkTokens(ways: readonly CredentialWay[]): void {
    if (this.#queryTokens.length > 1) throw new TidingsError("bad_request", "The query has more than one token.");
    if (this.#bearer === "invalid") {
      throw new TidingsError("bad_request", "A token as a subprotocol is bearer.<base64url>, once, at most 8 KiB.");
    }
    checkTokenLength(bearerOf(this.#authorization));
    for (const token of this.#queryTokens) checkTokenLength(token);
    for (const way of ways) checkTokenLength(this.tokenAt(way));
  }

  /** An empty one is how a page that can't delete it forgets it: none. */
  #findCookie(name: string): string | undefined {
    const cookies = this.#readCookies();
    return (Object.hasOwn(cookies, name) ? cookies[name] : undefined) || undefined;
  }

  #readCookies(): Readonly<Record<string, string>> {
    // `parseCookie` leaves out what is not there; its object has no prototype.
    this.#cookies ??= parseCookie(this.#cookie ?? "") as Readonly<Record<string, string>>;
    return this.#cookies;
  }
}

interface Search {
  readonly tokens: readonly string[];
  /** Without its tokens. */
  readonly rest: string;
  readonly query: Readonly<Record<string, string>>;
}

function readSearch(search: string): Search {
  if (search === "") return NO_SEARCH;
  const parameters = new URLSearchParams(search);
  const tokens = parameters.getAll("token");
  // Before anything else sees it: a token must not reach a handler, a schema's error or a log line.
  parameters.delete("token");
  return { tokens, rest: parameters.toString(), query: Object.fromEntries(parameters) };
}

const NONE: readonly string[] = [];
const NO_SEARCH: Search = { tokens: NONE, rest: "", query: Object.freeze({}) };

/** What may hold a token. */
const HIDDEN: ReadonlySet<string> = new Set(["authorization", "cookie", "sec-websocket-protocol"]);

/** @throws TidingsError `bad_request` for a token that is too long */
export function checkTokenLength(token: string | undefined): void {
  if (token !== undefined && isTooLong(token)) throw new TidingsError("bad_request", "The token is longer than 8 KiB.");
}

/** In UTF-8 no text has fewer bytes than characters, and a token's are ASCII. */
export function isTooLong(token: string): boolean {
  return token.length > defaultLimits.token;
}

/** Of a request's target, also in the absolute form that a server has to take (RFC 9112 §3.2.2). */
export function splitTarget(sent: string): { readonly path: string; readonly search: string } {
  const target = sent.startsWith("/") ? sent : sent.replace(/^https?:\/\/[^/?]*/i, "");
  const mark = target.indexOf("?");
  return mark === -1 ? { path: target, search: "" } : { path: target.slice(0, mark), search: target.slice(mark + 1) };
}

function isBearer(subprotocol: string): boolean {
  return subprotocol.startsWith("bearer.");
}

function headersFrom(raw: readonly string[]): Headers {
  const headers = new Headers();
  for (let index = 0; index + 1 < raw.length; index += 2) headers.append(raw[index] ?? "", raw[index + 1] ?? "");
  return headers;
}

/** A header for the log: anybody may send anything. */
function quoted(header: string = ""): string {
  return JSON.stringify(header.length > 200 ? `${header.slice(0, 200)}…` : header);
}
