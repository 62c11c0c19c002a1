import { channel, createApp, endpoint } from "tidings";
import { z } from "zod";

const text = z.string().min(1).max(500);
const chat = channel("chat/:room", {
  events: { said: z.object({ text }) },
  history: { size: 100, ttl: "1h" }, // what a client missed while it was away
});

export const room = endpoint("/ws/rooms/:room", {
  channels: [chat],
  receives: { say: z.object({ text }) },
  async open({ connection, params }) {
    await connection.join(chat(params));
  },
  on: {
    async say({ app, params }, { text }) {
      await app.publish(chat(params), "said", { text });
    },
  },
});

export const app = createApp({ endpoints: [room] });
