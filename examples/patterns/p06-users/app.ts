import { channel, createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

/** All devices of one user. */
const inbox = channel("inbox/:user", { events: { notice: z.object({ from: z.string(), text: z.string() }) } });

export const devices = endpoint("/ws/me", {
  auth: jwt({ secret: process.env.TIDINGS_JWT_SECRET }),
  channels: [inbox],
  receives: {
    tell: z.object({ to: z.string(), text: z.string().min(1).max(500) }),
    isConnected: z.object({ user: z.string() }),
  },
  async open({ connection, user }) {
    await connection.join(inbox({ user: user.id }));
  },
  on: {
    async tell({ app, user }, { to, text }) {
      await app.publish(inbox({ user: to }), "notice", { from: user.id, text });
    },
    isConnected: ({ app }, { user }) => app.isConnected(user),
  },
});

// With `broker: redis({ url })` all of this is so over all processes.
export const app = createApp({ endpoints: [devices] });
