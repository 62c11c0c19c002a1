// Tidings as an app would use it: who comes shows a JWT, what comes and goes is validated, the heart beats, the limits
// count, but are high enough for the load.
import { z } from "zod";
import { SECRET } from "../secret.mjs";
import { isCompressing, isKeeping, metrics, report } from "./station.mjs";

const { createApp, channel, endpoint } = await import(new URL("index.js", process.env.TIDINGS).href);
const { jwt } = await import(new URL("auth/index.js", process.env.TIDINGS).href);

const user = jwt({ secret: SECRET, claims: z.object({ sub: z.string(), name: z.string() }) });

const chat = channel("chat/:room", {
  events: { said: z.object({ from: z.string(), text: z.string() }) },
  ...(isKeeping ? { history: { size: 1_000, ttl: "5m" } } : {}),
});
const other = channel("other/:number", { events: { tick: z.object({ price: z.number() }) } });

const say = z.object({ text: z.string().min(1).max(5_000) });

const on = {
  async say({ app, user }, { text }) {
    await app.publish(chat({ room: "lobby" }), "said", { from: user.name, text });
  },
};

const room = endpoint("/ws/rooms/:room", {
  auth: user,
  receives: { say },
  channels: [chat],
  open: ({ connection, params }) => connection.join(chat(params)),
  on,
});

const speaker = endpoint("/ws/speakers/:room", {
  auth: user,
  receives: { say, echo: say },
  replies: { echo: z.object({ text: z.string() }) },
  on: { ...on, echo: (_, { text }) => ({ text }) },
});

/** Joins `count` other channels, from the number `from` on. */
const elsewhere = endpoint("/ws/elsewhere/:from/:count", {
  auth: user,
  params: z.object({ from: z.coerce.number(), count: z.coerce.number() }),
  receives: { say },
  channels: [other],
  open({ connection, params: { from, count } }) {
    return connection.join(...Array.from({ length: count }, (_, index) => other({ number: String(from + index) })));
  },
  on,
});

const quiet = {
  debug() {},
  info() {},
  warn() {},
  error: (fields, message) => console.error(message, fields.err ?? fields),
};

const app = createApp({
  endpoints: [room, speaker, elsewhere],
  logger: quiet,
  limits: { messages: "1000000/1s", control: "1000000/1s", channels: 1_000 },
  ...(isCompressing ? { compression: true } : {}),
  ...(metrics === undefined ? {} : { http: { metrics: metrics === "on", dashboard: metrics === "on" } }),
  ...(process.env.BENCH_REDIS === undefined ? {} : { broker: await brokerAt(process.env.BENCH_REDIS) }),
});
const { port } = await app.listen(0);
report(port);

async function brokerAt(url) {
  const { redis } = await import(new URL("redis/index.js", process.env.TIDINGS).href);
  return redis({ url });
}
