import { defaultLimits } from "./limits.js";

/** The subprotocol that our own client offers. */
export const tidingsV1 = "tidings.v1";

/**
 * The subprotocols that a `Sec-WebSocket-Protocol` header offers, in order; none without a header.
 *
 * `undefined` where it is malformed: RFC 6455 §4.1 wants one or more tokens (RFC 7230 §3.2.6) with commas between, none of
 * them twice. An empty element is malformed too.
 */
export function parseSubprotocols(header: string | undefined): readonly string[] | undefined {
  if (header === undefined) return [];
  const offered = new Set<string>();
  for (const element of header.split(",")) {
    const name = trimBlanks(element);
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || offered.has(name)) return undefined;
    offered.add(name);
  }
  return [...offered];
}

/**
 * The first offered one that is `tidings.v1` or one of the endpoint's `own`; none where none fits.
 *
 * A token is never selected, as that would echo it.
 */
export function selectSubprotocol(offered: readonly string[], own: readonly string[]): string | undefined {
  return offered.find((name) => name === tidingsV1 || (own.includes(name) && !name.startsWith(bearerPrefix)));
}

/**
 * The token that is offered beside the subprotocols as `bearer.<base64url without padding>`, if there is one.
 *
 * `"invalid"` where it is there twice, is empty, is more than 8 KiB decoded, or is not base64url of UTF-8.
 */
export function bearerFromSubprotocols(offered: readonly string[]): { readonly token: string } | "invalid" | undefined {
  const [bearer, second] = offered.filter((name) => name.startsWith(bearerPrefix));
  if (bearer === undefined) return undefined;
  const token = second === undefined ? decodeBase64Url(bearer.slice(bearerPrefix.length)) : undefined;
  return token === undefined ? "invalid" : { token };
}

const bearerPrefix = "bearer.";

/** Text of 1 byte to 8 KiB, or nothing. */
function decodeBase64Url(encoded: string): string | undefined {
  // Looked at before it is decoded: four characters carry three bytes.
  if (encoded === "" || encoded.length > Math.ceil((defaultLimits.token * 4) / 3)) return undefined;
  // `atob` itself would let padding and blanks pass.
  if (!/^[A-Za-z0-9_-]+$/.test(encoded)) return undefined;
  try {
    const binary = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (byte) => byte.charCodeAt(0));
    // Without `ignoreBOM` a first U+FEFF would be dropped, and two different tokens be one.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The optional blanks of RFC 7230 §7, which are spaces and tabs; `trim` would take other characters too. */
function trimBlanks(element: string): string {
  let start = 0;
  let end = element.length;
  while (start < end && isBlank(element.charCodeAt(start))) start += 1;
  while (end > start && isBlank(element.charCodeAt(end - 1))) end -= 1;
  return element.slice(start, end);
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09;
}
