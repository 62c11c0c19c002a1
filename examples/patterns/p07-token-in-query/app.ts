import { createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

const me = endpoint("/ws/me", {
  auth: jwt({ secret: process.env.TIDINGS_JWT_SECRET, from: ["query"] }),
  refuse: "close", // without it who has no subprotocol of ours is answered 401, before any WebSocket
  receives: { who: z.object({}) },
  on: {
    who: ({ user }) => user.id,
  },
});

export const app = createApp({ endpoints: [me] });
