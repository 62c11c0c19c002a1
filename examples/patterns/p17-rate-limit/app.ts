import { createApp, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { z } from "zod";

const chat = endpoint("/ws/chat", {
  auth: jwt({ secret: process.env.TIDINGS_JWT_SECRET }),
  limits: {
    messages: "10/1s", // of one connection: the default
    messagesPerUser: "10/60s", // over all of the user's connections, in all processes
    strikes: "20/60s", // so many are told to wait; who goes on is closed: the default
  },
  receives: { say: z.object({ text: z.string().max(500) }) },
  on: {
    say: (_, { text }) => text.length,
  },
});

export const app = createApp({ endpoints: [chat] });
