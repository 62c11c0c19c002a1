import type { ApiOptions } from "./api-options.js";

/**
 * What an app answers over plain HTTP beside health checks.
 *
 * In development (`NODE_ENV` is not `"production"`) a page that nothing is said of answers to this computer alone: to a loopback
 * address, asked for by a loopback name, with no proxy in between. In production it is 404.
 */
export interface HttpOptions {
  /** The console at `/docs`, and the AsyncAPI document at `/asyncapi.json`. `true`: for everybody. Default: this computer, in development. */
  docs?: PageOption | undefined;
  /** The dashboard at `/dashboard`. Likewise. Where nobody may see it closed connections are not remembered. */
  dashboard?: PageOption | undefined;
  /** Prometheus' `/metrics`. Likewise. With `false` handlers are not timed. */
  metrics?: PageOption | undefined;
  /** Who may see them, where a page does not say so itself. Then all of them are there, in production too. */
  guard?: Guard | undefined;
  /** The HTTP API at `/api`, by which other programs publish and ask, for whoever shows a key. Default: there is none. */
  api?: ApiOptions | false | undefined;
  /**
   * A port of their own, which others can't reach: there, and there alone, all of them are, in production too, for who may see
   * them. On an address of this computer, such as the default, that is who asks from this computer (a loopback name, no proxy
   * in between); on any other it is everybody who can reach it. 0 picks a free one. It begins to listen with the app, by
   * `listen` or `attach`.
   */
  port?: number | undefined;
  /** The address of that port. Default `"127.0.0.1"`. */
  host?: string | undefined;
}

/** `true`: everybody may see it. `false`: nobody. A guard: whom it lets in. */
export type PageOption = boolean | { readonly guard: Guard };

/**
 * May they see it? What it throws, such as `forbidden()`, is the answer; `false` is `unauthorized`. Asked for each request, and
 * at the dashboard's handshake, whose page must be of this server. `true`, and nothing else, lets in.
 */
export interface Guard {
  (visit: Visit): boolean | Promise<boolean>;
  /** The `WWW-Authenticate` header of a refusal (RFC 9110 §11.6.1), such as `Basic realm="…"`: then a browser asks for a password. */
  readonly challenge?: string | undefined;
  /**
   * A `Set-Cookie` header for whom it has let in, sent with what the dashboard loads: by it the guard may know them again at the
   * dashboard's handshake, to which Safari adds no password.
   */
  readonly remember?: ((visit: Visit) => string | undefined) | undefined;
}

/** A request for a page, as a guard sees it. */
export interface Visit {
  /** Path and query, as they were sent. */
  readonly url: URL;
  /** All of them. */
  readonly headers: Headers;
  /** Name → value (RFC 6265 §5.4). */
  readonly cookies: Readonly<Record<string, string>>;
  /** The address of the peer; where that is a trusted proxy, of whom it speaks for. */
  readonly address: string;
}

/** What the document and the console call an app. */
export interface AppInfo {
  /** Default `"WebSocket API"`. */
  title?: string | undefined;
  /** Of the API, not of this package. Default `"0.0.0"`. */
  version?: string | undefined;
  /** May be CommonMark. */
  description?: string | undefined;
}
