import { readVarUint } from "lib0/decoding";
import type { WebsocketProvider } from "y-websocket";
import { SAVED } from "../sync-protocol.js";

/**
 * Tells how much of what was written here is not yet on the server's disk: a number of changes, or undefined where nobody
 * can say, as there is no connection.
 */
export function watchSaving(provider: WebsocketProvider, onChange: (unsaved: number | undefined) => void): void {
  let sent = 0;
  let saved = 0;
  const tell = () => onChange(provider.wsconnected ? sent - saved : undefined);
  provider.on("status", () => {
    // Whoever is connected is first asked for all that the server lacks: that is one.
    [sent, saved] = [1, 0];
    tell();
  });
  provider.doc.on("update", (_: Uint8Array, origin: unknown) => {
    if (origin === provider) return;
    sent += 1;
    tell();
  });
  provider.messageHandlers[SAVED] = (_, decoder) => {
    saved = readVarUint(decoder);
    tell();
  };
}
