// What one process has of the broker, with neither an app nor connections around it.
import { report } from "./station.mjs";

const { redis } = await import(new URL("redis/index.js", process.env.TIDINGS).href);

const channel = "chat/lobby";
/** With 64 letters of text it is what the load of the other rows says. */
const payloadJson = JSON.stringify({
  from: "user-1",
  text: "the quick brown fox jumps over a lazy dog while seven wizards mix",
});
const keep = { size: 1_000, ttlMs: 300_000 };

let heard = 0;
let isListening = false;
const link = await redis({ url: process.env.BENCH_REDIS }).connect({
  deliver() {
    heard += 1;
  },
  skip(name) {
    console.error(`Something that was said on ${name} is lost.`);
    process.exit(1);
  },
  away(reason) {
    console.error("Redis is away.", reason);
    process.exit(1);
  },
  back() {},
  meet() {},
  meetAnew() {},
  disconnectUser() {},
  revoke() {},
  notified() {},
  connectionCount: 0,
});

report(undefined, {
  async listen({ isKept }) {
    await link.subscribe(channel, isKept);
    isListening = true;
  },

  /** So many in flight, for so long; then until all are taken. Where it listens, each is told it before it is taken. */
  async publish({ isKept, inFlight, forMs }) {
    const event = { channel, type: "said", payloadJson, except: undefined, keep: isKept ? keep : undefined };
    const heardBefore = heard;
    let published = 0;
    const beganMs = performance.now();
    const publisher = async () => {
      do {
        await link.publish(event);
        published += 1;
      } while (performance.now() - beganMs < forMs);
    };
    await Promise.all(Array.from({ length: inFlight }, publisher));
    const seconds = (performance.now() - beganMs) / 1_000;
    const missed = isListening ? published - (heard - heardBefore) : 0;
    if (missed !== 0) throw new Error(`Of ${published} events ${missed} were not heard when they were taken.`);
    return { published, seconds };
  },

  /** How many were taken so far. */
  async position() {
    const { offset } = await link.read(channel, { limit: 1 });
    return { offset };
  },
});
