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
  // 16 bytes in base64 (RFC 6455 §4.1): 22 characters and the padding.
  if (!/^[+/0-9A-Za-z]{22}==$/.test(upgrade.header("sec-websocket-key") ?? "")) {
    throw new TidingsError("bad_request", "The header Sec-WebSocket-Key is missing or malformed.");
  }
  const offered = parseSubprotocols(upgrade.header("sec-websocket-protocol"));
  if (offered === undefined) throw new TidingsError("bad_request", "The header Sec-WebSocket-Protocol is malformed.");
  return offered;
}
