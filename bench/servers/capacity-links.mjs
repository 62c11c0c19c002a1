// The broker's links of many processes, in one: what Redis does for each of them is the same.
import { report } from "./station.mjs";

const { redis } = await import(new URL("redis/index.js", process.env.TIDINGS).href);

const payloadJson = JSON.stringify({
  from: "user-1",
  text: "the quick brown fox jumps over a lazy dog while seven wizards mix",
});

const node = {
  deliver() {},
  skip(name) {
    console.error(`Something that was said on ${name} is lost.`);
    process.exit(1);
  },
  away(reason) {
    console.error("Redis is away.", reason);
    process.exit(1);
  },
  failed(error) {
    console.error(error);
    process.exit(1);
  },
  back() {},
  meet() {},
  meetAnew() {},
  disconnectUser() {},
  revoke() {},
  notified() {},
  connectionCount: 0,
};
const broker = redis({ url: process.env.BENCH_REDIS });
const links = [await broker.connect(node)];

report(undefined, {
  /** So many links in all hear the channel; the first, that publishes, does not where they are none. */
  async hear({ channel, isKept, processes }) {
    while (links.length < processes) links.push(await broker.connect(node));
    await Promise.all(links.slice(0, processes).map((link) => link.subscribe(channel, isKept)));
  },

  /** So many events of 100 bytes to each of so many channels, by the first link. */
  async publish({ channel, channels = 1, each, size, inFlight = 64 }) {
    const keep = size === undefined ? undefined : { size, ttlMs: 3_600_000 };
    let published = 0;
    const publisher = async () => {
      while (published < channels * each) {
        const name = channels === 1 ? channel : `${channel}/${published % channels}`;
        published += 1;
        await links[0].publish({ channel: name, type: "said", payloadJson, except: undefined, keep });
      }
    };
    await Promise.all(Array.from({ length: inFlight }, publisher));
    return { published };
  },
});
