import type { OfferedTokens } from "../declare/credential.js";
import type { Handshake } from "../declare/handshake.js";
import { defaultLimits } from "../protocol/limits.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Upgrade } from "../transport/transport.js";

/** A request as dependencies see it. What is seldom looked at is made when it is. */
export class HandshakeRequest implements Handshake {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly #upgrade: Upgrade;
  readonly #path: string;
  readonly #search: URLSearchParams;
  // Private, so that whoever logs or throws the request does not print them.
  readonly #tokens: OfferedTokens;

  constructor(upgrade: Upgrade, params: Readonly<Record<string, string>>) {
    const { path, search } = splitTarget(upgrade.target);
    this.params = params;
    this.#upgrade = upgrade;
    this.#path = path;
    this.#search = new URLSearchParams(search);
    this.#tokens = { header: bearerOf(upgrade.header("authorization")), query: this.#search.getAll("token") };
    // Before anything else sees it: a token must not reach a handler, a schema's error or a log line.
    this.#search.delete("token");
    this.query = Object.fromEntries(this.#search);
  }

  get tokens(): OfferedTokens {
    return this.#tokens;
  }

  get url(): URL {
    const scheme = this.#upgrade.isSecure ? "wss" : "ws";
    const search = this.#search.size === 0 ? "" : `?${this.#search}`;
    const target = `${this.#path}${search}`;
    // What a client sends as Host may be anything: it must not fail here, nor become part of the path.
    const host = this.#upgrade.header("host") ?? "";
    const isHost = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i.test(host) && URL.canParse(`${scheme}://${host}/`);
    return new URL(`${scheme}://${isHost ? host : "localhost"}${target}`);
  }

  get headers(): Headers {
    const { headers } = this.#upgrade;
    headers.delete("authorization");
    return headers;
  }

  get address(): string {
    return this.#upgrade.address;
  }

  /** @throws TidingsError `bad_request` for a token given twice in one place, or too long */
  checkTokens(): void {
    if (this.tokens.query.length > 1) throw new TidingsError("bad_request", "The query has more than one token.");
    for (const token of [this.tokens.header, ...this.tokens.query]) {
      // In UTF-8 no text has fewer bytes than characters, and a token's are ASCII.
      if (token !== undefined && token.length > defaultLimits.token) {
        throw new TidingsError("bad_request", "The token is longer than 8 KiB.");
      }
    }
  }
}

/** Of a request's target, also in the absolute form that a server has to take (RFC 9112 §3.2.2). */
export function splitTarget(sent: string): { readonly path: string; readonly search: string } {
  const target = sent.startsWith("/") ? sent : sent.replace(/^https?:\/\/[^/?]*/i, "");
  const mark = target.indexOf("?");
  return mark === -1 ? { path: target, search: "" } : { path: target.slice(0, mark), search: target.slice(mark + 1) };
}

/** The token of `Authorization: Bearer …` (RFC 6750 §2.1; the scheme's case does not matter, RFC 9110 §11.1). */
function bearerOf(header: string | undefined): string | undefined {
  const [scheme, ...rest] = (header ?? "").split(" ");
  return scheme?.toLowerCase() === "bearer" ? rest.join(" ").trim() : undefined;
}
