import { domainToASCII } from "node:url";
import { ConfigError } from "../base/config-error.js";

/** What of a request tells which page it comes from. */
export interface OriginCheck {
  /** The header; undefined where there is none. */
  readonly origin: string | undefined;
  readonly host: string | undefined;
  /** Did it come over TLS? */
  readonly isSecure: boolean;
}

/** Which pages may connect: the server's own and those of a list, by scheme, host and port (RFC 6454 §4–6). */
export class Origins {
  readonly isGiven: boolean;
  readonly allowsAny: boolean;
  readonly #listed = new Set<string>();
  /** Of `https://*.example.com`, with the host `.example.com`. */
  readonly #parents: Origin[] = [];

  /**
   * @param allowed such as `https://app.example`, `https://*.example.com`, `capacitor://localhost`, or `*` for any
   * @throws ConfigError `invalid_origin`
   */
  constructor(allowed: readonly string[] | undefined) {
    this.isGiven = allowed !== undefined;
    this.allowsAny = allowed?.includes("*") ?? false;
    for (const text of allowed ?? []) {
      if (text !== "*") this.#list(text);
    }
  }

  /**
   * No Origin header: no browser, and allowed. `null` is what any sandboxed page sends, and several origins what none
   * does: neither is allowed, but by `*`.
   */
  allows({ origin: sent, host, isSecure }: OriginCheck): boolean {
    if (sent === undefined || this.allowsAny) return true;
    const origin = readOrigin(sent);
    if (origin === undefined) return false;
    return (
      isOwn(origin, host, isSecure) || this.#listed.has(writeOrigin(origin)) || this.#parents.some(isParent(origin))
    );
  }

  #list(text: string): void {
    const [, scheme, host] = /^(https?:\/\/)\*\.(.+)$/i.exec(text) ?? [];
    const isParent = scheme !== undefined && host !== undefined;
    const origin = readOrigin(toAscii(isParent ? `${scheme}${host}` : text));
    if (origin === undefined || /^wss?$/.test(origin.scheme)) {
      throw new ConfigError("invalid_origin", { message: `"${text}" is no origin.`, fix: adviseOn(text) });
    }
    if (isParent) this.#parents.push({ ...origin, host: `.${origin.host}` });
    else this.#listed.add(writeOrigin(origin));
  }
}

/** All in lower case; the port is empty where it is the scheme's default. */
interface Origin {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
}

const originPattern = /^([a-z][a-z\d+.-]*):\/\/([a-z\d._~-]*|\[[\da-f:.]+\])(?::(\d{1,5}))?$/i;

/** As it is serialised (RFC 6454 §6.2): an internationalised host in punycode, no path. Undefined for `null`. */
function readOrigin(text: string): Origin | undefined {
  const [, scheme, host, port = ""] = originPattern.exec(text.toLowerCase()) ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  if (scheme === "http" || scheme === "https") {
    if (!URL.canParse(text)) return undefined;
    const url = new URL(text); // knows the default ports, and the ways of writing an IPv6 address
    return { scheme, host: url.hostname, port: url.port };
  }
  // URL gives "null" as the origin of any other scheme. Only a file's has no host: Electron and Android send file://.
  return host === "" && scheme !== "file" ? undefined : { scheme, host, port };
}

function writeOrigin({ scheme, host, port }: Origin): string {
  return `${scheme}://${host}:${port}`;
}

/** Is it the page of this very server? Without TLS the page may still have it: from a proxy that says nothing of it. */
function isOwn(origin: Origin, host: string | undefined, isSecure: boolean): boolean {
  if (host === undefined || !(origin.scheme === "https" || (origin.scheme === "http" && !isSecure))) return false;
  const own = readOrigin(`${origin.scheme}://${host}`);
  return own !== undefined && writeOrigin(own) === writeOrigin(origin);
}

function isParent(origin: Origin): (parent: Origin) => boolean {
  return ({ scheme, host, port }) =>
    origin.scheme === scheme && origin.port === port && origin.host.endsWith(host) && origin.host.length > host.length;
}

/** A listed host may be written as people read it. */
function toAscii(text: string): string {
  return text.replace(
    /^(https?:\/\/)([^/?#@:\s]*\P{ASCII}[^/?#@:\s]*)/iu,
    (_, scheme: string, host: string) => scheme + domainToASCII(host),
  );
}

function adviseOn(text: string): string {
  if (text.toLowerCase() === "null") return "Leave it out: any page in a sandboxed frame has the origin null.";
  const [, scheme = "https", host = ""] = /^(?:([a-z][a-z\d+.-]*):\/\/)?(?:[^/?#@]*@)?([^/?#@]+)/i.exec(text) ?? [];
  const meant = `${scheme.toLowerCase().replace(/^ws/, "http")}://${host}`;
  const isMeant = readOrigin(toAscii(meant.replace(/^(https?:\/\/)\*\./, "$1"))) !== undefined;
  if (!isMeant) {
    if (text.includes("*")) return "Write https://*.example.com for all its subdomains, or * for any origin.";
    return "Write its scheme, host and port, such as https://app.example.";
  }
  if (!text.includes("://")) return `Write ${meant}, with its scheme.`;
  if (/^wss?:/i.test(text)) return `Write ${meant}: it is the page's origin, not the socket's.`;
  return `Write ${meant}, without ${text.includes("@") ? "a user" : "a path"}.`;
}
