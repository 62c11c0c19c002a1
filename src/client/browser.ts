import type { Clock } from "../base/clock.js";
import type { Socket, Surroundings } from "./surroundings.js";

/** What a page has, as far as it is used here: Node has no types of it, and partly not the thing. */
interface Page {
  readonly WebSocket: new (url: string, protocols: readonly string[]) => Socket;
  readonly location?: { readonly href: string };
  addEventListener?(type: "online" | "offline", listener: () => void, options: { signal: AbortSignal }): void;
}
/** Whatever runs it. */
const page: Page = globalThis as unknown as Page; // of which Node has only a part

/** What a timer can hold. */
const LONGEST_MS = 2 ** 31 - 1;

/** A timer of it keeps a program alive, as the connection does that it is for. */
const clock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, LONGEST_MS));
    return { cancel: () => clearTimeout(timer) };
  },
};

/** A page in a browser, or a worker of one. */
export const browser: Surroundings = {
  clock,
  random: Math.random,
  base: page.location?.href,
  open: (url, protocols) => new page.WebSocket(url, protocols),
  onNetwork(listener) {
    const ended = new AbortController();
    page.addEventListener?.("online", () => listener(true), ended);
    page.addEventListener?.("offline", () => listener(false), ended);
    return () => ended.abort();
  },
};
