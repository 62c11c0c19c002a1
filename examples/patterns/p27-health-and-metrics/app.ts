import { createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

const room = endpoint("/ws/rooms/:room", {
  auth: jwt({ secret: process.env.TIDINGS_JWT_SECRET }),
  receives: { say: z.object({ text: z.string() }) },
  on: {
    say: (_, { text }) => text.length,
  },
});

export const app = createApp({
  endpoints: [room],
  // To everybody. Without it: to this computer, in development. `{ port: 9100 }` gives it a port that others can't reach.
  http: { metrics: true },
});
