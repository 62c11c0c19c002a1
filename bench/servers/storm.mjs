// Tidings with channels that can be come back to: one that all are on, or one for each. As servers/tidings.mjs otherwise.
import { z } from "zod";
import { SECRET } from "../secret.mjs";
import { report } from "./station.mjs";

const { createApp, channel, endpoint } = await import(new URL("index.js", process.env.TIDINGS).href);
const { jwt } = await import(new URL("auth/index.js", process.env.TIDINGS).href);

/** So many publishes are in flight. */
const IN_FLIGHT = 64;
const TEXT = "the quick brown fox jumps over a lazy dog while seven wizards mi";

const user = jwt({ secret: SECRET, claims: z.object({ sub: z.string(), name: z.string() }) });
const events = { said: z.object({ from: z.string(), text: z.string() }) };
const history = { size: 100, ttl: "5m" };
const inbox = channel("inbox/:user", { events, history });
const room = channel("room/:room", { events, history });

const endpoints = [
  endpoint("/ws/inbox", {
    auth: user,
    channels: [inbox],
    open: ({ connection, user: { id } }) => connection.join(inbox({ user: id })),
  }),
  endpoint("/ws/room", {
    auth: user,
    channels: [room],
    open: ({ connection }) => connection.join(room({ room: "lobby" })),
  }),
];

/** What it says is shown where the row fails. */
const complain = ({ event, code, err = code }, message) => event !== "blocked" && console.error(message, err);
const quiet = { debug() {}, info() {}, warn: complain, error: complain };

const app = createApp({
  endpoints,
  logger: quiet,
  // Of 10,000 inboxes with a hundred events each none is to be forgotten.
  limits: { historyBytes: "1024mb" },
  ...(process.env.BENCH_REDIS === undefined ? {} : { broker: await brokerAt(process.env.BENCH_REDIS) }),
});
const { port } = await app.listen(0);

/** Channel → events so far. */
const said = new Map();

report(port, {
  /** So many events more in the room, or in each of these inboxes. Resolves when all are taken. */
  async publish({ inboxes, each }) {
    const channels = inboxes === undefined ? [room({ room: "lobby" })] : inboxesOf(inboxes);
    const waiting = channels.values();
    // Of one channel one after the other, so that each has the number that it says.
    const publisher = async () => {
      for (const to of waiting) {
        for (let count = 0; count < each; count += 1) {
          const number = (said.get(to.channel) ?? 0) + 1;
          said.set(to.channel, number);
          const { offset } = await app.publish(to, "said", { from: "user-1", text: `${number} ${TEXT}` });
          if (offset !== number) throw new Error(`Event ${number} of "${to.channel}" is its ${offset}.`);
        }
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, publisher));
  },

  connections: () => ({ count: app.stats().connections }),
});

function inboxesOf({ from, to }) {
  return Array.from({ length: to - from }, (_, index) => inbox({ user: `user-${from + index + 1}` }));
}

async function brokerAt(url) {
  const { redis } = await import(new URL("redis/index.js", process.env.TIDINGS).href);
  return redis({ url });
}
