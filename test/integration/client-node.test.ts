import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { endpoint } from "tidings";
import { expect, test, vi } from "vitest";
import { WebSocketServer } from "ws";
import { connect } from "../../src/client/node.js";

const room = endpoint("/ws", {});

/** A server that hears nothing more after it has said `connected`, and what resolves when the line to it is cut. */
async function serveOnce() {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "tidings.v1" });
  const cut = new Promise<unknown>((resolve) => {
    server.on("connection", (socket, { socket: line }) => {
      socket.once("message", () => {
        line.removeAllListeners("data").resume();
        line.once("close", resolve);
        socket.send(JSON.stringify({ type: "connected", payload: { connection: "c1", heartbeatMs: 30_000 } }));
      });
    });
  });
  await once(server, "listening");
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws` as const;
  return { server, cut, url };
}

test("over `ws`, who has closed keeps no line that nobody answers on", async () => {
  // A Node that has a WebSocket of its own has its own way.
  vi.stubGlobal("WebSocket", undefined);
  const { server, cut, url } = await serveOnce();
  const client = connect<typeof room>(url);
  await new Promise<void>((resolve) => client.onStatus((status) => status === "open" && resolve()));
  client.close();
  expect(client.status).toBe("closed");
  // Left to `ws` it takes longer than a test may.
  await cut;
  server.close();
  vi.unstubAllGlobals();
});

test.each(["/ws", "", undefined])(
  "the address %j, which needs a page's own, is none here, and it is said what is",
  (url) => {
    expect(() => connect<typeof room>(url as "/ws")).toThrow(/^connect\(\) wants an address such as ws:\/\/127/);
  },
);
