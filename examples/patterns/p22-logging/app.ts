import { createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

const me = endpoint("/ws/me", {
  auth: jwt({ secret: process.env.TIDINGS_JWT_SECRET }),
  receives: { who: z.object({}), fail: z.object({}) },
  on: {
    who: ({ user }) => user.id,
    fail() {
      throw new Error("It broke.");
    },
  },
});

export const app = createApp({
  endpoints: [me],
  // Without it: text in a terminal, JSON elsewhere. `logger: pino()` writes through yours instead.
  log: { level: "info", format: "json" },
});
