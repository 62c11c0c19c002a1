// What tests of `tidings dev` run: a channel that is kept, and messages that tell which text of the program it is.
import { type App, channel, createApp, endpoint } from "tidings";
import { z } from "zod";

const news = channel("news", {
  events: { item: z.object({ n: z.number() }) },
  history: { size: 500, ttl: "5m" },
  allow: { subscribe: true, publish: true },
});

export const feed = endpoint("/ws", {
  channels: [news],
  receives: { version: z.object({}), crash: z.object({}), pid: z.object({}), hang: z.object({}) },
  on: {
    version: (): string => version,
    pid: (): number => process.pid,
    crash: (): void => {
      process.nextTick(() => {
        throw new Error("a bug of the user's");
      });
    },
    hang: (): void => {
      console.log("it hangs");
      // A test that fails is not to leave it behind for good.
      const untilMs = performance.now() + 90_000;
      while (performance.now() < untilMs);
    },
  },
});

let version = "";

export function createFeed(name: string): App {
  version = name;
  return createApp({ endpoints: [feed], logger: { debug() {}, info() {}, warn() {}, error() {} } });
}
