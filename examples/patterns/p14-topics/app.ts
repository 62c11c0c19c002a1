import { channel, createApp, endpoint } from "tidings";
import { z } from "zod";

export const topic = channel("topic/:topic", {
  events: { item: z.object({ text: z.string().max(500) }) },
  allow: {
    subscribe: true,
    publish: ({ params }) => params.topic !== "time", // that one is the server's
  },
});

/** By message: a client subscribes to as many topics as it likes. */
const topics = endpoint("/ws", { channels: [topic] });

/** By path: who connects is on that topic. */
const byPath = endpoint("/ws/subscribe/:topic", {
  channels: [topic],
  async open({ connection, params }) {
    await connection.join(topic(params));
  },
});

let clock: NodeJS.Timeout;

export const app = createApp({
  endpoints: [topics, byPath],
  // From any server code: here once a second.
  onStart({ app }) {
    clock = setInterval(() => app.publish(topic({ topic: "time" }), "item", { text: new Date().toISOString() }), 1_000);
  },
  onStop() {
    clearInterval(clock);
  },
});
