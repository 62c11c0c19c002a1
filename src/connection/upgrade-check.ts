import { parseSubprotocols } from "../protocol/subprotocol.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { Upgrade } from "../transport/transport.js";

/**
 * Is it a WebSocket handshake at all? Then the subprotocols it offers.
 *
 * @throws TidingsError `upgrade_required` or `bad_request` (RFC 6455 §4.2.1)
 */
export function checkUpgrade(upgrade: Upgrade): readonly string[] {
  if (upgrade.method !== "GET" || upgrade.header("upgrade")?.toLowerCase() !== "websocket") {
    throw new TidingsError("upgrade_required");
  }
  if (upgrade.header("sec-websocket-version") !== "13") {
    throw new TidingsError("upgrade_required", "Only version 13 of the WebSocket protocol is spoken here.");
  }
  if (Number(upgrade.httpVersion) < 1.1) {
    throw new TidingsError(
      "bad_request",
      "A WebSocket handshake is of HTTP/1.1: what stands in front speaks an older one.",
    );
  }
  if (hostsOf(upgrade) !== 1) throw new TidingsError("bad_request", "There must be one header Host.");
  // 16 bytes in base64 (RFC 6455 §4.1): 22 characters and the padding.
  if (!/^[+/0-9A-Za-z]{22}==$/.test(upgrade.header("sec-websocket-key") ?? "")) {
    throw new TidingsError("bad_request", "The header Sec-WebSocket-Key is missing or malformed.");
  }
  const offered = parseSubprotocols(upgrade.header("sec-websocket-protocol"));
  if (offered === undefined) throw new TidingsError("bad_request", "The header Sec-WebSocket-Protocol is malformed.");
  return offered;
}

/** A second one counts, which `header` would not tell of. */
function hostsOf({ rawHeaders }: Upgrade): number {
  return rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host").length;
}
