import { isIPv4 } from "node:net";
import { type Asked, hostOf } from "./asked.js";

/**
 * Does somebody at this computer ask, and nobody on another's behalf?
 *
 * The peer's address does not suffice. A page of any site can ask us from the browser of whoever visits it, once its own name
 * leads to 127.0.0.1 (DNS rebinding): then the name is the site's. And what a proxy on this computer forwards comes from here
 * too: then a header says so.
 */
export function isThisComputer(asked: Asked): boolean {
  return isLoopback(asked.address) && isLocalName(hostOf(asked)) && !isForwarded(asked);
}

/** An address of this computer alone (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
export function isLoopback(address: string): boolean {
  const [bare = ""] = address.split("%", 1); // a zone, RFC 4007 §11
  const v4 = bare.replace(/^::ffff:/i, "");
  return bare === "::1" || (isIPv4(v4) && v4.startsWith("127."));
}

function isLocalName(host: string | undefined): boolean {
  const [, name = "", v6] = /^(\[([\da-f:.]+)\]|[^:%[\]]+)(?::\d{1,5})?$/i.exec(host ?? "") ?? [];
  return name.toLowerCase() === "localhost" || isLoopback(v6 ?? name);
}

/** Headers that are only there where somebody passed it on. */
const TRACES: readonly string[] = [
  "forwarded",
  "via",
  "x-real-ip",
  "x-client-ip",
  "true-client-ip",
  "cf-connecting-ip",
];

function isForwarded({ rawHeaders }: Asked): boolean {
  return rawHeaders.some((text, index) => {
    if (index % 2 === 1) return false;
    const name = text.toLowerCase();
    return TRACES.includes(name) || name.startsWith("x-forwarded-");
  });
}
