import { channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { redis } from "tidings/redis";
import { z } from "zod";

const user = jwt({ secret: process.env.TIDINGS_JWT_SECRET });
const text = z.string().min(1).max(500);

const chat = channel("chat/:room", {
  needs: { user },
  events: { said: z.object({ from: z.string(), text }) },
  history: { size: 100, ttl: "1h" },
  presence: true,
});

const room = endpoint("/ws/rooms/:room", {
  auth: user,
  channels: [chat],
  receives: { say: z.object({ text }), who: z.object({}), isConnected: z.object({ user: z.string() }) },
  async open({ connection, params }) {
    await connection.join(chat(params));
  },
  on: {
    async say({ app, user, params }, { text }) {
      await app.publish(chat(params), "said", { from: user.id, text });
    },
    who: ({ app, params }) => app.presence(chat(params)),
    isConnected: ({ app }, { user }) => app.isConnected(user),
  },
});

// All processes with the same Redis, and the same secret, are one app.
export const app = createApp({ endpoints: [room], broker: redis({ url: process.env.REDIS_URL }) });
