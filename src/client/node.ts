/** The same client where Node loads it: before version 22 it has no WebSocket of its own, and `ws` is there. */
import type { ClientOptions } from "ws";
import { describeGiven } from "../base/quantity.js";
import { browser } from "./browser.js";
import { type Connect, createConnect } from "./connect.js";
import type { Socket } from "./surroundings.js";

/**
 * Connects to an endpoint, and stays connected until it is closed: `connect<typeof room>("/ws/rooms/lobby", { token })`. It
 * dials again where the connection was lost, resumes where it stood, and renews its token.
 *
 * @param url the endpoint's path on the page's own server, or with another's address: `wss://app.example/ws/rooms/lobby`.
 * What stands for a param is percent-encoded by you
 * @throws TypeError for an address, or a time, that cannot be
 */
export const connect: Connect = ((url: string, options?: never) => {
  // A page's own server is what it came from; here there is none.
  if (!URL.canParse(url, browser.base))
    throw new TypeError(`connect() wants an address such as ws://127.0.0.1:8000/ws here, not ${describeGiven(url)}.`);
  return dial(url, options);
}) as Connect; // what it is called with is the contract's

const dial = createConnect({
  ...browser,
  async open(url, protocols) {
    if ("WebSocket" in globalThis && globalThis.WebSocket !== undefined) return browser.open(url, protocols);
    const { WebSocket } = await import("ws");
    return new WebSocket(url, [...protocols], SETTINGS) as Socket; // what is called with more than it takes
  },
}) as unknown as (url: string, options?: never) => unknown; // its types are the contract's

/** How long a server has to answer a close: by then it is gone, and `ws` would keep the program alive for half a minute. */
const SETTINGS: ClientOptions & { readonly closeTimeout: number } = { closeTimeout: 2_000 }; // its types do not know it

export * from "./index.js";
