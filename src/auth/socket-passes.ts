import { createHash, scryptSync } from "node:crypto";
import type { Visit } from "../declare/http-options.js";
import { KnownTexts } from "./known-texts.js";

/**
 * Cookies that stand for a name and a password where a browser sends none: Safari does not at a WebSocket's handshake.
 *
 * One is the same in each process that knows the password, and good until that changes. It is good for a handshake alone, and
 * the browser forgets it when it is closed.
 */
export class SocketPasses {
  readonly #cookie: string;
  readonly #passes: ReadonlyMap<string, string>;
  readonly #known: KnownTexts;

  /** @param credentials each a name and a password, as they are sent */
  constructor(realm: string, credentials: readonly string[]) {
    // Slow on purpose: who has found a cookie is not to find the password by trying.
    this.#passes = new Map(
      credentials.map((one) => [one, scryptSync(one, `tidings ${realm}`, 32).toString("base64url")]),
    );
    const passes = [...this.#passes.values()];
    this.#known = new KnownTexts(passes);
    // A host's cookies are those of all its ports: two apps with other passwords have other names.
    this.#cookie = `tidings_pass_${createHash("sha256").update(passes.join()).digest("hex").slice(0, 8)}`;
  }

  /** The `Set-Cookie` header for whoever sent these; its path is that of the page that it comes with (RFC 6265 §5.1.4). */
  cookieFor(credentials: string, isSecure: boolean): string | undefined {
    const pass = this.#passes.get(credentials);
    if (pass === undefined) return undefined;
    return `${this.#cookie}=${pass}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`;
  }

  admits({ headers, cookies }: Visit): boolean {
    // As `node:http` sees it: without `Connection: upgrade` it is a request like any other, whatever else it has.
    const isUpgrade = /(^|,)\s*upgrade\s*(,|$)/i.test(headers.get("connection") ?? "");
    const isHandshake = isUpgrade && headers.get("upgrade")?.toLowerCase() === "websocket";
    const pass = cookies[this.#cookie];
    return isHandshake && pass !== undefined && this.#known.has(pass);
  }
}
