// One process of an app at rest: who comes has a user, and, by the path, a channel of their own and a room that shows who is
// there. Limits, heartbeat and leases are those that an app has by default.
import { z } from "zod";
import { SECRET } from "../secret.mjs";
import { report } from "./station.mjs";

const { createApp, channel, endpoint } = await import(new URL("index.js", process.env.TIDINGS).href);
const { jwt } = await import(new URL("auth/index.js", process.env.TIDINGS).href);

/** So many are in a room together. */
const ROOM = 50;
/** So many publishes are in flight. */
const IN_FLIGHT = 64;

const user = jwt({ secret: SECRET, claims: z.object({ sub: z.string(), name: z.string() }) });
const said = z.object({ from: z.string(), text: z.string() });
const inbox = channel("inbox/:user", { events: { said }, history: { size: 100, ttl: "1h" } });
const room = channel("room/:number", {
  events: { said },
  history: { size: 100, ttl: "1h" },
  needs: { user },
  presence: ({ user: { name } }) => ({ name }),
});

const endpoints = [
  endpoint("/ws/user", { auth: user }),
  endpoint("/ws/inbox", {
    auth: user,
    channels: [inbox],
    open: ({ connection, user: { id } }) => connection.join(inbox({ user: id })),
  }),
  endpoint("/ws/room", {
    auth: user,
    channels: [inbox, room],
    open: ({ connection, user: { id } }) => connection.join(inbox({ user: id }), room({ number: roomOf(id) })),
  }),
];

const quiet = {
  debug() {},
  info() {},
  warn() {},
  error: (fields, message) => console.error(message, fields.err ?? fields),
};

const broker = process.env.BENCH_REDIS === undefined ? {} : { broker: await brokerAt(process.env.BENCH_REDIS) };
const app = createApp({ endpoints, logger: quiet, ...broker });
const { port } = await app.listen(0);

report(port, {
  /** Each user is sent so many events; resolves when all are in the outboxes. */
  async publish({ users, each }) {
    let said = 0;
    const publisher = async () => {
      while (said < users * each) {
        const to = inbox({ user: `user-${(said++ % users) + 1}` });
        await app.publish(to, "said", {
          from: "user-1",
          text: "the quick brown fox jumps over a lazy dog while seven wizards mix",
        });
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, publisher));
    return { published: said };
  },

  connections: () => ({ count: app.stats().connections }),
});

/** `user-1` to `user-50` are in the first. */
function roomOf(id) {
  return String(Math.floor((Number(id.slice("user-".length)) - 1) / ROOM));
}

async function brokerAt(url) {
  const { redis } = await import(new URL("redis/index.js", process.env.TIDINGS).href);
  return redis({ url });
}
