import { channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

/** Who may enter: whoever has a token that is signed with the secret of .env. `npm run token ana` makes one for Ana. */
export const user = jwt({ secret: process.env.TIDINGS_JWT_SECRET, claims: z.object({ sub: z.string() }) });

/** What is said in a room, and who is there. The last hundred are kept for who comes back. */
export const chat = channel("chat/:room", {
  needs: { user },
  events: { said: z.object({ from: z.string(), text: z.string() }) },
  history: { size: 100, ttl: "1h" },
  presence: ({ user }) => ({ name: user.sub }),
});

export const room = endpoint("/ws/rooms/:room", {
  auth: user,
  receives: { say: z.object({ text: z.string().min(1).max(500) }) },
  channels: [chat],
  async open({ connection, params }) {
    await connection.join(chat(params));
  },
  on: {
    async say({ app, user, params }, { text }) {
      await app.publish(chat(params), "said", { from: user.sub, text });
    },
  },
});

export const app = createApp({ endpoints: [room] });
