import { channel, createApp, endpoint } from "tidings";
import { z } from "zod";

const news = channel("news/:topic", {
  events: { item: z.object({ title: z.string() }) },
  allow: { subscribe: true },
});

const desk = endpoint("/ws", {
  channels: [news],
  /** What a client may say, and what it is answered. */
  receives: { add: z.object({ a: z.number(), b: z.number() }) },
  replies: { add: z.number() },
  /** What the server says to one connection. */
  sends: { welcome: z.object({ version: z.number() }) },
  open({ connection }) {
    connection.send("welcome", { version: 1 });
  },
  on: {
    add: (_, { a, b }) => a + b,
  },
});

export const app = createApp({ endpoints: [desk] });
