import { ConfigError } from "../base/config-error.js";
import { checkOptions, requireOption } from "../base/options.js";
import type { Guard, Visit } from "../declare/http-options.js";
import { KnownTexts } from "./known-texts.js";
import { SocketPasses } from "./socket-passes.js";

/** What `basicAuth` takes. */
export interface BasicAuthOptions {
  /** Name → password, such as `{ ops: process.env.OPS_PASSWORD }`. */
  users: Readonly<Record<string, string | undefined>>;
  /** What the browser's question for the password may show; ASCII. Default `"Tidings"`. */
  realm?: string | undefined;
}

/**
 * Lets in who has a name and its password, for which the browser asks (RFC 7617): a guard for `createApp({ http: { guard } })`.
 *
 * Over plain HTTP whoever listens in has them: behind TLS, or from this computer, please.
 *
 * @throws ConfigError `missing_password` where one is undefined or empty, `missing_users` for none, `invalid_user` for a name
 * with a colon in it (§2), `invalid_realm`
 */
export function basicAuth(options: BasicAuthOptions): Guard {
  checkOptions("basicAuth()", options, { users: "object", realm: "text" });
  requireOption("basicAuth()", options, "users", "object");
  const { users, realm = "Tidings" } = options;
  const challenge = `Basic realm="${quoted(realm)}", charset="UTF-8"`;
  checkUsers(users);
  const credentials = Object.entries(users).map(([user, password]) => `${user}:${password}`.normalize("NFC"));
  const known = new KnownTexts(credentials);
  const passes = new SocketPasses(realm, credentials);
  const guard = (visit: Visit): boolean => {
    const authorization = visit.headers.get("authorization");
    if (authorization === null) return passes.admits(visit);
    const sent = credentialsOf(authorization);
    return sent !== undefined && known.has(sent);
  };
  const remember = ({ headers, url }: Visit): string | undefined => {
    const sent = credentialsOf(headers.get("authorization"));
    return sent === undefined ? undefined : passes.cookieFor(sent, url.protocol === "https:");
  };
  return Object.assign(guard, { challenge, remember });
}

function checkUsers(users: BasicAuthOptions["users"]): void {
  const entries = Object.entries(users);
  if (entries.length === 0) {
    throw new ConfigError("missing_users", {
      message: "basicAuth() is given no users.",
      fix: "Name one with its password: users: { ops: process.env.OPS_PASSWORD }.",
    });
  }
  for (const [user, password] of entries) {
    if (typeof password !== "string" || password === "") {
      throw new ConfigError("missing_password", {
        message: `basicAuth() is given no password for "${user}".`,
        fix: "Set the environment variable that it comes from; an empty one lets nobody in.",
      });
    }
    if (!/^[^:\p{Cc}]+$/u.test(user)) {
      throw new ConfigError("invalid_user", {
        message: `basicAuth() is given the user ${JSON.stringify(user)}.`,
        fix: "Give a name without a colon or control characters (RFC 7617 §2).",
      });
    }
  }
}

/** Name and password with a colon between, their letters composed (RFC 7617 §2.1). What is malformed in any way is nobody's. */
function credentialsOf(header: string | null): string | undefined {
  const [, base64] = /^basic +([a-z\d+/]+={0,2})$/i.exec(header ?? "") ?? [];
  if (base64 === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(Buffer.from(base64, "base64"))
      .normalize("NFC");
  } catch {
    return undefined;
  }
}

/** Within the quotes of a header (RFC 9110 §5.6.4). */
function quoted(realm: string): string {
  if (!/^[\x20-\x7e]*$/.test(realm)) {
    throw new ConfigError("invalid_realm", {
      message: "basicAuth()'s `realm` has something in it that no header can have.",
      fix: "Write it in ASCII.",
    });
  }
  return realm.replace(/["\\]/g, "\\$&");
}
