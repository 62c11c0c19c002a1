import { createRequire } from "node:module";
import { dirname } from "node:path";
import * as imported from "ws";

/**
 * The package `ws`, on Bun too. There its name gives something else, which is built in: it knows no limit of a message's
 * frames, does not tell when a peer begins to close, and gives no reasons.
 */
const ws: typeof imported = "Bun" in globalThis ? fromItsFolder() : imported;

export const WebSocket: typeof imported.WebSocket = ws.WebSocket;
export const WebSocketServer: typeof imported.WebSocketServer = ws.WebSocketServer;

/** By a path, which nothing is built in for. A program that was bundled may have left the package behind. */
function fromItsFolder(): typeof imported {
  const require = createRequire(import.meta.url);
  let folder: string;
  try {
    folder = dirname(require.resolve("ws/package.json"));
  } catch {
    return imported;
  }
  return require(folder);
}
