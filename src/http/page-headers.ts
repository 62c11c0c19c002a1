import type { SocketServer } from "./socket-servers.js";

/** Of whatever a page is made of: it loads from here alone, is in nobody's frame, and tells no other site anything. */
export function pageHeaders(sockets: readonly SocketServer[]): Record<string, string> {
  return { ...PAGE_HEADERS, "content-security-policy": contentPolicy(sockets) };
}

/** `'self'` is the page's own sockets too (CSP 3 §6.7.2.8). Those of another port are named, each with its port. */
function contentPolicy(sockets: readonly SocketServer[]): string {
  const origins = sockets.map(({ host, protocol }) => `${protocol}://${host}`);
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    ["connect-src 'self'", ...new Set(origins)].join(" "),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** Of what is data. */
export const dataHeaders: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

const PAGE_HEADERS: Readonly<Record<string, string>> = {
  ...dataHeaders,
  "cross-origin-opener-policy": "same-origin",
  "x-frame-options": "DENY",
  // Kept by the browser alone, and asked for again each time: after an update nobody has half of an old page.
  "cache-control": "private, no-cache",
};
