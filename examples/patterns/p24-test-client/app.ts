import { channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

export const user = jwt({ secret: process.env.TIDINGS_JWT_SECRET });

const chat = channel("chat/:room", { events: { said: z.object({ from: z.string(), text: z.string() }) } });

export const room = endpoint("/ws/rooms/:room", {
  auth: user,
  channels: [chat],
  receives: { say: z.object({ text: z.string().min(1).max(500) }) },
  async open({ connection, params }) {
    await connection.join(chat(params));
  },
  on: {
    async say({ app, user, params }, { text }) {
      await app.publish(chat(params), "said", { from: user.id, text });
    },
  },
});

export const app = createApp({ endpoints: [room] });
