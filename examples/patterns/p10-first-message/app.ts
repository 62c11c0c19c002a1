import { createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

const me = endpoint("/ws/me", {
  auth: jwt({ secret: process.env.TIDINGS_JWT_SECRET, from: ["message"], deadline: "5s" }),
  sends: { welcome: z.object({ user: z.string() }) },
  receives: { who: z.object({}) },
  // Not before the token was found good.
  open({ connection, user }) {
    connection.send("welcome", { user: user.id });
  },
  on: {
    who: ({ user }) => user.id,
  },
});

export const app = createApp({ endpoints: [me] });
