import { channel, createApp, endpoint } from "tidings";
import { redis } from "tidings/redis";
import { z } from "zod";

const text = z.string().min(1).max(500);
const chat = channel("chat/:room", { events: { said: z.object({ text }) } });

const room = endpoint("/ws/rooms/:room", {
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

const url = process.env.REDIS_URL;

export const app = createApp({
  endpoints: [room],
  broker: url === undefined ? undefined : redis({ url }), // this is the line
});
