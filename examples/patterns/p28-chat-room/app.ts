import { channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

const text = z.string().trim().min(1).max(500);
const name = z.string();

const chat = channel("chat/:room", {
  events: { joined: z.object({ name }), said: z.object({ text }), left: z.object({ name }) },
});

const room = endpoint("/ws/chat/:room", {
  auth: jwt({ secret: process.env.TIDINGS_JWT_SECRET, claims: z.object({ sub: z.string(), name }) }),
  channels: [chat],
  receives: { say: z.object({ text }) },
  async open({ app, connection, user, params }) {
    await connection.join(chat(params));
    await app.publish(chat(params), "joined", { name: user.name }, { except: connection });
  },
  on: {
    async say({ app, connection, user, params }, { text }) {
      await app.publish(chat(params), "said", { text: `${user.name}: ${text}` }, { except: connection });
    },
  },
  async close({ app, user, params }) {
    await app.publish(chat(params), "left", { name: user.name });
  },
});

export const app = createApp({ endpoints: [room] });
