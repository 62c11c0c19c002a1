import type { HttpRequest } from "../declare/app.js";

/** A request for a page as it came in: a plain one, or one that asks for a WebSocket. */
export interface Asked {
  /** Path and query, as they were sent. */
  readonly target: string;
  /** Names and values in turns, as they were sent. */
  readonly rawHeaders: readonly string[];
  /** The peer's. Empty where it is not known: such a request is nobody's. */
  readonly address: string;
  /** Did it come over TLS? */
  readonly isSecure: boolean;
}

/** What a proxy that is trusted says of the client; what it does not say is undefined. */
export interface Forwarded {
  readonly address: string | undefined;
  readonly isSecure: boolean | undefined;
  readonly host: string | undefined;
}

export function readAsked({ url = "/", rawHeaders = [], socket }: HttpRequest): Asked {
  return {
    target: url,
    rawHeaders,
    address: socket?.remoteAddress ?? "",
    isSecure: socket !== undefined && "encrypted" in socket && socket.encrypted === true,
  };
}

/** Of a target, also in the absolute form that a server has to take (RFC 9112 §3.2.2). */
export function pathOf({ target }: Asked): string {
  const [path = ""] = withoutOrigin(target).split("?", 1);
  return path;
}

export function withoutOrigin(target: string): string {
  return target.startsWith("/") ? target : target.replace(/^https?:\/\/[^/?]*/i, "");
}

/** Every value of a header, by its lower-case name. */
export function valuesOf({ rawHeaders }: Asked, name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

/** The one host that it is meant for, with its port; HTTP/2 names it otherwise (RFC 9113 §8.3.1). Undefined for none, and for two. */
export function hostOf(asked: Asked): string | undefined {
  const [host, ...others] = [...valuesOf(asked, ":authority"), ...valuesOf(asked, "host")];
  return others.every((other) => other === host) ? host : undefined;
}
