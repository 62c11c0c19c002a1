import { createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

const me = endpoint("/ws/me", {
  auth: jwt({ secret: process.env.TIDINGS_JWT_SECRET, from: ["header"] }),
  receives: { who: z.object({}) },
  on: {
    who: ({ user }) => user.id,
  },
});

export const app = createApp({ endpoints: [me] });
