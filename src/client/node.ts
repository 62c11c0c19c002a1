/** The same client where Node loads it: before version 22 it has no WebSocket of its own, and `ws` is there. */
import { browser } from "./browser.js";
import { type Connect, createConnect } from "./connect.js";
import type { Socket } from "./surroundings.js";

export const connect: Connect = createConnect({
  ...browser,
  async open(url, protocols) {
    if ("WebSocket" in globalThis) return browser.open(url, protocols);
    const { WebSocket } = await import("ws");
    return new WebSocket(url, [...protocols]) as Socket; // what is called with more than it takes
  },
});

export * from "./index.js";
