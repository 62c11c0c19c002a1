import { parseCookie } from "cookie";
import type { Visit } from "../declare/http-options.js";
import { type Asked, type Forwarded, hostOf, valuesOf, withoutOrigin } from "./asked.js";

/** A request as the client meant it, where a trusted proxy stands between, and as a guard sees it. */
export function createVisit(asked: Asked, forwarded: Forwarded | undefined): Visit {
  const headers = new Headers();
  for (const [index, name] of asked.rawHeaders.entries()) {
    // Those of HTTP/2 that begin with a colon are no headers.
    if (index % 2 === 0 && !name.startsWith(":")) headers.append(name, asked.rawHeaders[index + 1] ?? "");
  }
  return {
    url: urlOf(asked, placeOf(asked, forwarded)),
    headers,
    // `parseCookie` leaves out what is not there; its object has no prototype.
    cookies: parseCookie(headers.get("cookie") ?? "") as Readonly<Record<string, string>>,
    address: forwarded?.address ?? asked.address,
  };
}

/** By which name, and how, a client reaches us. */
export interface Place {
  /** With its port where that is not the scheme's; undefined where what was sent is no host. */
  readonly host: string | undefined;
  readonly isSecure: boolean;
}

export function placeOf(asked: Asked, forwarded: Forwarded | undefined): Place {
  const host = forwarded?.host ?? hostOf(asked) ?? "";
  // What a client sends as its host may be anything: it must not fail here, nor become part of a path or a header.
  const isHost = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i.test(host) && URL.canParse(`http://${host}/`);
  return { host: isHost ? host : undefined, isSecure: forwarded?.isSecure ?? asked.isSecure };
}

/**
 * Is it no page of another site that asks? A browser says whose page it is; who is no browser says nothing (RFC 6455 §10.2).
 *
 * Without TLS it may still be ours on a page that has it: behind a proxy that says nothing of it.
 */
export function isOwnPage(asked: Asked, forwarded: Forwarded | undefined): boolean {
  const [origin, ...others] = valuesOf(asked, "origin");
  if (origin === undefined) return true;
  const { host, isSecure } = placeOf(asked, forwarded);
  const schemes = isSecure ? ["https:"] : ["https:", "http:"];
  const scheme = schemes.find((each) => origin.toLowerCase().startsWith(`${each}//`));
  if (others.length > 0 || host === undefined || scheme === undefined) return false;
  const own = `${scheme}//${host}`;
  return URL.canParse(own) && new URL(own).origin === origin.toLowerCase(); // it knows the default ports
}

function urlOf({ target }: Asked, { host = "localhost", isSecure }: Place): URL {
  const path = withoutOrigin(target);
  return new URL(`${isSecure ? "https" : "http"}://${host}${path.startsWith("/") ? path : `/${path}`}`);
}
