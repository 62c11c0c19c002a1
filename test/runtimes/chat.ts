// The README's chat room.
import { channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

export const secret = "a secret of at least 32 characters";

export const user = jwt({ secret, claims: z.object({ sub: z.string(), name: z.string() }) });

export const chat = channel("chat/:room", {
  events: { said: z.object({ from: z.string(), text: z.string() }), left: z.object({ name: z.string() }) },
});

export const room = endpoint("/ws/rooms/:room", {
  auth: user,
  receives: { say: z.object({ text: z.string().min(1).max(500) }) },
  channels: [chat],
  async open({ connection, params }) {
    await connection.join(chat(params));
  },
  on: {
    async say({ app, connection, user, params }, { text }) {
      await app.publish(chat(params), "said", { from: user.name, text }, { except: connection });
    },
  },
  async close({ app, user, params }) {
    await app.publish(chat(params), "left", { name: user.name });
  },
});

export const app = createApp({ endpoints: [room] });
